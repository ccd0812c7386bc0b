import type { ClassColumn, RelabelReply, Relabelling, RelabelsReply } from "./contract";

type Class = string | null;

/** One step of undo: what the cells had before, and what they got. */
interface Step {
  cells: number[];
  before: Class[];
  after: Class[];
}

/** Cells of one gesture; more become several gestures that are undone together. */
const MOST_CELLS = 10_000;

/** New classes of cells: what the server confirmed, with what it has not acknowledged on top. */
export class Relabels {
  readonly #confirmed = new Map<number, Class>();
  readonly #shown = new Map<number, Class>();
  readonly #undo: Step[] = [];
  readonly #redo: Step[] = [];
  readonly pending: Relabelling[] = [];
  /** Classes that cells were given before, with their colours. */
  classes: RelabelsReply["classes"] = [];
  revision = 0;

  constructor(
    readonly newId: () => string,
    readonly now: () => number = () => 0,
    readonly changed: () => void = () => {},
  ) {}

  /** The new class of a cell; null when there is none. */
  of(cell: number): Class {
    return this.#shown.get(cell) ?? null;
  }

  /** Cells with a new class, with that class. */
  *entries(): Generator<[number, string]> {
    for (const [cell, name] of this.#shown) if (name !== null) yield [cell, name];
  }

  /** Starts over from what the server keeps. */
  load({ revision, cells, class: given, classes }: RelabelsReply): void {
    this.#confirmed.clear();
    cells.forEach((cell, i) => this.#confirmed.set(cell, given[i] ?? null));
    this.classes = classes;
    this.revision = revision;
    this.#rebuild();
  }

  /** Takes gestures that an earlier page left unsent. */
  adopt(gestures: Relabelling[]): void {
    this.pending.push(...gestures);
    this.#rebuild();
  }

  /** Gives one class to cells. Returns what is to be sent. */
  give(cells: number[], name: Class): Relabelling[] {
    const changing = cells.filter((cell) => this.of(cell) !== name);
    if (changing.length === 0) return [];
    const step = { cells: changing, before: changing.map((cell) => this.of(cell)), after: changing.map(() => name) };
    this.#undo.push(step);
    this.#redo.length = 0;
    return this.perform(step.cells, step.after);
  }

  /** Null: nothing to undo. */
  undo(): Relabelling[] | null {
    const step = this.#undo.pop();
    if (!step) return null;
    this.#redo.push(step);
    return this.perform(step.cells, step.before);
  }

  redo(): Relabelling[] | null {
    const step = this.#redo.pop();
    if (!step) return null;
    this.#undo.push(step);
    return this.perform(step.cells, step.after);
  }

  /** The server has written a gesture down, but for the cells that it refused: of those somebody else's class stands. */
  acknowledge(gesture: Relabelling, { revision, refused }: RelabelReply): void {
    const not = new Set(refused);
    gesture.cells.forEach((cell, i) => not.has(cell) || this.#confirmed.set(cell, gesture.classes[i] ?? null));
    this.revision = Math.max(this.revision, revision);
    this.#forget(gesture);
    if (not.size > 0) this.#rebuild();
  }

  /** The server will never take a gesture: it did not happen. */
  reject(gesture: Relabelling): void {
    this.#forget(gesture);
    this.#rebuild();
  }

  /** Gives each cell a class, without a step of undo. Returns what is to be sent. */
  perform(cells: number[], classes: Class[]): Relabelling[] {
    const made: Relabelling[] = [];
    for (let from = 0; from < cells.length; from += MOST_CELLS) {
      const to = from + MOST_CELLS;
      made.push({ gesture: this.newId(), at: this.now(), cells: cells.slice(from, to), classes: classes.slice(from, to) });
    }
    this.pending.push(...made);
    for (const gesture of made) this.#show(gesture);
    this.changed();
    return made;
  }

  #forget({ gesture }: Relabelling): void {
    const at = this.pending.findIndex((waiting) => waiting.gesture === gesture);
    if (at >= 0) this.pending.splice(at, 1);
  }

  #show({ cells, classes }: Relabelling): void {
    cells.forEach((cell, i) => this.#shown.set(cell, classes[i] ?? null));
  }

  #rebuild(): void {
    this.#shown.clear();
    for (const [cell, name] of this.#confirmed) this.#shown.set(cell, name);
    for (const gesture of this.pending) this.#show(gesture);
    this.changed();
  }
}

/** A column of labels with new classes in place of what they correct. */
export function overlaid(label: ClassColumn, relabelled: ClassColumn): ClassColumn {
  const levels = [...new Set([...label.levels, ...relabelled.levels])];
  const codeOf = relabelled.levels.map((name) => levels.indexOf(name));
  const codes = label.codes.map((code, cell) => codeOf[relabelled.codes[cell]!] ?? code);
  return { ...label, codes, levels };
}
