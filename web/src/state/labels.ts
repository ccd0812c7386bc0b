import type {
  Cell,
  CellClass,
  CellId,
  ClassId,
  Edit,
  EditsReply,
  Gesture,
  LabelsReply,
  LoggedGesture,
} from "./contract";
import { FrameIndex } from "./frames";
import { type Deed, deedOf, History } from "./history";
import { hopeless } from "./declined";
import { type Conflict, insist, merge, renewal } from "./merge";
import { type Change, compress, inverse, type Known, step } from "./step";

/** A gesture that the server has not acknowledged; `at` is when it was made, in milliseconds. */
export interface Pending extends Gesture {
  at: number;
  /** Its cells as the page knew them when it was made. */
  seen?: Record<CellId, Cell | null>;
}

/** Cells that were added last which are remembered when all is loaded: more than a strip of recent ones is ever made of. */
const LAST = 3000;

/** What follows from the server's answer to a gesture. */
export interface Outcome {
  /** Gestures from merging what it refused. */
  follow: Pending[];
  /** What it can never take. */
  declined: { gesture: Pending; reason: string }[];
  /** What a person has to decide on, as gestures to be kept until then. */
  undecided: Pending[];
}

/** null: everything may have changed. */
export type Listener = (changed: ReadonlySet<string> | null) => void;

class Facts implements Known {
  readonly cells = new Map<CellId, Cell>();
  readonly gone = new Map<CellId, Cell>();
  readonly classes = new Map<ClassId, CellClass>();
  cell = (id: CellId) => this.cells.get(id);
  deleted = (id: CellId) => this.gone.get(id);
  class = (id: ClassId) => this.classes.get(id);

  clear(): void {
    this.cells.clear();
    this.gone.clear();
    this.classes.clear();
  }
}

/**
 * All labels of a study: what the server confirmed, the gestures it has not acknowledged, and what the two make
 * together, which is what the views show. Only `acknowledge` and `learn` touch the confirmed part.
 */
export class Labels {
  readonly #confirmed = new Facts();
  readonly #shown = new Facts();
  readonly #listeners = new Set<Listener>();
  readonly #counts = new Map<ClassId | null, number>();
  /** What was added last when all was loaded. */
  #last: CellId[] = [];
  readonly frames = new FrameIndex();
  readonly history = new History();
  readonly conflicts: Conflict[] = [];
  readonly pending: Pending[] = [];
  revision = 0;
  user = "";

  constructor(
    readonly newId: () => string,
    readonly now: () => number = () => 0,
  ) {}

  /** Starts over from what the server knows, of all images or of the first; pending gestures stay on top of it. */
  load(reply: LabelsReply): void {
    this.#confirmed.clear();
    this.#shown.clear();
    this.#counts.clear();
    this.frames.clear();
    this.history.clear();
    for (const c of reply.classes) {
      this.#confirmed.classes.set(c.id, c);
      this.#shown.classes.set(c.id, c);
    }
    this.revision = reply.revision;
    this.#last = reply.cells.id.slice(-LAST);
    this.#include(reply);
    for (const gesture of this.pending) this.#replay(gesture);
    this.#changed(null);
  }

  /** Takes in the cells of one more image; where the log has told something newer since, that stays. */
  include(reply: LabelsReply): void {
    this.#changed(this.#include(reply));
  }

