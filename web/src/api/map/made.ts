import { PALETTE } from "../../state/classes";
import { type Column, type ColumnInfo, EMPTY, type MapInfo, type Neighbours, type PlateInfo, type RelabelReply, type Relabelling, type RelabelsReply, type Row } from "../../state/map/contract";
import { wellName } from "../../state/map/plate";
import { textOf } from "../../state/map/text";
import type { MapSource } from "./source";

const CLASSES = ["Interphase", "Prometaphase", "Metaphase", "Anaphase", "Apoptosis"];
const SIDE = 48;
const [ROWS, COLUMNS] = [8, 12];
const PLATE: PlateInfo = {
  rows: ROWS,
  columns: COLUMNS,
  plates: ["plate 1", "plate 2"],
  plate: "plate",
  well: "well",
  places: Array.from({ length: ROWS * COLUMNS }, (_, i) => [Math.floor(i / COLUMNS), i % COLUMNS]),
};

/** A repeatable share of one for whole numbers. */
function noise(a: number, b: number): number {
  const s = Math.sin(a * 12.9898 + b * 78.233) * 43758.5453;
  return s - Math.floor(s);
}

function bell(i: number, k: number): number {
  return Math.sqrt(-2 * Math.log(noise(i, k) + 1e-9)) * Math.cos(6.2831853 * noise(i, k + 1));
}

/** A map that needs no server: for trying the page while writing it (`npm run dev`, then `?map=100000`). */
export class MadeMap implements MapSource {
  readonly #relabels = new Map<number, string>();
  readonly #seen = new Map<string, number>();
  readonly #columns: Column[];
  readonly #positions: Float32Array<ArrayBuffer>;

  constructor(readonly n: number) {
    this.#positions = new Float32Array(2 * n);
    const truth = new Uint16Array(n);
    const guess = new Uint16Array(n);
    const [well, plate] = [new Uint16Array(n), new Uint16Array(n)];
    const [confidence, outlier, area] = [new Float32Array(n), new Float32Array(n), new Float32Array(n)];
    for (let i = 0; i < n; i++) {
      const c = Math.floor(noise(i, 1) ** 1.6 * CLASSES.length);
      const turn = 1.25 * c + 0.5 * bell(i, 2);
      const reach = 7 + 2 * Math.sin(3 * turn) + 0.7 * bell(i, 4);
      this.#positions.set([reach * Math.cos(turn) + 0.4 * bell(i, 6), reach * Math.sin(turn) + 0.4 * bell(i, 8)], 2 * i);
      truth[i] = noise(i, 10) < 0.02 ? EMPTY : c;
      guess[i] = noise(i, 11) < 0.92 ? c : (c + 1) % CLASSES.length;
      confidence[i] = guess[i] === c ? 1 - 0.4 * noise(i, 12) ** 2 : 0.3 + 0.4 * noise(i, 12);
      outlier[i] = noise(i, 13) ** 2;
      area[i] = noise(i, 14) < 0.01 ? Number.NaN : 80 + 40 * c + 25 * bell(i, 15);
      well[i] = Math.floor(noise(i, 16) * 96);
      plate[i] = Math.floor(noise(i, 18) * 2);
    }
    const colors = CLASSES.map((_, k) => PALETTE[k]!.color);
    const wells = PLATE.places.map((_, i) => wellName(Math.floor(i / COLUMNS), i % COLUMNS));
    const paint = (levels: string[]) => levels.map((_, k) => PALETTE[k % PALETTE.length]!.color);
    this.#columns = [
      { kind: "class", name: "label", codes: truth, levels: CLASSES, colors },
      { kind: "class", name: "prediction", codes: guess, levels: CLASSES, colors },
      { kind: "number", name: "confidence", values: confidence, min: 0.3, max: 1 },
      { kind: "number", name: "outlier", values: outlier, min: 0, max: 1 },
      { kind: "number", name: "area", values: area, min: -20, max: 400 },
      { kind: "class", name: "well", codes: well, levels: wells, colors: paint(wells) },
      { kind: "class", name: "plate", codes: plate, levels: PLATE.plates, colors: paint(PLATE.plates) },
    ];
  }

  info = async (): Promise<MapInfo> => ({
    name: "made up",
    cells: this.n,
    columns: this.#columns.map((column): ColumnInfo => {
      const { kind, name } = column;
      const [levels, colors] = kind === "class" ? [column.levels, column.colors] : [null, null];
      const [min, max] = kind === "number" ? [column.min, column.max] : [null, null];
      return { name, kind, levels, colors, min, max };
    }),
    picture: { height: SIDE, width: SIDE, channels: 1 },
    quality: { trustworthiness: 0.9, neighbours_kept: 0.2, recall: null },
    label: "label",
    prediction: "prediction",
    plate: PLATE,
    revision: this.#seen.size,
  });

  positions = async () => this.#positions;
  column = async ({ name }: ColumnInfo): Promise<Column> => this.#columns.find((column) => column.name === name)!;
  row = async (cell: number): Promise<Row> => Object.fromEntries(this.#columns.map((column) => [column.name, textOf(column, cell)]));

  async pictures(cells: number[]): Promise<Uint8Array<ArrayBuffer>> {
    const out = new Uint8Array(cells.length * SIDE * SIDE);
    cells.forEach((cell, k) => {
      const [wide, high, bright] = [8 + 8 * noise(cell, 20), 8 + 8 * noise(cell, 21), 120 + 120 * noise(cell, 22)];
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          const d = Math.hypot((x - SIDE / 2) / wide, (y - SIDE / 2) / high);
          const grain = 0.75 + 0.25 * noise(cell + (x >> 1), y >> 1);
          out[(k * SIDE + y) * SIDE + x] = 20 * noise(x + cell, y) + (bright * grain) / (1 + Math.exp(9 * (d - 1)));
        }
      }
    });
    return out;
  }

  neighbours = async (cell: number, k: number): Promise<Neighbours> => {
    const cells = Array.from({ length: k }, (_, i) => (cell + 1 + i * 7) % this.n);
    return { cells, distances: cells.map((_, i) => 0.1 * (i + 1)) };
  };

  relabels = async (): Promise<RelabelsReply> => ({
    revision: this.#seen.size,
    cells: [...this.#relabels.keys()],
    class: [...this.#relabels.values()],
    classes: [],
  });

  async relabel({ gesture, cells, classes }: Relabelling): Promise<RelabelReply> {
    const revision = this.#seen.get(gesture) ?? this.#seen.size + 1;
    if (this.#seen.has(gesture)) return { revision, refused: [] };
    cells.forEach((cell, i) => {
      const given = classes[i] ?? null;
      if (given === null) this.#relabels.delete(cell);
      else this.#relabels.set(cell, given);
    });
    this.#seen.set(gesture, revision);
    return { revision, refused: [] };
  }

  exported = async () => ({ name: "cells.csv", file: new Blob(["cell\n"]) });
}
