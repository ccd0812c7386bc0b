import type { Column } from "./contract";

/** What a column says of a cell, as text; null: nothing. */
export function textOf(column: Column, cell: number): string | null {
  if (column.kind === "class") return column.levels[column.codes[cell]!] ?? null;
  if (column.kind === "text") return column.values[cell] || null;
  const value = column.values[cell]!;
  return Number.isNaN(value) ? null : String(Number(value.toPrecision(6)));
}
