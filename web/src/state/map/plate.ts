import type { Column, PlateInfo } from "./contract";

/** The name of a well by its row and column, counted from 0: `A01`, `AF48`. */
export function wellName(row: number, column: number): string {
  return `${rowName(row)}${String(column + 1).padStart(2, "0")}`;
}

/** `A` to `Z`, then `AA`. */
export function rowName(row: number): string {
  const letter = (i: number) => String.fromCharCode(65 + i);
  return row < 26 ? letter(row) : letter(Math.floor(row / 26) - 1) + letter(row % 26);
}

/** The cells of each well of one plate, row by row. `plate` is the place of the plate in the list. */
export function wellsOf(info: PlateInfo, wells: Column | null, plates: Column | null, plate: number, cells: Uint32Array): number[][] {
  const found: number[][] = Array.from({ length: info.rows * info.columns }, () => []);
  if (wells?.kind !== "class") return found;
  for (const cell of cells) {
    if (plates?.kind === "class" && plates.codes[cell] !== plate) continue;
    const place = info.places[wells.codes[cell]!];
    if (place) found[place[0]! * info.columns + place[1]!]?.push(cell);
  }
  return found;
}

/** What each well is coloured by: its mean of a number column, its number of cells, or its share of selected cells. */
export function wellValues(wells: number[][], column: Column | "cells" | "selected", selected: Uint32Array): (number | null)[] {
  const chosen = new Set(column === "selected" ? selected : []);
  return wells.map((cells) => {
    if (cells.length === 0) return null;
    if (column === "cells") return cells.length;
    if (column === "selected") return cells.filter((cell) => chosen.has(cell)).length / cells.length;
    if (column.kind !== "number") return null;
    const values = cells.map((cell) => column.values[cell]!).filter((value) => !Number.isNaN(value));
    return values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null;
  });
}
