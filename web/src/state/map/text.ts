import type { Column } from "./contract";

/** What a column says of a cell, as text; null: nothing. */
export function textOf(column: Column, cell: number): string | null {
  if (column.kind === "class") return column.levels[column.codes[cell]!] ?? null;
  if (column.kind === "text") return column.values[cell] || null;
  const value = column.values[cell]!;
  return Number.isNaN(value) ? null : shown(value);
}

/** A value as people read it. */
export function shown(value: string | number | boolean, digits = 6): string {
  return typeof value === "number" ? String(Number(value.toPrecision(digits))) : String(value);
}

const THOUSANDS = new Intl.NumberFormat("en");

/** A number of cells as people read it. */
export function counted(n: number): string {
  return THOUSANDS.format(n);
}
