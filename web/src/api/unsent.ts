import type { Posted } from "./outbox";

/** A gesture on its way, with the page that made it and its place in the order. */
interface Row<G> {
  study: string;
  client: string;
  order: number;
  gesture: G;
}

const TABLE = "unsent";

/** Keeps gestures that the server has not acknowledged across a reload or a crash of the browser. */
export interface Unsent<G extends Posted> {
  put(order: number, gesture: G): Promise<void>;
  drop(gesture: string): Promise<void>;
  /** What pages that are gone left behind, in their order; it belongs to this page from now on. */
  orphans(): Promise<G[]>;
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
  private constructor(
    readonly db: IDBDatabase,
    readonly study: string,
    readonly client: string,
  ) {}

  static async open<G extends Posted>(study: string, client: string): Promise<UnsentStore<G>> {
    const opening = indexedDB.open("morphotype", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE, { keyPath: "gesture.gesture" });
    const store = new UnsentStore<G>(await finished(opening), study, client);
    // Held for as long as the page lives.
    void globalThis.navigator?.locks?.request(client, () => new Promise(() => {}));
    return store;
  }

  async put(order: number, gesture: G): Promise<void> {
    const transaction = this.db.transaction(TABLE, "readwrite", { durability: "strict" });
    const row: Row<G> = { study: this.study, client: this.client, order, gesture };
    transaction.objectStore(TABLE).put(row);
    await committed(transaction);
  }

  async drop(gesture: string): Promise<void> {
    const transaction = this.db.transaction(TABLE, "readwrite");
    transaction.objectStore(TABLE).delete(gesture);
    await committed(transaction);
  }

  async orphans(): Promise<G[]> {
    const open = await openPages();
    const table = this.db.transaction(TABLE).objectStore(TABLE);
    const rows = (await finished(table.getAll() as IDBRequest<Row<G>[]>)).filter(
      (row) => row.study === this.study && (row.client === this.client || !open?.has(row.client)),
    );
    rows.sort((a, b) => a.gesture.at - b.gesture.at || a.order - b.order);
    for (const [order, row] of rows.entries()) await this.put(order - rows.length, row.gesture);
    return rows.map((row) => row.gesture);
  }
}

/** For browsers that refuse IndexedDB, as in some private windows: gestures live in the page only. */
export class NoStore<G extends Posted> implements Unsent<G> {
  put = async () => {};
  drop = async () => {};
  orphans = async (): Promise<G[]> => [];
}
