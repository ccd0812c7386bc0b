import type { Cell, CellId } from "./contract";
import type { Labels } from "./labels";

/** Pairs of cells under two classes at nearly one place. Kept up to date by looking at what changed only. */
export class Warnings {
  /** The nearest cell of another class, or what was it when the cell was looked at last. */
  readonly #rivals = new Map<CellId, CellId>();
  /** Of which cells a cell is the rival. */
  readonly #rivalOf = new Map<CellId, Set<CellId>>();
  /** Pairs that are each other's rivals. */
  #mutual = 0;

  /** `radius`: how near is too near, in pixels of the image. */
  constructor(
    readonly labels: Labels,
    public radius: number,
  ) {}

  has(id: CellId): boolean {
    return this.#rivals.has(id);
  }

  /** How many pairs there are. */
  get size(): number {
    return this.#rivals.size - this.#mutual;
  }

  /** Each pair once. */
  pairs(): [CellId, CellId][] {
    return [...this.#rivals].filter(([a, b]) => a < b || this.#rivals.get(b) !== a);
  }

  /** Looks at cells that changed. Returns all that gained or lost a warning with them. */
  check(ids: Iterable<CellId>): ReadonlySet<CellId> {
    const again = new Set(ids);
    const before = new Map<CellId, boolean>();
    const remember = (id: CellId) => before.has(id) || before.set(id, this.has(id));
    for (const id of [...again]) for (const other of this.#rivalOf.get(id) ?? []) again.add(other);
    for (const id of again) {
      remember(id);
      for (const rival of this.#look(id)) {
        if (this.#rivals.has(rival.id)) continue;
        remember(rival.id);
        this.#set(rival.id, id);
      }
    }
    return new Set([...before].filter(([id, had]) => had !== this.has(id)).map(([id]) => id));
  }

  /** Forgets all: nothing was looked at. */
  clear(): void {
    this.#rivals.clear();
    this.#rivalOf.clear();
    this.#mutual = 0;
  }

  #look(id: CellId): Cell[] {
    const cell = this.labels.cell(id);
    const rivals = cell ? this.labels.frames.rivals(cell, this.radius) : [];
    this.#set(id, rivals[0]?.id ?? null);
    return rivals;
  }

  #set(id: CellId, rival: CellId | null): void {
    const before = this.#rivals.get(id);
    if (before === (rival ?? undefined)) return;
    if (before !== undefined) {
      if (this.#rivals.get(before) === id) this.#mutual--;
      const others = this.#rivalOf.get(before);
      others?.delete(id);
      if (others?.size === 0) this.#rivalOf.delete(before);
    }
    if (rival === null) {
      this.#rivals.delete(id);
      return;
    }
    this.#rivals.set(id, rival);
    if (this.#rivals.get(rival) === id) this.#mutual++;
    const others = this.#rivalOf.get(rival);
    if (others) others.add(id);
    else this.#rivalOf.set(rival, new Set([id]));
  }
}
