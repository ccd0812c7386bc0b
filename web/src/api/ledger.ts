import type {
  Cell,
  CellClass,
  Edit,
  EditsReply,
  Gesture,
  ImageId,
  LabelsReply,
  LoggedEdit,
  LoggedGesture,
  LogReply,
  Refusal,
} from "../state/contract";
import { step } from "../state/step";

/** The server's side of the label log, in memory: for trying the page, and for tests of everything that talks to it. */
export class Ledger {
  readonly #cells = new Map<string, Cell>();
  readonly #gone = new Map<string, Cell>();
  readonly #classes = new Map<string, CellClass>();
  readonly #replies = new Map<string, EditsReply>();
  readonly #log: LoggedGesture[] = [];
  /** Gestures given at once on the way back through the log. */
  part = 200;

  cell = (id: string) => this.#cells.get(id);
  deleted = (id: string) => this.#gone.get(id);
  class = (id: string) => this.#classes.get(id);

  get revision(): number {
    return this.#log.length;
  }

  write(gesture: Gesture, by: string, base: number): EditsReply {
    const first = this.#replies.get(gesture.gesture);
    if (first) return first;
    const edits: LoggedEdit[] = [];
    const refused: Refusal[] = [];
    gesture.edits.forEach((edit, index) => {
      const reason = this.#objection(edit);
      const change = reason ? null : step(this, edit, by);
      if (!change) {
        refused.push({ index, reason: reason ?? "gone", current: this.#cells.get(edit.id) ?? null });
        return;
      }
      edits.push({ index, op: edit.op, id: edit.id, before: change.before, after: change.after });
      if (change.kind === "class") {
        if (change.after) this.#classes.set(change.id, change.after);
        else this.#classes.delete(change.id);
      } else if (change.after) {
        this.#cells.set(change.id, change.after);
        this.#gone.delete(change.id);
      } else if (change.before) {
        this.#cells.delete(change.id);
        this.#gone.set(change.id, { ...change.before, version: change.before.version + 1 });
      }
    });
    const since = this.#log.slice(base);
    const revision = this.revision + 1;
    const { gesture: id, undoes } = gesture;
    this.#log.push({ gesture: id, revision, by, client: by, at: "2026-01-01T00:00:00Z", undoes, edits });
    const reply = { revision, gesture: id, applied: edits, refused, since, more: false };
    this.#replies.set(id, reply);
    return structuredClone(reply);
  }

  labels(image?: ImageId): LabelsReply {
    const cells = [...this.#cells.values()].filter((cell) => image === undefined || cell.image === image);
    return structuredClone({
      revision: this.revision,
      classes: [...this.#classes.values()],
      cells: {
        id: cells.map((c) => c.id),
        image: cells.map((c) => c.image),
        t: cells.map((c) => c.t),
        z: cells.map((c) => c.z),
        y: cells.map((c) => c.y),
        x: cells.map((c) => c.x),
        class: cells.map((c) => c.class),
        by: cells.map((c) => c.by),
        version: cells.map((c) => c.version),
        flagged: cells.map((c) => c.flagged),
      },
    });
  }

  log(after: number): LogReply {
    return structuredClone({ revision: this.revision, gestures: this.#log.slice(after), more: false });
  }

  logBefore(before: number, by: string): LogReply {
    const mine = this.#log.filter((gesture) => gesture.by === by && gesture.revision < before);
    const gestures = mine.slice(-this.part);
    return structuredClone({ revision: this.revision, gestures, more: gestures.length < mine.length });
  }

  #objection(edit: Edit): Refusal["reason"] | null {
    if ((edit.op === "add" || edit.op === "reclass") && edit.class !== null && !this.#classes.has(edit.class)) {
      return "unknown_class";
    }
    if (edit.op === "add") return this.#cells.has(edit.id) || this.#gone.has(edit.id) ? "exists" : null;
    if (!("version" in edit)) return null;
    const known = edit.op === "restore" ? this.#gone.get(edit.id) : this.#cells.get(edit.id);
    if (!known) return "gone";
    return known.version === edit.version ? null : "stale";
  }
}
