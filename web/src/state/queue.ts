import type { Cell, Suggestion } from "./contract";

/** Suggestions to go through, the unsure first; what was left for later comes again at the end. */
export class SuggestionQueue {
  #waiting: Suggestion[] = [];
  readonly #done = new Set<string>();

  load(suggestions: Suggestion[]): void {
    this.#waiting = suggestions.filter((s) => !this.#done.has(s.id)).sort((a, b) => a.margin - b.margin);
  }

  /** A new model suggests anew: nothing is done yet. */
  restart(): void {
    this.#done.clear();
    this.#waiting = [];
  }

  get waiting(): readonly Suggestion[] {
    return this.#waiting;
  }

  get current(): Suggestion | null {
    return this.#waiting[0] ?? null;
  }

  take(id: string): void {
    this.#done.add(id);
    this.#waiting = this.#waiting.filter((s) => s.id !== id);
  }

  first(suggestion: Suggestion): void {
    this.#waiting = [suggestion, ...this.#waiting.filter((s) => s.id !== suggestion.id)];
  }

  skip(): void {
    const first = this.#waiting.shift();
    if (first) this.#waiting.push(first);
  }

  /** An undo may bring a suggestion back; a cell labelled by hand covers the suggestion under it. */
  uncovered(suggestion: Suggestion, near: Cell[]): boolean {
    return !this.#done.has(suggestion.id) && near.every((cell) => cell.class === null);
  }
}
