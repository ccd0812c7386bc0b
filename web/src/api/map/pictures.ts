import type { MapInfo } from "../../state/map/contract";
import { Lru } from "../../state/lru";
import { rgba } from "../../state/map/picture";
import type { MapSource } from "./source";

/** Cells of one request. */
const MOST = 256;
/** Requests under way at once. */
const SIDE_BY_SIDE = 3;
/** Time in which wishes are gathered into one request, in milliseconds. */
const GATHER = 12;
const KEPT_BYTES = 128 << 20;

type Shape = NonNullable<MapInfo["picture"]>;

/** Pictures of cells, fetched many at a time and kept. */
export class Pictures {
  readonly #kept = new Lru<ImageBitmap>(KEPT_BYTES, (picture) => picture.close());
  readonly #wanted = new Set<number>();
  readonly #coming = new Set<number>();
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `arrived` is called when wished pictures have come; `failed` when they will not. */
  constructor(
    readonly source: MapSource,
    readonly shape: Shape,
    readonly arrived: () => void,
    readonly failed: (error: unknown) => void,
  ) {}

  /** The picture of a cell, when it is here; else it is fetched. The picture is good until the next turn of the loop. */
  get(cell: number): ImageBitmap | undefined {
    const kept = this.#kept.get(String(cell));
    if (!kept && !this.#coming.has(cell)) {
      this.#wanted.add(cell);
      this.#timer ??= setTimeout(() => this.#fetch(), GATHER);
    }
    return kept;
  }

  /** Forgets wishes that were not begun: what is looked at now goes first. */
  forget(cells: Iterable<number>): void {
    for (const cell of cells) this.#wanted.delete(cell);
  }

  #fetch(): void {
    this.#timer = undefined;
    while (this.#running < SIDE_BY_SIDE && this.#wanted.size > 0) {
      const cells = [...this.#wanted].slice(0, MOST);
      for (const cell of cells) {
        this.#wanted.delete(cell);
        this.#coming.add(cell);
      }
      this.#running++;
      void this.#bring(cells).catch(this.failed).finally(() => {
        for (const cell of cells) this.#coming.delete(cell);
        this.#running--;
        this.#fetch();
      });
    }
  }

  async #bring(cells: number[]): Promise<void> {
    const { height, width, channels } = this.shape;
    const bytes = await this.source.pictures(cells);
    const length = height * width * channels;
    if (bytes.length !== cells.length * length) throw new Error(`pictures: expected ${cells.length} of ${length} bytes, found ${bytes.length} bytes`);
    await Promise.all(
      cells.map(async (cell, i) => {
        const pixels = rgba(bytes.subarray(i * length, (i + 1) * length), height * width, channels);
        const picture = await createImageBitmap(new ImageData(pixels, width, height));
        this.#kept.set(String(cell), picture, 4 * height * width);
      }),
    );
    this.arrived();
  }
}
