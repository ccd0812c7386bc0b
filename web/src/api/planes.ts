import type { Pixels } from "../state/channels";
import type { ImageInfo } from "../state/contract";
import { Lru } from "../state/lru";
import type { Place, Source } from "./source";

export function planeKey(image: ImageInfo, { t, z, c }: Place): string {
  return `${image.id}/${t}/${z}/${c}`;
}

/** Bytes of patches kept apart from planes. */
const PATCH_BYTES = 16 << 20;

/** Planes in memory, fetched once each; what is no longer wanted is broken off. */
export class Planes {
  readonly #kept: Lru<Pixels>;
  readonly #patches = new Lru<Promise<Pixels>>(PATCH_BYTES);
  readonly #coming = new Map<string, { promise: Promise<Pixels>; stop: AbortController }>();

  constructor(
    readonly source: Source,
    limit: number,
  ) {
    this.#kept = new Lru(limit);
  }

  get(image: ImageInfo, at: Place): Pixels | undefined {
    return this.#kept.get(planeKey(image, at));
  }

  load(image: ImageInfo, at: Place): Promise<Pixels> {
    const key = planeKey(image, at);
    const kept = this.#kept.get(key);
    if (kept) return Promise.resolve(kept);
    const coming = this.#coming.get(key);
    if (coming) return coming.promise;
    const stop = new AbortController();
    const promise = this.source.plane(image, at, stop.signal).then((pixels) => {
      this.#kept.set(key, pixels, pixels.byteLength);
      return pixels;
    });
    const settled = () => this.#coming.delete(key);
    promise.then(settled, settled);
    this.#coming.set(key, { promise, stop });
    return promise;
  }

  /** A window of a frame that is not in memory. */
  patch(image: ImageInfo, at: Place, y: number, x: number, size: number): Promise<Pixels> {
    const key = `${planeKey(image, at)}@${y},${x},${size}`;
    const kept = this.#patches.get(key);
    if (kept) return kept;
    const patch = this.source.patch(image, at, y, x, size);
    patch.catch(() => this.#patches.delete(key));
    this.#patches.set(key, patch, size * size * 4);
    return patch;
  }

  /** Breaks off all that is under way and not among the given keys. */
  keepOnly(keys: Set<string>): void {
    for (const [key, { stop }] of this.#coming) if (!keys.has(key)) stop.abort();
  }
}
