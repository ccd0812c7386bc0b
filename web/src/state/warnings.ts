import type { CellId } from "./contract";
import type { Labels } from "./labels";

/** Pairs of cells under two classes at nearly one place. Kept up to date by looking at what changed only. */
export class Warnings {
  readonly #rivals = new Map<CellId, CellId>();

  /** `radius`: how near is too near, in pixels of the image. */
  constructor(
    readonly labels: Labels,
    public radius: number,
  ) {}

  get none(): boolean {
    return this.#rivals.size === 0;
  }

  has(id: CellId): boolean {
    return this.#rivals.has(id);
  }

  /** Each pair once. */
  pairs(): [CellId, CellId][] {
    return [...this.#rivals].filter(([a, b]) => a < b || this.#rivals.get(b) !== a);
  }

  check(ids: Iterable<CellId>): void {
    const changed = new Set<CellId>(ids);
    const again = new Set<CellId>(changed);
    for (const [a, b] of this.#rivals) if (changed.has(b)) again.add(a);
    for (const id of again) this.#look(id, again);
  }

  /** Looks at every cell. Yields now and then, so that the page can breathe. */
  *all(): Generator<void> {
    this.#rivals.clear();
    let n = 0;
    for (const cell of [...this.labels.cells()]) {
      this.#look(cell.id, null);
      if (++n % 500 === 0) yield;
    }
  }

  #look(id: CellId, again: Set<CellId> | null): void {
    const cell = this.labels.cell(id);
    const rival = cell && this.labels.frames.rival(cell, this.radius);
    if (!rival) {
      this.#rivals.delete(id);
      return;
    }
    this.#rivals.set(id, rival.id);
    if (again && !this.#rivals.has(rival.id)) this.#rivals.set(rival.id, id);
  }
}
