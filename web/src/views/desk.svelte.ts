import type { Declined, Outbox, Posted } from "../api/outbox";
import type { Source } from "../api/source";
import { Sync, type SyncState } from "../api/sync";
import { NoStore, type Unsent, UnsentStore } from "../api/unsent";
import type { Session } from "../state/contract";
import { newId } from "../state/id";
import { Notices } from "./notices.svelte";

/** What each kind of work in the browser has: who works, messages, help, and the way of gestures to the server. */
export abstract class Desk<G extends Posted> {
  readonly notices = new Notices();
  session = $state.raw<Session | null>(null);
  failure = $state<string | null>(null);
  sync = $state.raw<SyncState>({ is: "saved" });
  connected = $state(true);
  /** Whether the labels are here. Before that nothing can be edited. */
  loaded = $state(false);
  /** Images whose labels are still on their way. */
  left = $state(0);
  help = $state(false);
  /** What the server did not take, for a person to decide on. */
  protected declined = $state.raw<readonly Declined<G>[]>([]);
  #line: Sync<G> | null = null;

  constructor(readonly source: Source) {}

  get unsent(): number {
    return "unsent" in this.sync ? this.sync.unsent : 0;
  }

  /** What would be lost with the page. */
  get atStake(): number {
    return this.unsent;
  }

  /** Edits that the server did not take. */
  get nDeclined(): number {
    return this.reasons.reduce((sum, { n }) => sum + n, 0);
  }

  /** Why the server did not take edits, with how many of them. */
  get reasons(): { reason: string; n: number }[] {
    const counts = new Map<string, number>();
    for (const { gesture, reason } of this.declined) counts.set(reason, (counts.get(reason) ?? 0) + this.sizeOf(gesture));
    return [...counts].map(([reason, n]) => ({ reason, n }));
  }

  /** What the server did not take, for other programs. */
  abstract declinedFile(): { name: string; text: string };

  retryDeclined(): void {
    const again = this.declined.filter(({ gesture }) => this.again(gesture));
    if (again.length < this.declined.length) this.notices.say("warning", "What some edits are about is not there any more.");
    void this.#line?.discard(again);
  }

  discardDeclined(): void {
    void this.#line?.discard(this.declined);
  }

  async rename(user: string): Promise<void> {
    try {
      await this.source.rename(user);
      if (this.session) this.session = { ...this.session, user };
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** After an import, or anything else that changed labels elsewhere. */
  pull(): void {
    this.#line?.pull();
  }

  /** Loads what the outbox keeps, and keeps it and the server alike from now on. */
  protected async connect(session: Session, outbox: (client: string) => Outbox<G>): Promise<void> {
    const client = newId();
    // Made first, as it may ask the server at once, which takes longer than all that follows.
    const box = outbox(client);
    const unsent = await UnsentStore.open<G>(session.study, client).catch((): Unsent<G> => {
      this.notices.say("warning", "This browser keeps no data for this page: do not close it while edits are unsent.");
      return new NoStore<G>();
    });
    this.#line = new Sync(box, unsent, (state) => this.#synced(state));
    await this.#line.start();
    this.loaded = true;
  }

  /** Edits of a gesture. */
  protected abstract sizeOf(gesture: G): number;

  /** Does a gesture anew; false when nothing of it applies. */
  protected abstract again(gesture: G): boolean;

  protected push(gesture: G | null): void {
    this.#line?.push(gesture);
  }

  /** A person has decided on what was kept under this id. */
  protected forget(gesture: string): void {
    void this.#line?.forget(gesture);
  }

  /** Tells whether the connection is back after it was gone. */
  protected reconnected(is: boolean): boolean {
    const again = is && !this.connected;
    this.connected = is;
    if (again) this.pull();
    return again;
  }

  #synced(state: SyncState): void {
    this.sync = state;
    const declined = this.#line?.declined ?? [];
    const same = declined.length === this.declined.length && declined.every((each, i) => each === this.declined[i]);
    if (!same) this.declined = [...declined];
    for (const message of this.#line?.complaints.splice(0) ?? []) {
      this.notices.say("error", `The server cannot take an edit, so it was taken back: ${message}`);
    }
  }
}

/** A desk whose gestures do not matter. */
export type AnyDesk = Omit<Desk<Posted>, "source">;
