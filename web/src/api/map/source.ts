import type { Column, ColumnInfo, MapInfo, Neighbours, RelabelReply, Relabelling, RelabelsReply, Row } from "../../state/map/contract";

export type MapExport = "csv" | "crops";

/** Where a map of cells comes from: the server, or made up for trying the page without it. */
export interface MapSource {
  info(): Promise<MapInfo>;
  /** x and y of each cell, `[n, 2]`. */
  positions(): Promise<Float32Array<ArrayBuffer>>;
  column(info: ColumnInfo): Promise<Column>;
  row(cell: number): Promise<Row>;
  /** Pictures of cells, `[n, h, w, c]`. */
  pictures(cells: number[]): Promise<Uint8Array<ArrayBuffer>>;
  neighbours(cell: number, k: number): Promise<Neighbours>;
  relabels(): Promise<RelabelsReply>;
  /** Resolves when the new classes are on the server's disk. */
  relabel(gesture: Relabelling): Promise<RelabelReply>;
  /** A file with some cells; null: all. */
  exported(cells: number[] | null, format: MapExport): Promise<{ name: string; file: Blob }>;
}
