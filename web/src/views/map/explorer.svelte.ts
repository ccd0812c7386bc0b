import { Pictures } from "../../api/map/pictures";
import { RelabelBox } from "../../api/map/relabelbox";
import type { MapExport } from "../../api/map/source";
import { PALETTE } from "../../state/classes";
import type { Session } from "../../state/contract";
import { csvRow } from "../../state/declined";
import { newId } from "../../state/id";
import { type ClassColumn, EMPTY, type MapInfo, type Relabelling } from "../../state/map/contract";
import { cellsOf, shownOf } from "../../state/map/filter";
import { Grid } from "../../state/map/grid";
import { planeOf } from "../../state/map/plane";
import { Relabels } from "../../state/map/relabels";
import { Desk } from "../desk.svelte";
import { saveFile } from "../save";
import { MapSight } from "./mapsight.svelte";
import { Table } from "./table.svelte";

/** The column of new classes. */
export const RELABEL = "relabel";

const NONE = new Uint32Array(0);

/** How a selection takes new cells. */
export type Way = "replace" | "add" | "remove";

/** All that the views of a map work on: its cells, what is selected, and their new classes. */
export class Explorer extends Desk<Relabelling> {
  info = $state.raw<MapInfo | null>(null);
  sight = $state.raw<MapSight | null>(null);
  table = $state.raw<Table | null>(null);
  pictures = $state.raw<Pictures | null>(null);
  /** Rises with every change of a new class. */
  version = $state(0);
  /** Rises when pictures have come. */
  arrived = $state(0);
  colorBy = $state("");
  /** Columns whose filters are open, besides the one that colours. */
  open = $state.raw<string[]>([]);
  sortBy = $state("");
  falling = $state(false);
  /** The cells that were selected, whether filters show them or not. */
  chosen = $state.raw<Uint32Array>(NONE);
  /** The cells of the montage that get the next class. */
  marked = $state.raw<ReadonlySet<number>>(new Set());
  /** The cell whose row and neighbours are shown. */
  current = $state.raw<number | null>(null);
  hover = $state.raw<number | null>(null);
  #added = $state.raw<string[]>([]);
  readonly relabels = new Relabels(newId, Date.now, () => this.version++);

