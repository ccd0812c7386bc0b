/** What the explorer's server tells of a map of cells. A cell is a row of its table, counted from 0. */
import type { components } from "../schema";

type Schemas = components["schemas"];

export type MapInfo = Schemas["Map"];
export type ColumnInfo = Schemas["MapColumn"];
export type PlateInfo = Schemas["MapPlate"];
export type Neighbours = Schemas["Neighbours"];
/** The new class of each cell that has one, and all classes that can be given besides those of the columns. */
export type RelabelsReply = Schemas["Relabels"];
/** `refused`: cells that somebody else changed in that moment. */
export type RelabelReply = Schemas["Relabelled"];

/** The code of a cell that has no class. */
export const EMPTY = 65535;

export type ClassColumn = { kind: "class"; name: string; codes: Uint16Array; levels: string[]; colors: string[] };
export type NumberColumn = { kind: "number"; name: string; values: Float32Array; min: number; max: number };
export type Column = ClassColumn | NumberColumn | { kind: "text"; name: string; values: string[] };

/** The row of a cell, by column. */
export type Row = Record<string, string | number | boolean | null>;

/** New classes for some cells, one each; null takes the new class away. */
export interface Relabelling {
  gesture: string;
  at: number;
  cells: number[];
  classes: (string | null)[];
}
