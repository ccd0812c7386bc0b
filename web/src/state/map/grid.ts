import type { Plane } from "./plane";

/** A place on the plane. */
export interface Spot {
  y: number;
  x: number;
}

type Edge = readonly [Spot, Spot];

/** Cells of a bin in the mean. */
const PER_BIN = 4;
const MOST_BINS = 1024;

/** Cells by where they lie, for questions of the pointer: near here, in this box, within this line. */
export class Grid {
  readonly #at: Float32Array;
  readonly #rows: number;
  readonly #columns: number;
  readonly #side: number;
  /** Where each bin begins in `#cells`. */
  readonly #starts: Uint32Array;
  readonly #cells: Uint32Array;

  constructor({ at, size }: Plane) {
    const n = at.length / 2;
    this.#at = at;
    const bins = Math.min(MOST_BINS, Math.max(1, Math.ceil(Math.sqrt(n / PER_BIN))));
    this.#side = Math.max(size.height, size.width) / bins;
    this.#rows = Math.max(1, Math.ceil(size.height / this.#side));
    this.#columns = Math.max(1, Math.ceil(size.width / this.#side));
    this.#starts = new Uint32Array(this.#rows * this.#columns + 1);
    this.#cells = new Uint32Array(n);
    const bin = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      const [x, y] = [at[2 * i]!, at[2 * i + 1]!];
      bin[i] = x < 0 ? -1 : this.#row(y) * this.#columns + this.#column(x);
      if (bin[i]! >= 0) this.#starts[bin[i]! + 1]!++;
    }
    for (let b = 0; b < this.#rows * this.#columns; b++) this.#starts[b + 1]! += this.#starts[b]!;
    const next = this.#starts.slice();
    for (let i = 0; i < n; i++) if (bin[i]! >= 0) this.#cells[next[bin[i]!]!++] = i;
  }

  /** The nearest cell that counts, within a radius. */
  nearest(spot: Spot, radius: number, counts: (cell: number) => boolean): number | null {
    let [best, found] = [radius * radius, null as number | null];
    const { y, x } = spot;
    this.#visit(y - radius, x - radius, y + radius, x + radius, (cell) => {
      const d = (this.#at[2 * cell]! - x) ** 2 + (this.#at[2 * cell + 1]! - y) ** 2;
      if (d <= best && counts(cell)) [best, found] = [d, cell];
      return true;
    });
    return found;
  }

  /** Cells in a box, in no particular order; at most `limit`. */
  within(a: Spot, b: Spot, limit = Number.POSITIVE_INFINITY): number[] {
    const [y0, y1] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
    const [x0, x1] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
    const found: number[] = [];
    this.#visit(y0, x0, y1, x1, (cell) => {
      const [x, y] = [this.#at[2 * cell]!, this.#at[2 * cell + 1]!];
      if (x >= x0 && x <= x1 && y >= y0 && y <= y1) found.push(cell);
      return found.length < limit;
    });
    return found;
  }

  /** Cells inside a closed line (even-odd). Bin by bin: only where the line passes is each cell looked at by itself. */
  inside(line: Spot[]): Uint32Array {
    if (line.length < 3) return new Uint32Array();
    const found = new Uint32Array(this.#cells.length);
    let n = 0;
    const edges = line.map((a, i): Edge => [a, line[(i + 1) % line.length]!]);
    const ys = line.map((spot) => spot.y);
    const xs = line.map((spot) => spot.x);
    const [left, right] = [this.#column(Math.min(...xs)), this.#column(Math.max(...xs))];
    for (let row = this.#row(Math.min(...ys)); row <= this.#row(Math.max(...ys)); row++) {
      // The outer bins also hold what lies on the border.
      const [top, bottom] = [row * this.#side - 1, (row + 1) * this.#side + 1];
      const near = edges.filter(([a, b]) => Math.max(a.y, b.y) >= top && Math.min(a.y, b.y) <= bottom);
      const spans = near.map((edge) => spanOf(edge, top, bottom));
      for (let column = left; column <= right; column++) {
        const [x0, x1] = [column * this.#side - 1, (column + 1) * this.#side + 1];
        const passed = spans.some(([from, to]) => from <= x1 && to >= x0);
        if (!passed && !isInside(near, (x0 + x1) / 2, (top + bottom) / 2)) continue;
        const end = this.#start(row, column + 1);
        for (let i = this.#start(row, column); i < end; i++) {
          const cell = this.#cells[i]!;
          if (!passed || isInside(near, this.#at[2 * cell]!, this.#at[2 * cell + 1]!)) found[n++] = cell;
        }
      }
    }
    return found.slice(0, n);
  }

  #visit(y0: number, x0: number, y1: number, x1: number, visit: (cell: number) => boolean): void {
    for (let row = this.#row(y0); row <= this.#row(y1); row++) {
      const end = this.#start(row, this.#column(x1) + 1);
      for (let i = this.#start(row, this.#column(x0)); i < end; i++) if (!visit(this.#cells[i]!)) return;
    }
  }

  #start(row: number, column: number): number {
    return this.#starts[row * this.#columns + column]!;
  }

  #row(y: number): number {
    return Math.min(this.#rows - 1, Math.max(0, Math.floor(y / this.#side)));
  }

  #column(x: number): number {
    return Math.min(this.#columns - 1, Math.max(0, Math.floor(x / this.#side)));
  }
}

/** From where to where an edge reaches between two heights, both of which it meets or lies between. */
function spanOf([a, b]: Edge, top: number, bottom: number): readonly [number, number] {
  const at = (y: number) => a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x);
  const inside = (y: number) => Math.min(bottom, Math.max(top, y));
  const [from, to] = a.y === b.y ? [a.x, b.x] : [at(inside(a.y)), at(inside(b.y))];
  return [Math.min(from, to), Math.max(from, to)];
}

/** Whether an odd number of edges lie to the right of a place, at its height. */
function isInside(edges: Edge[], x: number, y: number): boolean {
  let odd = false;
  for (const [a, b] of edges) {
    if (a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x)) odd = !odd;
  }
  return odd;
}
