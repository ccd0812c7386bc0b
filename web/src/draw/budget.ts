/** Fewest points drawn while they move. */
const FEWEST = 40_000;
/** A frame later than this has too many points; one earlier than that bears more. In milliseconds. */
const LATE = 30;
const EARLY = 20;

/**
 * How many points are drawn while they move: as many as the machine bears at thirty frames a second. The points lie in an
 * order in which every beginning is an even sample, so that fewer of them still show the whole; standing still all are drawn.
 */
export class Budget {
  #most = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  get most(): number {
    return this.#most;
  }

  /** A frame began at a time, in milliseconds, while points move; the last had `n` points. */
  frame(now: number, n: number): void {
    const took = now - this.#last;
    this.#last = now;
    // The first frame of a movement follows a pause.
    if (took === Number.POSITIVE_INFINITY) return;
    if (took > LATE) this.#most = Math.max(FEWEST, Math.min(n, this.#most) * Math.max(0.2, LATE / took));
    else if (took < EARLY) this.#most *= 1.05;
  }

  /** They stand still. */
  rest(): void {
    this.#last = Number.NEGATIVE_INFINITY;
  }
}

/**
 * A step that is prime to `n`, near the golden section of it: cell `k * step % n` in place k, or cell k in place
 * `k * step % n`, is an order in which every beginning and every end is an even sample, so that no class lies on top of all
 * others because its cells came last.
 */
export function strideOf(n: number): number {
  const prime = (a: number, b: number): boolean => (b === 0 ? a === 1 : prime(b, a % b));
  let step = Math.max(1, Math.floor(n * 0.6180339887));
  while (!prime(n, step)) step++;
  return step;
}
