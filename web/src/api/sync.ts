import type { Declined, Outbox, Posted } from "./outbox";
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
  /** What the server did not take and nobody can want back, in words. */
  readonly complaints: string[] = [];
  /** What the server will not take: kept, here and in the browser, until a person decides. */
  readonly declined: Declined<G>[] = [];
  /** Those of them that the browser could not keep. */
  readonly #loose = new Set<string>();
  #state: SyncState = { is: "saved" };
  #working = false;
  #closed = false;
  #behind = false;
  /** What other pages left unsent, before it is pending here. */
  readonly #orphans: G[] = [];
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

  /** Loads everything, and takes over what other pages left unsent: those that are gone, and the others when they go. */
  async start(): Promise<void> {
    await this.#recall();
    this.unsent.whenDeclined(() => void this.#recall().catch(() => {}));
    this.#orphans.push(...(await this.unsent.orphans()));
    await this.outbox.load();
    await this.#adopt();
    this.pull();
    const take = (orphans: G[]) => {
      this.#orphans.push(...orphans);
      void this.#work();
    };
    void this.unsent.whenGone(take).catch(() => {});
  }

  /** A gesture was made here. */
  push(gesture: G | null): void {
    if (!gesture) return;
    this.#store(gesture);
    // Said at once: while news is being fetched nothing else would say that this one is not saved.
    const unsent = this.outbox.pending.length;
    this.#tell("unsent" in this.#state ? { ...this.#state, unsent } : { is: "saving", unsent });
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

  /** A person has decided on what was kept under this id. */
  async forget(gesture: string): Promise<void> {
    await this.#drop(gesture);
  }

  /** Forgets what the server did not take. */
  async discard(declined: readonly Declined<G>[]): Promise<void> {
    for (const each of declined) {
      const at = this.declined.indexOf(each);
      if (at >= 0) this.declined.splice(at, 1);
      await this.unsent.discard(each.gesture.gesture).catch(() => {});
    }
    this.#tell(this.#state);
  }

  /** What the browser keeps of it, whichever page put it there. */
  async #recall(): Promise<void> {
    const kept = await this.unsent.declined();
    const loose = this.declined.filter(({ gesture }) => this.#loose.has(gesture.gesture));
    this.declined.splice(0, this.declined.length, ...kept, ...loose);
    this.#tell(this.#state);
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

  /** Whether there is anything to fetch, to take over or to send. */
  get #open(): boolean {
    return this.#behind || this.#orphans.length > 0 || this.outbox.pending.length > 0;
  }

  async #work(): Promise<void> {
    if (this.#working || this.#closed) return;
    this.#working = true;
    try {
      while (!this.#closed && this.#open) {
        this.#tell({ is: "saving", unsent: this.outbox.pending.length });
        if (this.#behind) await this.#catchUp();
        await this.#adopt();
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
    if (this.#state.is === "saved" && this.#open) void this.#work();
  }

  async #adopt(): Promise<void> {
    const orphans = [...this.#orphans];
    if (orphans.length === 0) return;
    await this.outbox.adopt(orphans);
    this.#orphans.splice(0, orphans.length);
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
        const { follow, behind, complaints, declined, undecided } = await this.outbox.send(next);
        this.#behind ||= behind;
        this.complaints.push(...complaints);
        for (const gesture of [...follow, ...undecided]) this.#store(gesture);
        for (const each of declined) await this.#decline(each);
      } catch (error) {
        if (!(error instanceof Refused && error.final)) throw error;
        await this.#decline({ gesture: next, reason: error.message });
        this.outbox.reject(next);
      }
    });
  }

  /** On its own, as the gesture that it came from is forgotten. Sent twice, it is declined once. */
  async #decline({ gesture, reason }: Declined<G>): Promise<void> {
    const declined = { gesture: { ...gesture, gesture: `${gesture.gesture} declined` }, reason };
    const { gesture: id } = declined.gesture;
    await this.unsent.decline(declined).catch(() => this.#loose.add(id));
    if (!this.declined.some((other) => other.gesture.gesture === id)) this.declined.push(declined);
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
    // Who comes back may be another server: what it has done is asked for before it is told anything.
    this.#behind ||= !(error instanceof Refused);
    if (error instanceof Refused) this.#tell({ is: "stuck", unsent, message: error.message });
    else this.#tell({ is: "offline", unsent, retryAt: Date.now() + this.#wait });
  }

  #tell(state: SyncState): void {
    this.#state = state;
    this.changed(state);
  }
}
