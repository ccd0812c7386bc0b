import type { Cell, CellClass, Edit, Refusal } from "./contract";
import { type Known, step } from "./step";

const HOPELESS: Partial<Record<Refusal["reason"], string>> = {
  unknown_image: "the study does not know this image",
  unknown_cell: "the study does not know this cell",
  outside: "the place is outside the image",
  malformed: "the server does not understand it",
};

/** Why no decision between two people mends a refusal, in words; null when one does. */
export function hopeless(edit: Edit, reason: Refusal["reason"]): string | null {
  // A new cell can do without its class; to be of it is all that this edit wants.
  if (reason === "unknown_class" && edit.op === "reclass") return "its class is not there any more";
  return HOPELESS[reason] ?? null;
}

/** What is known, with what some edits made of it on top. */
class Meant implements Known {
  readonly cells = new Map<string, Cell>();
  readonly #classes = new Map<string, CellClass>();

  constructor(readonly known: Known) {}

  cell = (id: string) => this.cells.get(id) ?? this.known.cell(id);
  deleted = (id: string) => this.known.deleted(id);
  class = (id: string) => this.#classes.get(id) ?? this.known.class(id);

  make(edit: Edit, by: string): void {
    const change = step(this, edit, by);
    if (!change) return;
    if (change.kind === "class") {
      if (change.after) this.#classes.set(change.id, change.after);
    } else if (change.after) this.cells.set(change.id, change.after);
    else this.cells.delete(change.id);
  }
}

/** A row of a CSV file (RFC 4180). */
export function csvRow(fields: (string | number)[]): string {
  const quoted = fields.map((field) => (/[",\r\n]/.test(`${field}`) ? `"${`${field}`.replaceAll('"', '""')}"` : `${field}`));
  return `${quoted.join(",")}\n`;
}

/**
 * The cells that edits add or change, as they were meant to be: a CSV file that `import` reads. Cells that they delete are not
 * in it. A class that nobody here knows is called by its id.
 */
export function meantCsv(edits: Edit[], known: Known, by: string, imageName: (image: number) => string): string {
  const meant = new Meant(known);
  for (const edit of edits) meant.make(edit, by);
  const rows = [...meant.cells.values()].map(({ id, image, t, z, y, x, class: given, by: who }) => {
    const name = given === null ? "" : (meant.class(given)?.name ?? given);
    return csvRow([imageName(image), t, z, y, x, name, who, id]);
  });
  return csvRow(["image", "frame", "z", "y", "x", "class", "by", "id"]) + rows.join("");
}
