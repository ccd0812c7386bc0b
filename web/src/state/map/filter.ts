import { type ClassColumn, type Column, EMPTY } from "./contract";

/** Which cells a column lets through. */
export type Filter =
  /** Names of the classes that are hidden, whose codes may change; null: cells without a class. */
  | { kind: "class"; hidden: ReadonlySet<string | null> }
  /** Both ends belong to it; empty values pass only when the range is open at both ends. */
  | { kind: "number"; low: number; high: number }
  | { kind: "text"; contains: string };

/** 1 for each cell that all filters let through. */
export function shown(n: number, filters: Iterable<[Column, Filter]>): Uint8Array {
  const mask = new Uint8Array(n).fill(1);
  for (const [column, filter] of filters) {
    if (column.kind === "class" && filter.kind === "class") hideClasses(mask, column, filter.hidden);
    else if (column.kind === "number" && filter.kind === "number") keepRange(mask, column.values, filter.low, filter.high);
    else if (column.kind === "text" && filter.kind === "text") keepText(mask, column.values, filter.contains);
  }
  return mask;
}

function hideClasses(mask: Uint8Array, { codes, levels }: ClassColumn, hidden: ReadonlySet<string | null>): void {
  const keep = new Uint8Array(EMPTY + 1).fill(1);
  levels.forEach((name, code) => hidden.has(name) && (keep[code] = 0));
  if (hidden.has(null)) keep[EMPTY] = 0;
  for (let i = 0; i < mask.length; i++) mask[i]! &= keep[codes[i]!]!;
}

function keepRange(mask: Uint8Array, values: Float32Array, low: number, high: number): void {
  for (let i = 0; i < mask.length; i++) if (!(values[i]! >= low && values[i]! <= high)) mask[i] = 0;
}

function keepText(mask: Uint8Array, values: string[], contains: string): void {
  const sought = contains.toLowerCase();
  for (let i = 0; i < mask.length; i++) if (!values[i]!.toLowerCase().includes(sought)) mask[i] = 0;
}

/** Whether a filter lets everything through. */
export function idle(filter: Filter, column: Column): boolean {
  if (filter.kind === "class") return filter.hidden.size === 0;
  if (filter.kind === "text") return filter.contains === "";
  return column.kind === "number" && filter.low <= column.min && filter.high >= column.max;
}

/** The cells of a mask, in their order. */
export function cellsOf(mask: Uint8Array): Uint32Array {
  let n = 0;
  for (let i = 0; i < mask.length; i++) n += mask[i]!;
  const cells = new Uint32Array(n);
  for (let i = 0, k = 0; i < mask.length; i++) if (mask[i]) cells[k++] = i;
  return cells;
}

/** All `n` cells. */
export function allCells(n: number): Uint32Array {
  return cellsOf(new Uint8Array(n).fill(1));
}

/** Those of some cells that a mask has. */
export function shownOf(cells: Uint32Array, mask: Uint8Array): Uint32Array {
  const shown = new Uint32Array(cells.length);
  let n = 0;
  for (let i = 0; i < cells.length; i++) if (mask[cells[i]!] === 1) shown[n++] = cells[i]!;
  return n === cells.length ? cells : shown.slice(0, n);
}
