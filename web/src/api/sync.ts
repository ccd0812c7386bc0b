import type { Outbox, Posted } from "./outbox";
import { Refused } from "./source";
import type { Unsent } from "./unsent";

export type SyncState =
  | { is: "saved" }
  | { is: "saving"; unsent: number }
  | { is: "offline"; unsent: number; retryAt: number }
  /** The server is there and cannot write, or no longer knows this page. */
  | { is: "stuck"; unsent: number; message: string };

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8_000;

/**
 * Brings gestures to the server, one after the other in their order, and brings home what others did. A gesture leaves
 * the queue only when the server has acknowledged it; its id makes sending it twice harmless.
 */
export class Sync<G extends Posted> {
  /** Why the server did not take an edit. */
  readonly rejected: string[] = [];
  #state: SyncState = { is: "saved" };
  #working = false;
  #closed = false;
  #behind = false;
  #order = 0;
  #wait = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stored = new Map<string, Promise<void>>();

  constructor(
    readonly outbox: Outbox<G>,
    readonly unsent: Unsent<G>,
    readonly changed: (state: SyncState) => void = () => {},
  ) {}

  get state(): SyncState {
    return this.#state;
  }

  /** Loads everything, and takes over what an earlier page left unsent. */
  async start(): Promise<void> {
    await this.outbox.load(await this.unsent.orphans());
    this.pull();
  }

  /** A gesture was made here. */
  push(gesture: G | null): void {
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

  #store(gesture: G): void {
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
      while (!this.#closed && (this.#behind || this.outbox.pending.length > 0)) {
        this.#tell({ is: "saving", unsent: this.outbox.pending.length });
        if (this.#behind) await this.#catchUp();
        const next = this.outbox.pending[0];
        if (next) await this.#send(next);
        this.#wait = 0;
      }
      this.#tell({ is: "saved" });
    } catch (error) {
      this.#later(error);
    } finally {
      this.#working = false;
    }
    if (this.#state.is === "saved" && (this.#behind || this.outbox.pending.length > 0)) void this.#work();
  }

  async #catchUp(): Promise<void> {
    this.#behind = false;
    try {
      await this.#settling(() => this.outbox.catchUp());
    } catch (error) {
      this.#behind = true;
      throw error;
    }
  }

  async #send(next: G): Promise<void> {
    await this.#stored.get(next.gesture);
    await this.#settling(async () => {
      try {
        const { follow, behind, complaints } = await this.outbox.send(next);
        this.#behind ||= behind;
        this.rejected.push(...complaints);
        for (const gesture of follow) this.#store(gesture);
      } catch (error) {
        const final = error instanceof Refused && !error.passing && error.status !== 403;
        if (!final) throw error;
        this.rejected.push(error.message);
        this.outbox.reject(next);
      }
    });
  }

  /** Does some work, and forgets the gestures that are no longer pending after it. */
  async #settling(work: () => Promise<void>): Promise<void> {
    const before = this.outbox.pending.map(({ gesture }) => gesture);
    await work();
    const left = new Set(this.outbox.pending.map(({ gesture }) => gesture));
    for (const gesture of before) if (!left.has(gesture)) await this.#drop(gesture);
  }

  #later(error: unknown): void {
    const unsent = this.outbox.pending.length;
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
