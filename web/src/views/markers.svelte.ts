import { strideOf } from "../draw/budget";
import { CURRENT, type Look, MarkerList, PALE, SELECTED, WARNED } from "../draw/markerlist";
import { shapeNumber } from "../state/classes";
import type { Cell, CellId, ClassId, ImageInfo, Suggestion } from "../state/contract";
import type { Workbench } from "./workbench.svelte";

/** What the markers of a frame follow from, besides the labels. */
interface Seen {
  image: ImageInfo | null;
  shown: { t: number; z: number };
  selected: ReadonlySet<CellId>;
  guessed: Suggestion[];
  current: Suggestion | null;
}

/** The markers of the frame that is seen. A change of a label, the selection or a suggestion touches the markers that it is about. */
export class Markers {
  /** Whether they are to be seen. */
  shown = $state(true);
  readonly list = new MarkerList();
  #seen: Seen | null = null;
  #guesses = new Map<string, Suggestion>();
  readonly #touched = new Set<string>();
  readonly #looks = new Map<ClassId | null, Omit<Look, "state">>();

  constructor(readonly bench: Workbench) {}

  /** Cells and classes that may have changed; null: all. */
  touch(ids: Iterable<string> | null): void {
    if (!ids) this.#seen = null;
    for (const id of ids ?? []) {
      // Many cells look as their class does.
      if (this.#looks.has(id)) this.#seen = null;
      this.#touched.add(id);
    }
  }

  /** Makes the list what it should be now. */
  update(): MarkerList {
    const before = this.#seen;
    const { viewer, selected, guesses } = this.bench;
    const now = { image: viewer.image, shown: viewer.shown, selected, guessed: guesses.here, current: guesses.current };
    this.#seen = now;
    if (now.guessed !== before?.guessed) this.#guesses = new Map(now.guessed.map((s) => [s.id, s]));
    if (before?.image !== now.image || before.shown !== now.shown) this.#fill(now);
    else {
      this.#differ(before, now);
      for (const id of this.#touched) this.#mark(id, now);
    }
    this.#touched.clear();
    return this.list;
  }

  /** In an order of which every end is an even sample: while a crowd moves, no more than that may be drawn. */
  #fill(now: Seen): void {
    this.#looks.clear();
    this.list.clear();
    const { image, shown } = now;
    if (!image) return;
    const cells = this.bench.labels.frames.in(image.id, shown.t, shown.z);
    const step = strideOf(cells.length);
    for (let k = 0, at = 0; k < cells.length; k++, at = (at + step) % cells.length) this.#cell(cells[at]!, now);
    for (const suggestion of now.guessed) this.#guess(suggestion, now);
  }

  /** Touches what is selected or suggested now and was not before, or the other way round. */
  #differ(before: Seen, now: Seen): void {
    if (before.selected !== now.selected) {
      for (const id of before.selected) if (!now.selected.has(id)) this.#touched.add(id);
      for (const id of now.selected) if (!before.selected.has(id)) this.#touched.add(id);
    }
    if (before.guessed !== now.guessed) for (const { id } of [...before.guessed, ...now.guessed]) this.#touched.add(id);
    if (before.current !== now.current) for (const s of [before.current, now.current]) if (s) this.#touched.add(s.id);
  }

  #mark(id: string, now: Seen): void {
    const cell = this.bench.labels.cell(id);
    const suggestion = this.#guesses.get(id);
    const { image, shown } = now;
    if (cell && cell.image === image?.id && cell.t === shown.t && cell.z === shown.z) this.#cell(cell, now);
    else if (suggestion) this.#guess(suggestion, now);
    else this.list.drop(id);
  }

  #cell({ id, x, y, class: c }: Cell, { selected }: Seen): void {
    const state = (selected.has(id) ? SELECTED : 0) | (this.bench.warnings.has(id) ? WARNED : 0);
    this.list.put(id, x, y, { ...this.#look(c), state });
  }

  #guess({ id, x, y, class: c }: Suggestion, { current }: Seen): void {
    this.list.put(id, x, y, { ...this.#look(c), state: PALE | (id === current?.id ? CURRENT : 0) });
  }

  #look(id: ClassId | null): Omit<Look, "state"> {
    let look = this.#looks.get(id);
    if (!look) {
      const c = id === null ? undefined : this.bench.labels.class(id);
      look = c ? { color: Number.parseInt(c.color.slice(1), 16), shape: shapeNumber(c.shape) } : { color: 0xffffff, shape: 0 };
      this.#looks.set(id, look);
    }
    return look;
  }
}
