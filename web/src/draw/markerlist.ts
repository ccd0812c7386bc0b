/** Numbers per marker: x, y, packed colour, and shape + 16 * state. */
export const STRIDE = 4;

/** How a marker is drawn, as bits of its state. */
export const SELECTED = 1;
export const PALE = 2;
export const WARNED = 4;
export const CURRENT = 8;

/** What a marker looks like: colour as 0xrrggbb, number of the shape, bits of the state. */
export interface Look {
  color: number;
  shape: number;
  state: number;
}

/**
 * Markers by the ids of what they mark, as the numbers that are drawn. A new one goes to the end, and the last one takes the
 * place of one that goes: the others stay as they are.
 */
export class MarkerList {
  numbers = new Float32Array(64 * STRIDE);
  readonly #ids: string[] = [];
  readonly #places = new Map<string, number>();
  /** Places that have changed since they were asked for; null: any may have. */
  #changed: Set<number> | null = null;

  get n(): number {
    return this.#ids.length;
  }

  /** A marker at a place of the image, in pixels; the one of this id so far is gone. */
  put(id: string, x: number, y: number, { color, shape, state }: Look): void {
    const at = (this.#places.get(id) ?? this.#append(id)) * STRIDE;
    this.numbers[at] = x;
    this.numbers[at + 1] = y;
    this.numbers[at + 2] = color;
    this.numbers[at + 3] = shape + 16 * state;
    this.#changed?.add(at / STRIDE);
  }

  drop(id: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    const from = this.n - 1;
    const last = this.#ids[from]!;
    this.numbers.copyWithin(place * STRIDE, from * STRIDE, this.n * STRIDE);
    this.#ids[place] = last;
    this.#places.set(last, place);
    this.#changed?.add(place);
    this.#ids.pop();
    this.#places.delete(id);
  }

  clear(): void {
    this.#ids.length = 0;
    this.#places.clear();
    this.#changed = null;
  }

  /** The places that have changed since this was asked last, which may lie beyond the end by now; null: any may have. */
  changes(): ReadonlySet<number> | null {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** A place at the end. */
  #append(id: string): number {
    const place = this.#ids.push(id) - 1;
    this.#places.set(id, place);
    if (this.numbers.length < this.n * STRIDE) {
      const larger = new Float32Array(2 * this.numbers.length);
      larger.set(this.numbers);
      this.numbers = larger;
      this.#changed = null;
    }
    return place;
  }
}
