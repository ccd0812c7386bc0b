import type { Cell, Edit, Gesture } from "./contract";
import { samePlace } from "./step";

/** An edit that was refused because somebody else changed the cell first. */
export interface Conflict {
  id: string;
  mine: Edit[];
  /** What stands now; null: deleted. */
  theirs: Cell | null;
  /** The cell as this page knew it. */
  seen: Cell | null;
  /** Id of the gesture as which it is kept until a person decides. */
  kept: string;
}

/**
 * Edits that say mine on top of theirs, when the two touched different things (one moved, the other re-classed) or gave the same
 * class; null when only a person can decide.
 */
export function merge(conflict: Conflict): Edit[] | null {
  const { mine, theirs, seen } = conflict;
  if (!theirs || !seen || mine.some((edit) => edit.op === "delete" || edit.op === "restore")) return null;
  const moved = !samePlace(seen, theirs);
  const reclassed = seen.class !== theirs.class;
  const other = reclassed && mine.some((edit) => edit.op === "reclass" && edit.class !== theirs.class);
  const clashes = other || (moved && mine.some((edit) => edit.op === "move"));
  return clashes ? null : rebase(mine, theirs);
}

/** Mine, whatever they did: edits on top of theirs; a deleted cell is put back under a new id. */
export function insist(conflict: Conflict, newId: () => string): Edit[] {
  const { mine, theirs, seen } = conflict;
  if (theirs) return rebase(mine, theirs);
  const added = mine.find((edit) => edit.op === "add");
  // Refused because its class is gone: the place is kept, without a class.
  if (added) return [{ ...added, id: newId(), class: null }];
  if (!seen || mine.some((edit) => edit.op === "delete")) return [];
  const wanted = { ...seen };
  for (const edit of mine) {
    if (edit.op === "move") Object.assign(wanted, { y: edit.y, x: edit.x, t: edit.t ?? seen.t, z: edit.z ?? seen.z });
    if (edit.op === "reclass") wanted.class = edit.class;
  }
  const { image, t, z, y, x } = wanted;
  return [{ op: "add", id: newId(), image, t, z, y, x, class: wanted.class }];
}

/** A gesture that comes to the same conflict when it is sent: all of it rests on what somebody else has changed since. */
export function renewal({ id, mine, seen, kept }: Conflict): Gesture & { seen: Record<string, Cell | null> } {
  const added = mine.filter((edit) => edit.op === "add");
  const version = mine.find((edit) => "version" in edit)?.version;
  const edits = added.length > 0 ? added : mine.map((edit) => ("version" in edit ? { ...edit, version } : edit) as Edit);
  return { gesture: kept, undoes: null, edits, seen: { [id]: seen } };
}

function rebase(mine: Edit[], theirs: Cell): Edit[] {
  return mine
    .filter((edit) => "version" in edit && edit.op !== "restore")
    .map((edit, i) => ({ ...edit, version: theirs.version + i }) as Edit);
}
