import type { Gesture } from "../state/contract";
import type { Labels, Pending } from "../state/labels";
import { Refused, type Source } from "./source";
import type { Unsent } from "./unsent";

export type SyncState =
  | { is: "saved" }
  | { is: "saving"; unsent: number }
  | { is: "offline"; unsent: number; retryAt: number }
  /** The server is there and cannot write, or no longer knows this page. */
  | { is: "stuck"; unsent: number; message: string };

export interface Rejected {
  gesture: Gesture;
  message: string;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8_000;

/**
 * Brings gestures to the server, one after the other in their order, and brings home what others did. A gesture leaves
 * the queue only when the server has acknowledged it; its id makes sending it twice harmless.
 */
export class Sync {
  readonly rejected: Rejected[] = [];
  #state: SyncState = { is: "saved" };
  #working = false;
  #closed = false;
  #behind = false;
  #order = 0;
  #wait = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stored = new Map<string, Promise<void>>();

  constructor(
    readonly source: Source,
    readonly labels: Labels,
    readonly unsent: Unsent,
    readonly client: string,
    readonly changed: (state: SyncState) => void = () => {},
  ) {}

  get state(): SyncState {
    return this.#state;
  }

  /** Loads everything, and takes over what an earlier page left unsent. */
  async start(): Promise<void> {
    const orphans = await this.unsent.orphans();
    const [reply, mine] = await Promise.all([this.source.labels(), this.source.log(0, true)]);
    const logged = new Set(mine.gestures.map((gesture) => gesture.gesture));
    for (const { gesture } of orphans.filter((orphan) => logged.has(orphan.gesture))) await this.unsent.drop(gesture);
    // The log may be younger than the snapshot by a gesture of another page; asking again makes them one.
    this.labels.load(reply, mine.gestures);
    this.labels.adopt(orphans.filter((orphan) => !logged.has(orphan.gesture)));
    this.pull();
  }

  /** A gesture was made here. */
  push(gesture: Pending | null): void {
    if (!gesture) return;
    this.#store(gesture);
    void this.#work();
  }

  /** The server says that there is news, or the connection is back. */
  pull(): void {
    this.#behind = true;
    this.retry();
  }

  retry(): void {
    this.#wait = 0;
    clearTimeout(this.#timer);
    void this.#work();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #store(gesture: Pending): void {
    const done = this.unsent.put(this.#order++, gesture).catch(() => {});
    this.#stored.set(gesture.gesture, done);
  }

  async #drop(gesture: string): Promise<void> {
    await this.#stored.get(gesture);
    this.#stored.delete(gesture);
    await this.unsent.drop(gesture).catch(() => {});
  }

  async #work(): Promise<void> {
    if (this.#working || this.#closed) return;
    this.#working = true;
    try {
      while (!this.#closed && (this.#behind || this.labels.pending.length > 0)) {
        this.#tell({ is: "saving", unsent: this.labels.pending.length });
        if (this.#behind) await this.#catchUp();
        const next = this.labels.pending[0];
        if (next) await this.#send(next);
        this.#wait = 0;
      }
      this.#tell({ is: "saved" });
    } catch (error) {
      this.#later(error);
    } finally {
      this.#working = false;
    }
    if (this.#state.is === "saved" && (this.#behind || this.labels.pending.length > 0)) void this.#work();
  }

  async #catchUp(): Promise<void> {
    this.#behind = false;
    try {
      const { gestures, revision } = await this.source.log(this.labels.revision, false);
      const waiting = new Set(this.labels.pending.map((gesture) => gesture.gesture));
      this.labels.learn(gestures, revision);
      for (const { gesture } of gestures) if (waiting.has(gesture)) await this.#drop(gesture);
    } catch (error) {
      this.#behind = true;
      throw error;
    }
  }

  async #send(next: Pending): Promise<void> {
    // Withdrawn edits leave the gesture while it waits; what is sent now is what must be acknowledged.
    const gesture = { ...next, edits: [...next.edits] };
    await this.#stored.get(gesture.gesture);
    try {
      const reply = await this.source.send(gesture, this.client, this.labels.revision);
      this.#behind ||= reply.more === true;
      for (const { index, reason } of reply.refused) {
        const edit = gesture.edits[index];
        if (edit?.op === "put_class") this.rejected.push({ gesture, message: `class ${edit.name}: ${reason.replaceAll("_", " ")}` });
      }
      const before = new Set(this.labels.pending.map((waiting) => waiting.gesture));
      for (const follow of this.labels.acknowledge(gesture, reply)) this.#store(follow);
      const left = new Set(this.labels.pending.map((waiting) => waiting.gesture));
      for (const id of before) if (!left.has(id)) await this.#drop(id);
    } catch (error) {
      const final = error instanceof Refused && !error.passing && error.status !== 403;
      if (!final) throw error;
      this.rejected.push({ gesture, message: error.message });
      this.labels.reject(gesture);
      await this.#drop(gesture.gesture);
    }
  }

  #later(error: unknown): void {
    const unsent = this.labels.pending.length;
    this.#wait = Math.min(LONGEST_WAIT, Math.max(FIRST_WAIT, this.#wait * 2));
    this.#timer = setTimeout(() => void this.#work(), this.#wait);
    if (error instanceof Refused) this.#tell({ is: "stuck", unsent, message: error.message });
    else this.#tell({ is: "offline", unsent, retryAt: Date.now() + this.#wait });
  }

  #tell(state: SyncState): void {
    this.#state = state;
    this.changed(state);
  }
}