  /** Takes in a part of the log from before all that undo knows of. */
  recall(earlier: LoggedGesture[]): void {
    for (const logged of [...earlier].reverse()) {
      for (const { id, before, after } of logged.edits) {
        if (!before || after || this.#confirmed.cell(id) || this.#confirmed.deleted(id)) continue;
        this.#bury(before);
        const gone = this.#confirmed.deleted(id);
        if (gone && !this.#shown.cell(id)) this.#shown.gone.set(id, gone);
      }
    }
    this.history.recall(earlier.map(deedOf));
  }

  cell = (id: CellId): Cell | undefined => this.#shown.cells.get(id);
  /** A cell that is deleted, as it was. */
  deleted = (id: CellId): Cell | undefined => this.#shown.deleted(id);
  class = (id: ClassId): CellClass | undefined => this.#shown.classes.get(id);

  get size(): number {
    return this.#shown.cells.size;
  }

  /** Classes in the order of the page. */
  get classes(): CellClass[] {
    return [...this.#shown.classes.values()].sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
  }

  cells(): IterableIterator<Cell> {
    return this.#shown.cells.values();
  }

  ids(): IterableIterator<CellId> {
    return this.#shown.cells.keys();
  }

  count(id: ClassId | null): number {
    return this.#counts.get(id) ?? 0;
  }

  /** Cells by when they were touched, the latest first; deleted ones among them, and cells more than once. */
  *latest(): Generator<CellId> {
    for (const { changes } of this.history.latest()) for (const { kind, id } of changes) if (kind === "cell") yield id;
    for (let i = this.#last.length - 1; i >= 0; i--) yield this.#last[i]!;
  }

  /** Calls back after each change, with the ids that may have changed. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Does a gesture here and now, and leaves it pending for the server. Null when nothing of it applies. */
  perform(edits: Edit[], undoes: string | null = null): Pending | null {
    const changes: Change[] = [];
    const applied: Edit[] = [];
    for (const edit of edits) {
      const change = step(this.#shown, edit, this.user);
      if (!change) continue;
      this.#show(change);
      changes.push(change);
      applied.push(edit);
    }
    if (applied.length === 0) return null;
    const whole = compress(changes);
    const seen: Pending["seen"] = {};
    for (const { kind, id, before } of whole) if (kind === "cell") seen[id] = before;
    const gesture = { gesture: this.newId(), undoes, edits: applied, at: this.now(), seen };
    this.pending.push(gesture);
    this.history.record({ gesture: gesture.gesture, undoes, changes: whole });
    this.#changed(applied.map((edit) => edit.id));
    return gesture;
  }

  undo(): Pending | null {
    return this.#takeBack(() => this.history.nextUndo);
  }

  redo(): Pending | null {
    return this.#takeBack(() => this.history.nextRedo);
  }

  /** Takes gestures that an earlier page left unsent. */
  adopt(gestures: Pending[]): void {
    const known = new Set(this.pending.map((gesture) => gesture.gesture));
    for (const gesture of gestures) {
      if (known.has(gesture.gesture)) continue;
      this.pending.push(gesture);
      this.#replay(gesture);
    }
    this.#changed(gestures.flatMap(({ edits }) => edits.map(({ id }) => id)));
  }

  /** The server has written a gesture down. */
  acknowledge(gesture: Pending, reply: EditsReply): Outcome {
    const touched = new Set(gesture.edits.map((edit) => edit.id));
    const refused = new Map(reply.refused.map((refusal) => [refusal.index, refusal]));
    this.#forget(gesture.gesture);
    gesture.edits.forEach((edit, i) => {
      if (refused.has(i) || !this.#expects(edit)) return;
      const change = step(this.#confirmed, edit, this.user);
      if (change) apply(this.#confirmed, change);
    });
    for (const logged of reply.since) this.#take(logged, touched);
    const conflicts = new Map<string, Conflict>();
    const lost = new Map<string, string>();
    for (const [index, refusal] of refused) {
      const edit = gesture.edits[index];
      if (!edit) continue;
      this.history.drop(gesture.gesture, edit.id);
      if (edit.op === "put_class" || edit.op === "drop_class") continue;
      const theirs = refusal.current as Cell | null;
      this.#settle(edit.id, theirs);
      const conflict = conflicts.get(edit.id) ?? {
        id: edit.id,
        mine: [],
        theirs,
        seen: gesture.seen?.[edit.id] ?? null,
        kept: this.newId(),
      };
      conflict.mine.push(edit);
      conflicts.set(edit.id, conflict);
      const reason = hopeless(edit, refusal.reason);
      if (reason) lost.set(edit.id, reason);
    }
    for (const conflict of conflicts.values()) this.#withdraw(conflict);
    if (!reply.more) this.revision = Math.max(this.revision, reply.revision);
    this.#refresh(touched);
    const open = [...conflicts.values()].filter(({ id }) => !lost.has(id));
    const follow: Pending[] = [];
    const undecided: Pending[] = [];
    for (const conflict of open) {
      const edits = merge(conflict);
      const next = edits && this.perform(edits);
      if (next) follow.push(next);
      if (edits) continue;
      this.conflicts.push(conflict);
      undecided.push({ ...renewal(conflict), at: gesture.at });
    }
    const declined = [...new Set(lost.values())].map((reason) => {
      const edits = [...conflicts.values()].filter(({ id }) => lost.get(id) === reason).flatMap(({ mine }) => mine);
      return { gesture: { ...gesture, gesture: `${gesture.gesture} ${reason}`, undoes: null, edits }, reason };
    });
    this.#changed(touched);
    return { follow, declined, undecided };
  }

  /** The server cannot take this gesture at all: it is taken back here. */
  reject(gesture: Gesture): void {
    this.#forget(gesture.gesture);
    const touched = new Set(gesture.edits.map((edit) => edit.id));
    for (const id of touched) this.history.drop(gesture.gesture, id);
    this.#refresh(touched);
    this.#changed(touched);
  }

  /** What the log tells: gestures of others, and own ones whose acknowledgement got lost. */
  learn(gestures: LoggedGesture[], revision: number): void {
    const touched = new Set<string>();
    for (const logged of gestures) {
      this.#take(logged, touched);
      this.#forget(logged.gesture);
    }
    this.revision = Math.max(this.revision, revision);
    this.#refresh(touched);
    this.#changed(touched);
  }

  /** A person decided on a conflict: mine goes on top of theirs, or theirs stands. */
  decide(conflict: Conflict, whose: "mine" | "theirs"): Pending | null {
    const at = this.conflicts.indexOf(conflict);
    if (at >= 0) this.conflicts.splice(at, 1);
    const current = this.cell(conflict.id) ?? null;
    const done = whose === "mine" ? this.perform(insist({ ...conflict, theirs: current }, this.newId)) : null;
    this.#changed([conflict.id]);
    return done;
  }

  #takeBack(next: () => Deed | null): Pending | null {
    for (let deed = next(); deed; deed = next()) {
      const edits = [...deed.changes].reverse().flatMap((change) => inverse(change, this.#shown));
      const done = edits.length > 0 ? this.perform(edits, deed.gesture) : null;
      if (done) return done;
      this.history.skip(deed);
    }
    return null;
  }

  /** Later unsent edits of a cell rest on the refused one: they join the conflict. */
  #withdraw(conflict: Conflict): void {
    for (const gesture of [...this.pending]) {
      const mine = gesture.edits.filter((edit) => edit.id === conflict.id);
      if (mine.length === 0) continue;
      conflict.mine.push(...mine);
      gesture.edits = gesture.edits.filter((edit) => edit.id !== conflict.id);
      this.history.drop(gesture.gesture, conflict.id);
      if (gesture.edits.length === 0) this.#forget(gesture.gesture);
    }
  }

  #take(logged: LoggedGesture, touched: Set<string>): void {
    for (const edit of logged.edits) {
      touched.add(edit.id);
      for (const cell of edit.cells ?? []) {
        touched.add(cell.id);
        this.#settle(cell.id, cell);
      }
      if (edit.op === "put_class" || edit.op === "drop_class") {
        if (edit.after) this.#confirmed.classes.set(edit.id, edit.after as CellClass);
        else this.#confirmed.classes.delete(edit.id);
      } else if (edit.after) {
        const known = this.#confirmed.cell(edit.id) ?? this.#confirmed.deleted(edit.id);
        const after = edit.after as Cell;
        if (!known || after.version > known.version) this.#settle(edit.id, after);
      } else if (edit.before) {
        // Also one that is not here yet: when it comes, it is gone already.
        const known = this.#confirmed.cell(edit.id) ?? this.#confirmed.deleted(edit.id);
        if (!known || known.version <= (edit.before as Cell).version) this.#bury(edit.before);
      }
    }
  }

  /** Whether the confirmed part is still as it was before this edit: an answer may come twice. */
  #expects(edit: Edit): boolean {
    if (edit.op === "add") return !this.#confirmed.cell(edit.id) && !this.#confirmed.deleted(edit.id);
    if (!("version" in edit)) return true;
    const known = edit.op === "restore" ? this.#confirmed.deleted(edit.id) : this.#confirmed.cell(edit.id);
    return known?.version === edit.version;
  }

  #settle(id: CellId, now: Cell | null): void {
    const known = this.#confirmed.cell(id);
    if (now) {
      this.#confirmed.cells.set(id, now);
      this.#confirmed.gone.delete(id);
    } else if (known) this.#bury(known);
  }

  #bury(before: Cell | CellClass): void {
    if (!("version" in before)) return;
    this.#confirmed.cells.delete(before.id);
    this.#confirmed.gone.set(before.id, { ...before, version: before.version + 1 });
  }

  #forget(gesture: string): void {
    const at = this.pending.findIndex((waiting) => waiting.gesture === gesture);
    if (at >= 0) this.pending.splice(at, 1);
  }

  /** Shows confirmed and pending together, for the given ids. */
  #refresh(ids: Set<string>): void {
    for (const id of ids) {
      this.#show({ kind: "cell", id, before: this.#shown.cell(id) ?? null, after: this.#confirmed.cell(id) ?? null });
      const gone = this.#confirmed.deleted(id);
      if (gone) this.#shown.gone.set(id, gone);
      this.#show({
        kind: "class",
        id,
        before: this.#shown.class(id) ?? null,
        after: this.#confirmed.class(id) ?? null,
      });
    }
    for (const gesture of this.pending) {
      for (const edit of gesture.edits) {
        const change = ids.has(edit.id) ? step(this.#shown, edit, this.user) : null;
        if (change) this.#show(change);
      }
    }
  }

  #replay(gesture: Pending): void {
    const changes = gesture.edits.map((edit) => {
      const change = step(this.#shown, edit, this.user);
      if (change) this.#show(change);
      return change;
    });
    const done = compress(changes.filter((change) => change !== null));
    this.history.record({ gesture: gesture.gesture, undoes: gesture.undoes, changes: done });
  }

  #include({ cells }: LabelsReply): CellId[] {
    // Rows say the same few words again and again: one text each, which is compared at a glance.
    const words = new Map<string, string>();
    const word = (text: string): string => words.get(text) ?? (words.set(text, text), text);
    return cells.id.filter((id, i) => {
      const known = this.#confirmed.cell(id) ?? this.#confirmed.deleted(id);
      // Columns of one table have one length.
      const version = cells.version[i]!;
      if (known && known.version >= version) return false;
      const named = cells.class[i] ?? null;
      const cell: Cell = {
        id,
        image: cells.image[i]!,
        t: cells.t[i]!,
        z: cells.z[i]!,
        y: cells.y[i]!,
        x: cells.x[i]!,
        class: named === null ? null : word(named),
        by: word(cells.by[i] ?? ""),
        version,
        flagged: cells.flagged[i] ?? false,
      };
      this.#confirmed.cells.set(id, cell);
      const before = this.#shown.cell(id) ?? null;
      // Here before the server told of it: an edit that waits is on top.
      if (before && before.version > version) return false;
      this.#show({ kind: "cell", id, before, after: cell });
      return true;
    });
  }

  #show(change: Change): void {
    if (change.kind === "cell") {
      const before = this.#shown.cell(change.id);
      if (before) {
        this.frames.remove(before);
        this.#tally(before.class, -1);
      }
      if (change.after) {
        this.frames.add(change.after);
        this.#tally(change.after.class, 1);
      }
    }
    apply(this.#shown, change);
  }

  #tally(id: ClassId | null, by: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + by);
  }

  #changed(ids: Iterable<string> | null): void {
    const changed = ids && new Set(ids);
    for (const listener of this.#listeners) listener(changed);
  }
}

function apply(facts: Facts, change: Change): void {
  if (change.kind === "class") {
    if (change.after) facts.classes.set(change.id, change.after);
    else facts.classes.delete(change.id);
  } else if (change.after) {
    facts.cells.set(change.id, change.after);
    facts.gone.delete(change.id);
  } else {
    facts.cells.delete(change.id);
    if (change.before) facts.gone.set(change.id, { ...change.before, version: change.before.version + 1 });
  }
}
