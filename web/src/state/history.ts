import type { Cell, CellClass, LoggedGesture } from "./contract";
import { type Change, compress } from "./step";

/** A gesture as undo knows it. */
export interface Deed {
  gesture: string;
  undoes: string | null;
  changes: Change[];
}

/**
 * Undo and redo without end. Undoing writes a new gesture with the inverse changes; redoing undoes that one. So the log
 * of the server, replayed through `record`, rebuilds both stacks after a reload; `recall` does so from its end, part by part.
 */
export class History {
  #undo: Deed[] = [];
  #redo: Deed[] = [];
  readonly #recorded = new Set<string>();

  record(deed: Deed): void {
    this.#recorded.add(deed.gesture);
    if (deed.undoes !== null && deed.undoes === this.#undo.at(-1)?.gesture) {
      this.#undo.pop();
      this.#redo.push(deed);
    } else if (deed.undoes !== null && deed.undoes === this.#redo.at(-1)?.gesture) {
      this.#redo.pop();
      this.#undo.push(deed);
    } else {
      this.#undo.push(deed);
      this.#redo.length = 0;
    }
  }

  /** Takes in what was done before all that is recorded; of its deeds none undoes an earlier one, unless there is no earlier one. */
  recall(deeds: Deed[]): void {
    const earlier = new History();
    for (const deed of deeds) if (!this.#recorded.has(deed.gesture)) earlier.record(deed);
    this.#undo = [...earlier.#undo, ...this.#undo];
    // Whatever was done since has ended what could be redone: its first deed undid nothing.
    if (!this.begun) this.#redo = earlier.#redo;
    for (const gesture of earlier.#recorded) this.#recorded.add(gesture);
  }

  /** Whether anything is recorded. */
  get begun(): boolean {
    return this.#recorded.size > 0;
  }

  get nextUndo(): Deed | null {
    return this.#undo.at(-1) ?? null;
  }

  get nextRedo(): Deed | null {
    return this.#redo.at(-1) ?? null;
  }

  /** What stands, the latest first. */
  *latest(): Generator<Deed> {
    for (let i = this.#undo.length - 1; i >= 0; i--) yield this.#undo[i]!;
  }

  /** Leaves out what the server refused; a deed with nothing left disappears. */
  drop(gesture: string, id: string): void {
    for (const stack of [this.#undo, this.#redo]) {
      const at = stack.findIndex((deed) => deed.gesture === gesture);
      const deed = stack[at];
      if (!deed) continue;
      deed.changes = deed.changes.filter((change) => change.id !== id);
      if (deed.changes.length === 0) stack.splice(at, 1);
    }
  }

  /** Passes over a deed that can no longer be undone or redone. */
  skip(deed: Deed): void {
    for (const stack of [this.#undo, this.#redo]) {
      const at = stack.indexOf(deed);
      if (at >= 0) stack.splice(at, 1);
    }
  }

  clear(): void {
    this.#undo = [];
    this.#redo = [];
    this.#recorded.clear();
  }
}

/** Whether all that is undone in a part of the log is in it too: only then its deeds can be recorded without what came before. */
export function isWhole(part: LoggedGesture[]): boolean {
  const there = new Set(part.map(({ gesture }) => gesture));
  return part.every(({ undoes }) => undoes === null || there.has(undoes));
}

/** A gesture of the server's log as undo knows it. */
export function deedOf(logged: LoggedGesture): Deed {
  const changes = logged.edits.map((edit): Change => {
    if (edit.op === "put_class" || edit.op === "drop_class") {
      return { kind: "class", id: edit.id, before: edit.before as CellClass | null, after: edit.after as CellClass | null };
    }
    return { kind: "cell", id: edit.id, before: edit.before as Cell | null, after: edit.after as Cell | null };
  });
  return { gesture: logged.gesture, undoes: logged.undoes, changes: compress(changes) };
}
