import { type ClassColumn, type Column, EMPTY, type NumberColumn } from "./contract";

/** Cells of each class among some; the last count is of those without. */
export function tally(column: ClassColumn, cells: Uint32Array): number[] {
  const counts = new Array<number>(column.levels.length + 1).fill(0);
  for (const cell of cells) counts[Math.min(column.codes[cell]!, column.levels.length)]!++;
  return counts;
}

/** Which truths were taken for what: counts by class of `rows`, then of `columns`, over all their names. */
export function crossed(rows: ClassColumn, columns: ClassColumn, cells: Uint32Array): { classes: string[]; counts: number[][] } {
  const classes = [...new Set([...rows.levels, ...columns.levels])];
  const counts = classes.map(() => classes.map(() => 0));
  const [ri, ci] = [rows.levels.map((name) => classes.indexOf(name)), columns.levels.map((name) => classes.indexOf(name))];
  for (const cell of cells) {
    const [r, c] = [ri[rows.codes[cell]!], ci[columns.codes[cell]!]];
    if (r !== undefined && c !== undefined) counts[r]![c]!++;
  }
  return { classes, counts };
}

/** The cells with one truth and one prediction; null stands for any class. */
export function among(rows: ClassColumn, row: string | null, columns: ClassColumn, column: string | null, cells: Uint32Array): Uint32Array {
  const [r, c] = [row === null ? null : rows.levels.indexOf(row), column === null ? null : columns.levels.indexOf(column)];
  const is = (code: number, sought: number | null) => (sought === null ? code !== EMPTY : code === sought);
  return cells.filter((cell) => is(rows.codes[cell]!, r) && is(columns.codes[cell]!, c));
}

/** Cells of a number column in equal steps from its least to its largest value. */
export function histogram(column: NumberColumn, cells: Uint32Array, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const { values, min, max } = column;
  const scale = bins / (max - min || 1);
  for (const cell of cells) {
    const value = values[cell]!;
    if (!Number.isNaN(value)) counts[Math.min(bins - 1, Math.floor((value - min) * scale))]!++;
  }
  return counts;
}

/** Cells in the order of a column; without a value last, equal ones in the order of the table. */
export function sorted(cells: Uint32Array, column: Column | null, falling: boolean): Uint32Array {
  const out = cells.slice();
  if (!column) return falling ? out.reverse() : out;
  const sign = falling ? -1 : 1;
  if (column.kind === "text") {
    const { values } = column;
    return out.sort((a, b) => sign * (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : 0) || a - b);
  }
  const { values, none } = column.kind === "class" ? { values: column.codes, none: EMPTY } : { values: column.values, none: Number.NaN };
  const empty = (value: number) => value === none || Number.isNaN(value);
  return out.sort((a, b) => {
    const [x, y] = [values[a]!, values[b]!];
    if (empty(x) || empty(y)) return Number(empty(x)) - Number(empty(y)) || a - b;
    return sign * (x - y) || a - b;
  });
}
