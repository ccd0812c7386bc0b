import type { CellClass, ClassId, Suggestion, SuggestState } from "../state/contract";
import { SuggestionQueue } from "../state/queue";
import type { Workbench } from "./workbench.svelte";

const QUEUE = 500;
/** A cell labelled this near, in windows, covers a suggestion. */
const COVER = 1 / 8;
const NONE: Suggestion[] = [];

const frameKey = (image: number, t: number): string => `${image}/${t}`;

/** What the model suggests: pale markers on the frame, and the unsure ones in a queue. */
export class Guesses {
  readonly #queue = new SuggestionQueue();
  /** Names of the classes, in the order of a suggestion's probabilities. */
  #classes: string[] = [];
  #frame = $state.raw<{ key: string; cells: Suggestion[] }>({ key: "", cells: [] });
  #version = $state(0);
  state = $state.raw<SuggestState>({ running: false, done: 0, total: 0, error: null });
  /** Whether the queue is being gone through: then Enter and digits speak of `current`. */
  active = $state(false);

  constructor(readonly bench: Workbench) {}

  /** Suggestions of the frame that is seen, without those that have been dealt with. */
  readonly here: Suggestion[] = $derived.by(() => {
    void this.#version;
    void this.bench.version;
    const { image, shown } = this.bench.viewer;
    if (!image || this.#frame.cells.length === 0 || this.#frame.key !== frameKey(image.id, shown.t)) return NONE;
    return this.#frame.cells.filter((s) => s.z === shown.z && this.#open(s));
  });

  get waiting(): readonly Suggestion[] {
    void this.#version;
    return this.#queue.waiting;
  }

  get current(): Suggestion | null {
    void this.#version;
    return this.active ? this.#queue.current : null;
  }

  /** The classes that the model thinks of, the likeliest first. */
  likely(suggestion: Suggestion): { c: CellClass; p: number }[] {
    const byName = new Map(this.bench.classes.map((c) => [c.name, c]));
    return this.#classes
      .flatMap((name, i) => {
        const c = byName.get(name);
        return c ? [{ c, p: suggestion.p[i] ?? 0 }] : [];
      })
      .sort((a, b) => b.p - a.p);
  }

  /** The markers of the frame that is seen now; those that are there stay when they cannot be had. */
  async fetchFrame(): Promise<void> {
    const { viewer, source } = this.bench;
    if (!viewer.image) return;
    const key = frameKey(viewer.image.id, viewer.shown.t);
    const reply = await source.suggestions(viewer.image.id, viewer.shown.t).catch(() => null);
    // Another frame may be seen by now, and its markers may have come first.
    if (!reply || !viewer.image || key !== frameKey(viewer.image.id, viewer.shown.t)) return;
    this.#classes = reply.classes;
    this.#frame = { key, cells: reply.cells };
  }

  /** The queue as the server has it; what waits stays when it cannot be had. */
  async refresh(): Promise<void> {
    try {
      const reply = await this.bench.source.suggestionQueue(QUEUE);
      this.#classes = reply.classes;
      this.#queue.load(reply.cells);
      this.#version++;
    } catch (error) {
      this.bench.notices.fail(error);
    }
    await this.fetchFrame();
  }

  async start(everything: boolean): Promise<void> {
    const { image, t } = this.bench.viewer;
    try {
      this.state = { running: true, done: 0, total: 0, error: null };
      this.#queue.restart();
      await this.bench.source.startSuggesting(everything ? null : (image?.id ?? null), everything ? null : [t, t]);
    } catch (error) {
      this.state = { running: false, done: 0, total: 0, error: null };
      this.bench.notices.fail(error);
      // No new model suggests anew: what the last one suggested still waits.
      await this.refresh();
    }
  }

  progress(state: SuggestState): void {
    const finished = this.state.running && !state.running;
    this.state = state;
    if (state.error) this.bench.notices.say("error", state.error);
    if (finished || !state.running) void this.refresh();
  }

  /** Shows the least sure suggestion that waits. */
  next(): void {
    this.active = true;
    while (this.#queue.current && !this.#open(this.#queue.current)) this.#queue.take(this.#queue.current.id);
    this.#version++;
    const first = this.#queue.current;
    if (first) this.bench.jump(first, false);
    else {
      this.active = false;
      this.bench.notices.say("info", "No suggestion is waiting.");
    }
  }

  skip(): void {
    this.#queue.skip();
    this.next();
  }

  /** The suggestion nearest to a place of the frame that is seen. */
  at(y: number, x: number, radius: number): Suggestion | null {
    const near = this.here
      .map((s) => ({ s, d: Math.hypot(s.y - y, s.x - x) }))
      .filter(({ d }) => d <= radius)
      .sort((a, b) => a.d - b.d);
    return near[0]?.s ?? null;
  }

  /** Puts a suggestion that was clicked at the head of the queue. */
  choose(suggestion: Suggestion): void {
    this.#queue.first(suggestion);
    this.bench.selected = new Set();
    this.active = true;
    this.#version++;
  }

  /** The suggestion becomes a cell, of its own class or of the one that corrects it. */
  accept(corrected: ClassId | null = null): boolean {
    const suggestion = this.current;
    if (!suggestion) return false;
    if (!this.take(suggestion, corrected)) return false;
    this.next();
    return true;
  }

  take(suggestion: Suggestion, corrected: ClassId | null = null): boolean {
    const { viewer } = this.bench;
    if (suggestion.t !== viewer.shown.t || suggestion.image !== viewer.image?.id) return false;
    const cell = this.bench.add(suggestion.y, suggestion.x, corrected ?? suggestion.class, suggestion.id);
    if (!cell) return false;
    this.#queue.take(suggestion.id);
    this.#version++;
    return true;
  }

  #open(suggestion: Suggestion): boolean {
    const { labels, session } = this.bench;
    const { image, t, z, y, x } = suggestion;
    const radius = (session?.window ?? 64) * COVER;
    return this.#queue.uncovered(suggestion, labels.frames.near(image, t, z, y, x, radius));
  }
}
