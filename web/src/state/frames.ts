import type { Cell, ImageId } from "./contract";

/** Side of a bin of the grid, in pixels of the image. */
const BIN = 16;

type Place = Pick<Cell, "image" | "t" | "z" | "y" | "x">;

/** Cells by bin, and how many there are. */
interface Frame {
  bins: Map<number, Cell[]>;
  n: number;
}

function binOf(y: number, x: number): number {
  // Images stay far below 2^20 bins a side; one negative bin is kept for points just outside.
  return (Math.floor(y / BIN) + 1) * 0x100000 + Math.floor(x / BIN) + 1;
}

export function frameKey(image: ImageId, t: number, z: number): string {
  return `${image}/${t}/${z}`;
}

/** Cells by frame, and in a frame by a grid of bins, so that finding one among 100,000 looks at a handful. */
export class FrameIndex {
  readonly #frames = new Map<string, Frame>();
  /** How many cells each time of an image has. */
  readonly #counts = new Map<ImageId, Map<number, number>>();
  /** The frame asked for last: whoever asks of one cell mostly asks of its neighbour next. */
  #last: { image: ImageId; t: number; z: number; frame: Frame } | null = null;

  add(cell: Cell): void {
    let frame = this.#frame(cell.image, cell.t, cell.z);
    if (!frame) {
      frame = { bins: new Map(), n: 0 };
      this.#frames.set(frameKey(cell.image, cell.t, cell.z), frame);
    }
    const bin = binOf(cell.y, cell.x);
    const cells = frame.bins.get(bin);
    if (cells) cells.push(cell);
    else frame.bins.set(bin, [cell]);
    this.#count(frame, cell, 1);
  }

  clear(): void {
    this.#frames.clear();
    this.#counts.clear();
    this.#last = null;
  }

  remove(cell: Cell): void {
    const frame = this.#frame(cell.image, cell.t, cell.z);
    const bin = binOf(cell.y, cell.x);
    const cells = frame?.bins.get(bin);
    const at = cells?.findIndex((other) => other.id === cell.id) ?? -1;
    if (!frame || !cells || at < 0) return;
    cells.splice(at, 1);
    if (cells.length === 0) frame.bins.delete(bin);
    this.#count(frame, cell, -1);
  }

  size(image: ImageId, t: number, z: number): number {
    return this.#frame(image, t, z)?.n ?? 0;
  }

  in(image: ImageId, t: number, z: number): Cell[] {
    const found: Cell[] = [];
    for (const cells of this.#frame(image, t, z)?.bins.values() ?? []) for (const cell of cells) found.push(cell);
    return found;
  }

  /** Cells within `radius` pixels of a place, the nearest first. */
  near(image: ImageId, t: number, z: number, y: number, x: number, radius: number): Cell[] {
    return this.#nearest({ image, t, z, y, x }, radius, () => true);
  }

  /** Cells of another class within `radius` pixels, the nearest first: of each two one must be wrong. */
  rivals(cell: Cell, radius: number): Cell[] {
    if (cell.class === null) return [];
    return this.#nearest(cell, radius, (other) => other.class !== null && other.class !== cell.class);
  }

  /** Cells in a box, its edges included. */
  within(image: ImageId, t: number, z: number, y0: number, x0: number, y1: number, x1: number): Cell[] {
    const found: Cell[] = [];
    for (const cells of this.#bins(image, t, z, y0, x0, y1, x1)) {
      for (const cell of cells) {
        if (cell.y >= y0 && cell.y <= y1 && cell.x >= x0 && cell.x <= x1) found.push(cell);
      }
    }
    return found;
  }

  #nearest({ image, t, z, y, x }: Place, radius: number, keep: (cell: Cell) => boolean): Cell[] {
    let found: { cell: Cell; d2: number }[] | null = null;
    for (const cells of this.#bins(image, t, z, y - radius, x - radius, y + radius, x + radius)) {
      for (const cell of cells) {
        const d2 = (cell.y - y) ** 2 + (cell.x - x) ** 2;
        if (d2 <= radius * radius && keep(cell)) (found ??= []).push({ cell, d2 });
      }
    }
    if (!found) return [];
    found.sort((a, b) => a.d2 - b.d2 || (a.cell.id < b.cell.id ? -1 : 1));
    return found.map(({ cell }) => cell);
  }

  /** The bins that a box touches, or more. */
  #bins(image: ImageId, t: number, z: number, y0: number, x0: number, y1: number, x1: number): Iterable<Cell[]> {
    const bins = this.#frame(image, t, z)?.bins;
    if (!bins) return [];
    const rows = Math.floor(y1 / BIN) - Math.floor(y0 / BIN) + 1;
    const columns = Math.floor(x1 / BIN) - Math.floor(x0 / BIN) + 1;
    if (rows * columns > bins.size) return bins.values();
    const found: Cell[][] = [];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const cells = bins.get(binOf(y0 + row * BIN, x0 + column * BIN));
        if (cells) found.push(cells);
      }
    }
    return found;
  }

  #count(frame: Frame, { image, t }: Cell, by: 1 | -1): void {
    frame.n += by;
    let counts = this.#counts.get(image);
    if (!counts) this.#counts.set(image, (counts = new Map()));
    counts.set(t, (counts.get(t) ?? 0) + by);
  }

  #frame(image: ImageId, t: number, z: number): Frame | undefined {
    const last = this.#last;
    if (last?.image === image && last.t === t && last.z === z) return last.frame;
    const frame = this.#frames.get(frameKey(image, t, z));
    if (frame) this.#last = { image, t, z, frame };
    return frame;
  }

  /** How many cells the times of an image have, over all z; 0 where they are gone. */
  countsByTime(image: ImageId): ReadonlyMap<number, number> {
    return this.#counts.get(image) ?? new Map();
  }
}
