import type { Cell, CellId, Edit } from "./contract";
import type { Labels } from "./labels";

/**
 * The same cells one frame later, at the same places: a cell that is there already, within `radius` pixels, is taken for the
 * same; where there is none, one of the same class is added.
 */
export function follow(labels: Labels, cells: Cell[], radius: number): { edits: Edit[]; cells: CellId[] } {
  const edits: Edit[] = [];
  const ids = cells.map(({ image, t, z, y, x, class: given }) => {
    const there = labels.frames.near(image, t + 1, z, y, x, radius)[0];
    if (there) return there.id;
    const id = labels.newId();
    edits.push({ op: "add", id, image, t: t + 1, z, y, x, class: given });
    return id;
  });
  return { edits, cells: [...new Set(ids)] };
}

/** Goes back through the cells that were touched last, each once. */
export class LookBack {
  readonly #seen = new Set<CellId>();

  constructor(readonly labels: Labels) {}

  /** Null: there is no earlier one. */
  next(): Cell | null {
    for (const id of this.labels.latest()) {
      const cell = this.#seen.has(id) ? undefined : this.labels.cell(id);
      if (!cell) continue;
      this.#seen.add(id);
      return cell;
    }
    return null;
  }

  /** Begins with the last one again. */
  restart(): void {
    this.#seen.clear();
  }
}
