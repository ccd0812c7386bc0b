import type { Declined, Posted } from "./outbox";

/** A gesture on its way, with the page that made it and its place in the order. */
interface Row<G> {
  study: string;
  client: string;
  order: number;
  gesture: G;
  /** Why the server will not take it; it is not sent again by itself. */
  declined?: string;
}

const TABLE = "unsent";
/** Where each page says that it is open. */
const PAGES = "morphotype pages";
/** Where a page names the study of which it has put away, or dropped, what the server would not take. */
const DECLINED = "morphotype declined";

/** Keeps gestures that the server has not acknowledged across a reload or a crash of the browser. */
export interface Unsent<G extends Posted> {
  put(order: number, gesture: G): Promise<void>;
  drop(gesture: string): Promise<void>;
  /** What pages that are gone left behind, in their order; it belongs to this page from now on. */
  orphans(): Promise<G[]>;
  /** Calls back with what each other page leaves behind, once it is gone, also pages that open later; it belongs to this page then. */
  whenGone(take: (orphans: G[]) => void): Promise<void>;
  /** Keeps what the server will not take until it is dropped. */
  decline(declined: Declined<G>): Promise<void>;
  /** All that the server would not take, the oldest first. */
  declined(): Promise<Declined<G>[]>;
  /** Drops some of it. */
  discard(gesture: string): Promise<void>;
  /** Calls back when another page has put away or dropped some of it. */
  whenDeclined(changed: () => void): void;
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}

/** Resolves when the transaction is on disk. */
function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB aborted"));
  });
}

/** Pages that are open now hold a lock with their name; null where the browser has no locks. */
async function openPages(): Promise<Set<string> | null> {
  if (!globalThis.navigator?.locks) return null;
  const { held } = await navigator.locks.query();
  return new Set(held?.map((lock) => lock.name ?? ""));
}

export class UnsentStore<G extends Posted> implements Unsent<G> {
  readonly #others = new BroadcastChannel(DECLINED);

  private constructor(
    readonly db: IDBDatabase,
    readonly study: string,
    readonly client: string,
  ) {}

  static async open<G extends Posted>(study: string, client: string): Promise<UnsentStore<G>> {
    const opening = indexedDB.open("morphotype", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE, { keyPath: "gesture.gesture" });
    const store = new UnsentStore<G>(await finished(opening), study, client);
    // Held for as long as the page lives; who hears of it waits for it to be released.
    void globalThis.navigator?.locks?.request(client, () => {
      const channel = new BroadcastChannel(PAGES);
      channel.postMessage(client);
      channel.close();
      return new Promise(() => {});
    });
    return store;
  }

  put(order: number, gesture: G): Promise<void> {
    return this.#write({ study: this.study, client: this.client, order, gesture });
  }

  async decline({ gesture, reason }: Declined<G>): Promise<void> {
    await this.#write({ study: this.study, client: this.client, order: 0, gesture, declined: reason });
    this.#others.postMessage(this.study);
  }

  async discard(gesture: string): Promise<void> {
    await this.drop(gesture);
    this.#others.postMessage(this.study);
  }

  whenDeclined(changed: () => void): void {
    this.#others.onmessage = ({ data }) => {
      if (data === this.study) changed();
    };
  }

  async drop(gesture: string): Promise<void> {
    const transaction = this.db.transaction(TABLE, "readwrite");
    transaction.objectStore(TABLE).delete(gesture);
    await committed(transaction);
  }

  async orphans(): Promise<G[]> {
    const open = await openPages();
    return this.#take((client) => client === this.client || !open?.has(client));
  }

  async whenGone(take: (orphans: G[]) => void): Promise<void> {
    const waited = new Set([this.client]);
    // The lock is granted when the page is gone, to one page after the other: the first finds all, the next nothing.
    const wait = async (other: string) => {
      if (waited.has(other)) return;
      waited.add(other);
      await globalThis.navigator?.locks?.request(other, async () => take(await this.#take((client) => client === other)));
    };
    const later = new BroadcastChannel(PAGES);
    later.onmessage = ({ data }) => void wait(String(data)).catch(() => {});
    const rows = await this.#rows();
    const others = [...((await openPages()) ?? []), ...rows.map(({ client }) => client)];
    await Promise.all(others.map(wait));
  }

  async declined(): Promise<Declined<G>[]> {
    const rows = await this.#rows();
    return rows.flatMap(({ gesture, declined }) => (declined === undefined ? [] : [{ gesture, reason: declined }]));
  }

  /** Makes what some pages left unsent this page's own. */
  async #take(from: (client: string) => boolean): Promise<G[]> {
    const rows = (await this.#rows()).filter(({ client, declined }) => declined === undefined && from(client));
    for (const [order, row] of rows.entries()) await this.put(order - rows.length, row.gesture);
    return rows.map((row) => row.gesture);
  }

  /** Of this study, by when they were made. */
  async #rows(): Promise<Row<G>[]> {
    const table = this.db.transaction(TABLE).objectStore(TABLE);
    const rows = await finished(table.getAll() as IDBRequest<Row<G>[]>);
    const ours = rows.filter(({ study }) => study === this.study);
    return ours.sort((a, b) => a.gesture.at - b.gesture.at || a.order - b.order);
  }

  async #write(row: Row<G>): Promise<void> {
    const transaction = this.db.transaction(TABLE, "readwrite", { durability: "strict" });
    transaction.objectStore(TABLE).put(row);
    await committed(transaction);
  }
}

/** For browsers that refuse IndexedDB, as in some private windows: gestures live in the page only. */
export class NoStore<G extends Posted> implements Unsent<G> {
  put = async () => {};
  drop = async () => {};
  orphans = async (): Promise<G[]> => [];
  whenGone = async () => {};
  decline = async () => {};
  declined = async (): Promise<Declined<G>[]> => [];
  discard = async () => {};
  whenDeclined = () => {};
}
