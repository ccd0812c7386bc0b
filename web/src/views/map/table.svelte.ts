import type { MapSource } from "../../api/map/source";
import type { Column, MapInfo } from "../../state/map/contract";
import { allCells, cellsOf, type Filter, idle, shown } from "../../state/map/filter";

/** The columns of the cells, fetched when they are asked for, and what they filter out. */
export class Table {
  filters = $state.raw<ReadonlyMap<string, Filter>>(new Map());
  #columns = $state.raw<ReadonlyMap<string, Column>>(new Map());
  readonly #coming = new Set<string>();
  readonly all: Uint32Array;
  /** 1 for each cell that all filters let through, and these cells. */
  readonly mask: Uint8Array;
  readonly cells: Uint32Array;

  /** `extra`: a column that is made here, in place of one of that name. */
  constructor(
    readonly source: MapSource,
    readonly info: MapInfo,
    readonly extra: { name: string; column: () => Column },
    readonly failed: (error: unknown) => void,
  ) {
    this.all = allCells(info.cells);
    this.mask = $derived(shown(info.cells, this.#filtering()));
    this.cells = $derived(cellsOf(this.mask));
  }

  get names(): string[] {
    const { name: extra } = this.extra;
    return [...this.info.columns.map(({ name }) => name).filter((name) => name !== extra), extra];
  }

  /** Null while it is on its way, and for what is not there. */
  column(name: string | null): Column | null {
    if (name === null) return null;
    return name === this.extra.name ? this.extra.column() : (this.#columns.get(name) ?? this.#fetch(name));
  }

  filter(name: string): Filter | null {
    return this.filters.get(name) ?? null;
  }

  setFilter(column: Column, filter: Filter | null): void {
    const next = new Map(this.filters);
    if (!filter || idle(filter, column)) next.delete(column.name);
    else next.set(column.name, filter);
    this.filters = next;
  }

  /** Shows or hides one class; null: cells without one. */
  toggle(column: Column, name: string | null): void {
    const filter = this.filter(column.name);
    const hidden = new Set(filter?.kind === "class" ? filter.hidden : []);
    if (!hidden.delete(name)) hidden.add(name);
    this.setFilter(column, { kind: "class", hidden });
  }

  *#filtering(): Generator<[Column, Filter]> {
    for (const [name, filter] of this.filters) {
      const column = this.column(name);
      if (column) yield [column, filter];
    }
  }

  #fetch(name: string): null {
    const info = this.info.columns.find((column) => column.name === name);
    if (!info || this.#coming.has(name)) return null;
    this.#coming.add(name);
    this.source.column(info).then(
      (column) => (this.#columns = new Map(this.#columns).set(name, column)),
      (error: unknown) => {
        // Asked for again, it is fetched again.
        this.#coming.delete(name);
        this.failed(error);
      },
    );
    return null;
  }
}
