import type { Column, ColumnInfo, MapInfo, Neighbours, RelabelReply, Relabelling, RelabelsReply, Row } from "../../state/map/contract";
import { varied } from "../../state/map/colors";
import { address, ask, get, send } from "../ask";
import type { MapExport, MapSource } from "./source";

async function bytes(path: string, query: Record<string, string | number> = {}): Promise<ArrayBuffer> {
  return (await ask(address(path, query))).arrayBuffer();
}

/** The map that the server explores. Browsers run on little-endian machines only, so its numbers are taken as they come. */
export class HttpMap implements MapSource {
  async info(): Promise<MapInfo> {
    const info = await get<MapInfo>("map");
    return { ...info, columns: info.columns.map((column) => ({ ...column, colors: column.colors && varied(column.colors) })) };
  }

  async positions(): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await bytes("map/positions"));
  }

  async column({ name, kind, levels, colors, min, max }: ColumnInfo): Promise<Column> {
    if (kind === "text") {
      const values = await get<(string | null)[]>("map/column", { name });
      return { kind, name, values: values.map((value) => value ?? "") };
    }
    const read = await bytes("map/column", { name });
    if (kind === "number") return { kind, name, values: new Float32Array(read), min: min ?? 0, max: max ?? 1 };
    return { kind, name, codes: new Uint16Array(read), levels: levels ?? [], colors: colors ?? [] };
  }

  row = (cell: number) => get<Row>("map/cell", { cell });

  async pictures(cells: number[]): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await bytes("map/pictures", { cells: cells.join(",") }));
  }

  neighbours = (cell: number, k: number) => get<Neighbours>("map/neighbours", { cell, k });

  relabels = () => get<RelabelsReply>("map/labels");

  async relabel({ gesture, cells, classes }: Relabelling): Promise<RelabelReply> {
    const reply = await send("POST", "map/labels", { gesture, cells, classes });
    return (await reply.json()) as RelabelReply;
  }

  async exported(cells: number[] | null, format: MapExport): Promise<{ name: string; file: Blob }> {
    const reply = await send("POST", "map/export", { cells, format });
    const name = /filename="([^"]+)"/.exec(reply.headers.get("content-disposition") ?? "")?.[1];
    return { name: name ?? (format === "csv" ? "cells.csv" : "cells.crops.zip"), file: await reply.blob() };
  }
}
