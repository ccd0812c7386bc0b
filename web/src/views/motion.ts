import { Budget } from "../draw/budget";

/** What is looked at counts as standing still after so many milliseconds. */
const STILL = 140;

/** Whether what is looked at moves, and how many points may be drawn meanwhile. */
export class Motion {
  readonly #budget = new Budget();
  #moving = false;
  #still: ReturnType<typeof setTimeout> | undefined;

  /** `held`: by the pointer; `rested`: it stands still, and is to be drawn whole. */
  constructor(
    readonly held: () => boolean,
    readonly rested: () => void,
  ) {}

  get most(): number {
    return this.#moving ? this.#budget.most : Number.POSITIVE_INFINITY;
  }

  moved(): void {
    this.#moving = true;
    clearTimeout(this.#still);
    this.#still = setTimeout(() => this.#rest(), STILL);
  }

  /** A frame began at a time, in milliseconds; the last had `n` points. Tells whether to look at the next one too. */
  frame(now: number, n: number): boolean {
    if (this.#moving) this.#budget.frame(now, n);
    return this.#moving;
  }

  end(): void {
    clearTimeout(this.#still);
  }

  /** Held by the pointer, it still moves: drawing all of it now would make the next move wait. */
  #rest(): void {
    if (this.held()) {
      this.#still = setTimeout(() => this.#rest(), STILL);
      return;
    }
    this.#moving = false;
    this.#budget.rest();
    this.rested();
  }
}