  /** Classes that can be given, with their colours. */
  readonly classes = $derived.by(() => {
    void this.version;
    const colors = new Map<string, string>();
    for (const name of [this.info?.label, this.info?.prediction]) {
      const column = this.info?.columns.find((candidate) => candidate.name === name);
      column?.levels?.forEach((level, i) => colors.has(level) || colors.set(level, column.colors?.[i] ?? next(colors)));
    }
    for (const { name, color } of this.relabels.classes) if (!colors.has(name)) colors.set(name, color);
    for (const [, level] of this.relabels.entries()) if (!colors.has(level)) colors.set(level, next(colors));
    for (const level of this.#added) if (!colors.has(level)) colors.set(level, next(colors));
    return [...colors].map(([name, color]) => ({ name, color }));
  });

  /** New classes as a column. */
  readonly relabelled: ClassColumn = $derived.by(() => {
    void this.version;
    const [levels, colors] = [this.classes.map(({ name }) => name), this.classes.map(({ color }) => color)];
    const code = new Map(levels.map((name, i) => [name, i]));
    const codes = new Uint16Array(this.info?.cells ?? 0).fill(EMPTY);
    for (const [cell, name] of this.relabels.entries()) codes[cell] = code.get(name) ?? EMPTY;
    return { kind: "class", name: RELABEL, codes, levels, colors };
  });

  /** The selected cells that filters show. */
  readonly selection = $derived.by(() => {
    const mask = this.table?.mask;
    return mask ? shownOf(this.chosen, mask) : NONE;
  });

  /** What the montage and the tables are about: the selection, or all that is shown when nothing is selected. */
  readonly seen = $derived(this.selection.length > 0 ? this.selection : (this.table?.cells ?? NONE));

  async start(session: Session): Promise<void> {
    try {
      this.session = session;
      const { map } = this.source;
      const [info, positions] = await Promise.all([map.info(), map.positions()]);
      const fail = (error: unknown) => this.notices.fail(error);
      this.info = info;
      this.table = new Table(map, info, { name: RELABEL, column: () => this.relabelled }, fail);
      if (info.picture) this.pictures = new Pictures(map, info.picture, () => this.arrived++, fail);
      const plane = planeOf(positions);
      this.sight = new MapSight(plane, new Grid(plane));
      const first = info.columns.find(({ kind }) => kind === "class") ?? info.columns.find(({ kind }) => kind === "number");
      this.colorBy = info.label ?? info.prediction ?? first?.name ?? RELABEL;
      await this.connect(session, () => new RelabelBox(map, this.relabels));
      this.source.listen({
        connected: (is) => void this.reconnected(is),
        labels: (revision) => revision > this.relabels.revision && this.pull(),
        train: () => {},
        suggest: () => {},
      });
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  // Selecting.

  select(cells: ArrayLike<number>, way: Way = "replace"): void {
    const mask = new Uint8Array(this.info?.cells ?? 0);
    // By their index: iterators take several times as long, and these may be a million.
    const mark = (marked: ArrayLike<number>, as: 0 | 1) => {
      for (let i = 0; i < marked.length; i++) mask[marked[i]!] = as;
    };
    if (way !== "replace") mark(this.chosen, 1);
    mark(cells, way === "remove" ? 0 : 1);
    this.chosen = cellsOf(mask);
    this.marked = new Set();
  }

  selectNone(): void {
    if (this.marked.size > 0) this.marked = new Set();
    else this.select([]);
  }

  invert(): void {
    const had = new Uint8Array(this.info?.cells ?? 0);
    for (const cell of this.selection) had[cell] = 1;
    this.select((this.table?.cells ?? NONE).filter((cell) => !had[cell]));
  }

  /** The cells that lie where few others do come first. */
  showOutliers(): void {
    if (!this.table?.names.includes("outlier")) return;
    [this.sortBy, this.falling] = ["outlier", true];
  }

  /** A cell by itself, with its row and neighbours. */
  look(cell: number | null): void {
    this.current = cell;
  }

  // New classes.

  /** Gives a class to the marked cells, else to the one that is looked at. */
  give(name: string | null): void {
    const cells = this.marked.size > 0 ? [...this.marked] : this.current === null ? [] : [this.current];
    if (!this.loaded) this.notices.say("info", "The labels are still on their way.");
    else if (cells.length === 0) this.notices.say("info", "Mark cells of the montage first; A marks all of them.");
    else for (const gesture of this.relabels.give(cells, name)) this.push(gesture);
  }

  addClass(name: string): void {
    this.#added = [...this.#added, name.trim()].filter((added) => added !== "");
  }

  undo(): void {
    this.#repeat(this.relabels.undo(), "undo");
  }

  redo(): void {
    this.#repeat(this.relabels.redo(), "redo");
  }

  async save(cells: Uint32Array | null, format: MapExport): Promise<void> {
    try {
      const { name, file } = await this.source.map.exported(cells && [...cells], format);
      saveFile(name, file);
    } catch (error) {
      this.notices.fail(error);
    }
  }

  override declinedFile(): { name: string; text: string } {
    const rows = this.declined.flatMap(({ gesture: { cells, classes } }) => cells.map((cell, i) => csvRow([cell, classes[i] ?? ""])));
    return { name: `${this.info?.name ?? "map"}_not_taken.csv`, text: csvRow(["cell", "class"]) + rows.join("") };
  }

  protected override sizeOf(gesture: Relabelling): number {
    return gesture.cells.length;
  }

  protected override again(gesture: Relabelling): boolean {
    for (const made of this.relabels.perform(gesture.cells, gesture.classes)) this.push(made);
    return true;
  }

  #repeat(gestures: Relabelling[] | null, what: string): void {
    if (!gestures) this.notices.say("info", `Nothing to ${what}.`);
    for (const gesture of gestures ?? []) this.push(gesture);
  }
}

/** A colour that no class has yet, as long as there are any. */
function next(colors: Map<string, string>): string {
  const taken = new Set(colors.values());
  return PALETTE.find(({ color }) => !taken.has(color))?.color ?? PALETTE[colors.size % PALETTE.length]!.color;
}
