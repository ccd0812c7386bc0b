import type { Cell, ImageId } from "./contract";

/** Side of a bin of the grid, in pixels of the image. */
const BIN = 32;

type Frame = Map<number, Cell[]>;

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
  readonly #sizes = new Map<string, number>();
  /** The frame asked for last: whoever asks of one cell mostly asks of its neighbour next. */
  #last: { image: ImageId; t: number; z: number; frame: Frame } | null = null;

  add(cell: Cell): void {
    const key = frameKey(cell.image, cell.t, cell.z);
    let frame = this.#frames.get(key);
    if (!frame) this.#frames.set(key, (frame = new Map()));
    const bin = binOf(cell.y, cell.x);
    const cells = frame.get(bin);
    if (cells) cells.push(cell);
    else frame.set(bin, [cell]);
    this.#sizes.set(key, (this.#sizes.get(key) ?? 0) + 1);
  }

  remove(cell: Cell): void {
    const key = frameKey(cell.image, cell.t, cell.z);
    const frame = this.#frames.get(key);
    const bin = binOf(cell.y, cell.x);
    const cells = frame?.get(bin);
    const at = cells?.findIndex((other) => other.id === cell.id) ?? -1;
    if (!frame || !cells || at < 0) return;
    cells.splice(at, 1);
    if (cells.length === 0) frame.delete(bin);
    this.#sizes.set(key, (this.#sizes.get(key) ?? 1) - 1);
  }

  size(image: ImageId, t: number, z: number): number {
    return this.#sizes.get(frameKey(image, t, z)) ?? 0;
  }

  in(image: ImageId, t: number, z: number): Cell[] {
    const found: Cell[] = [];
    for (const cells of this.#frame(image, t, z)?.values() ?? []) for (const cell of cells) found.push(cell);
    return found;
  }

  /** Cells within `radius` pixels of a place, the nearest first. */
  near(image: ImageId, t: number, z: number, y: number, x: number, radius: number): Cell[] {
    const found = this.within(image, t, z, y - radius, x - radius, y + radius, x + radius)
      .map((cell) => ({ cell, d2: (cell.y - y) ** 2 + (cell.x - x) ** 2 }))
      .filter(({ d2 }) => d2 <= radius * radius);
    found.sort((a, b) => a.d2 - b.d2 || (a.cell.id < b.cell.id ? -1 : 1));
    return found.map(({ cell }) => cell);
  }

  /** Cells in a box, its edges included. */
  within(image: ImageId, t: number, z: number, y0: number, x0: number, y1: number, x1: number): Cell[] {
    const frame = this.#frame(image, t, z);
    if (!frame) return [];
    const found: Cell[] = [];
    const keep = (cells: Cell[]) => {
      for (const cell of cells) {
        if (cell.y >= y0 && cell.y <= y1 && cell.x >= x0 && cell.x <= x1) found.push(cell);
      }
    };
    const rows = Math.floor(y1 / BIN) - Math.floor(y0 / BIN) + 1;
    const columns = Math.floor(x1 / BIN) - Math.floor(x0 / BIN) + 1;
    if (rows * columns > frame.size) {
      for (const cells of frame.values()) keep(cells);
      return found;
    }
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        keep(frame.get(binOf(y0 + row * BIN, x0 + column * BIN)) ?? []);
      }
    }
    return found;
  }

  #frame(image: ImageId, t: number, z: number): Frame | undefined {
    const last = this.#last;
    if (last?.image === image && last.t === t && last.z === z) return last.frame;
    const frame = this.#frames.get(frameKey(image, t, z));
    if (frame) this.#last = { image, t, z, frame };
    return frame;
  }

  /** Frames of an image that have cells: `t` to how many, over all z. */
  countsByTime(image: ImageId): Map<number, number> {
    const counts = new Map<number, number>();
    const prefix = `${image}/`;
    for (const [key, size] of this.#sizes) {
      if (size === 0 || !key.startsWith(prefix)) continue;
      const t = Number(key.split("/").at(-2));
      counts.set(t, (counts.get(t) ?? 0) + size);
    }
    return counts;
  }

  /** A cell of another class within `radius` pixels: one of the two must be wrong. */
  rival(cell: Cell, radius: number): Cell | null {
    if (cell.class === null) return null;
    const { image, t, z, y, x } = cell;
    let [rival, least]: [Cell | null, number] = [null, radius * radius];
    for (const other of this.within(image, t, z, y - radius, x - radius, y + radius, x + radius)) {
      if (other.class === null || other.class === cell.class || other.id === cell.id) continue;
      const d2 = (other.y - y) ** 2 + (other.x - x) ** 2;
      if (d2 < least || (d2 === least && (!rival || other.id < rival.id))) [rival, least] = [other, d2];
    }
    return rival;
  }
}
