import type { Cell, CellClass, CellId, ClassId, Edit } from "./contract";

/** Cells and classes as some party knows them. */
export interface Known {
  cell(id: CellId): Cell | undefined;
  /** A deleted cell, as it was after its deletion. */
  deleted(id: CellId): Cell | undefined;
  class(id: ClassId): CellClass | undefined;
}

/** What one edit changed; null: was not, or is not, there. */
export type Change =
  | { kind: "cell"; id: CellId; before: Cell | null; after: Cell | null }
  | { kind: "class"; id: ClassId; before: CellClass | null; after: CellClass | null };

/** What an edit does to what is known; null when it cannot apply. Versions are not compared: that is the server's part. */
export function step(known: Known, edit: Edit, by: string): Change | null {
  switch (edit.op) {
    case "put_class": {
      const { op: _, ...after } = edit;
      return { kind: "class", id: edit.id, before: known.class(edit.id) ?? null, after };
    }
    case "drop_class": {
      const before = known.class(edit.id);
      return before ? { kind: "class", id: edit.id, before, after: null } : null;
    }
    case "add": {
      const { op: _, suggestion: __, ...place } = edit;
      return { kind: "cell", id: edit.id, before: null, after: { ...place, by, version: 1, flagged: false } };
    }
    case "restore": {
      const gone = known.deleted(edit.id);
      return gone ? { kind: "cell", id: edit.id, before: null, after: { ...gone, by, version: gone.version + 1 } } : null;
    }
  }
  const before = known.cell(edit.id);
  if (!before) return null;
  const next = { ...before, by, version: before.version + 1 };
  switch (edit.op) {
    case "delete":
      return { kind: "cell", id: edit.id, before, after: null };
    case "reclass":
      return { kind: "cell", id: edit.id, before, after: { ...next, class: edit.class } };
    case "move":
      return {
        kind: "cell",
        id: edit.id,
        before,
        after: { ...next, y: edit.y, x: edit.x, t: edit.t ?? before.t, z: edit.z ?? before.z },
      };
  }
}

/** One change for each thing that a gesture touched: from before its first edit to after its last. */
export function compress(changes: Change[]): Change[] {
  const whole = new Map<string, Change>();
  for (const change of changes) {
    const key = `${change.kind} ${change.id}`;
    const first = whole.get(key);
    whole.set(key, first ? ({ ...first, after: change.after } as Change) : change);
  }
  return [...whole.values()];
}

/** Whether two states of a cell say the same but for version and labeller. */
function sameCell(a: Cell, b: Cell): boolean {
  return samePlace(a, b) && a.class === b.class;
}

export function samePlace(a: Cell, b: Cell): boolean {
  return a.t === b.t && a.z === b.z && a.y === b.y && a.x === b.x;
}

/** The edits that take a change back, given what is known now; none where somebody has changed the cell since. */
export function inverse(change: Change, known: Known): Edit[] {
  if (change.kind === "class") {
    if (change.before) return [{ op: "put_class", ...change.before }];
    return known.class(change.id) ? [{ op: "drop_class", id: change.id, reassign: null }] : [];
  }
  const { id, before, after } = change;
  const now = known.cell(id);
  if (!after) {
    const gone = known.deleted(id);
    return before && !now && gone ? [{ op: "restore", id, version: gone.version }] : [];
  }
  if (!now || !sameCell(now, after)) return [];
  if (!before) return [{ op: "delete", id, version: now.version }];
  const edits: Edit[] = [];
  let version = now.version;
  const stayed = samePlace(before, after);
  if (!stayed) {
    edits.push({ op: "move", id, version: version++, t: before.t, z: before.z, y: before.y, x: before.x });
  }
  // Where nothing else changed, the same class was given again.
  if (stayed || before.class !== after.class) edits.push({ op: "reclass", id, version, class: before.class });
  return edits;
}
