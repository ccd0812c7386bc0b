import { shownOf } from "../../state/map/filter";
import type { Spot } from "../../state/map/grid";
import type { Explorer, Way } from "./explorer.svelte";
import type { MapSight, Tool } from "./mapsight.svelte";

/** How near to a point counts as on it, in screen pixels. */
const PICK = 10;
/** A press that moves less than this is a click. */
const SLACK = 4;
/** Vertices of a lasso nearer than this add nothing. */
const APART = 3;

interface Held {
  pointer: number;
  tool: Tool;
  line: Spot[];
  last: Spot;
  moved: boolean;
}

/** Turns presses and drags on the map into looks and selections. Coordinates are screen pixels from the stage's corner. */
export class MapMouse {
  #held: Held | null = null;

  /** `pictureAt`: the cell whose picture lies there, on top of all points. */
  constructor(
    readonly explorer: Explorer,
    readonly sight: MapSight,
    readonly pictureAt: (y: number, x: number) => number | null,
    readonly drawn: (outline: Spot[] | null) => void,
  ) {}

  /** Whether the map is being held and moved. */
  get panning(): boolean {
    return this.#held?.moved === true && this.#held.tool === "pan";
  }

  down(pointer: number, button: number, y: number, x: number, shift: boolean): boolean {
    if (this.#held || button > 1) return false;
    const { tool } = this.sight;
    const doing = button === 1 ? "pan" : shift && tool === "pan" ? "lasso" : tool;
    this.#held = { pointer, tool: doing, line: [{ y, x }], last: { y, x }, moved: false };
    return true;
  }

  move(pointer: number, y: number, x: number): void {
    const { sight, explorer } = this;
    sight.cursor = { ...sight.at(y, x), keyboard: false };
    const held = this.#held;
    if (!held || held.pointer !== pointer) {
      explorer.hover = this.cellAt(y, x);
      return;
    }
    const [from] = held.line as [Spot];
    if (!held.moved && Math.hypot(y - from.y, x - from.x) < SLACK) return;
    held.moved = true;
    explorer.hover = null;
    if (held.tool === "pan") sight.pan(y - held.last.y, x - held.last.x);
    else if (held.tool === "box") held.line = [from, { y: from.y, x }, { y, x }, { y, x: from.x }];
    else if (Math.hypot(y - held.line.at(-1)!.y, x - held.line.at(-1)!.x) >= APART) held.line.push({ y, x });
    held.last = { y, x };
    if (held.tool !== "pan") this.drawn([...held.line]);
  }

  /** Shift or Ctrl adds to the selection, Alt takes away from it. */
  up(pointer: number, y: number, x: number, { shift, alt }: { shift: boolean; alt: boolean }): void {
    const held = this.#held;
    if (!held || held.pointer !== pointer) return;
    this.#held = null;
    this.drawn(null);
    const way: Way = alt ? "remove" : shift ? "add" : "replace";
    if (!held.moved) this.#click(y, x, way);
    else if (held.tool !== "pan") this.#enclose(held.line, way);
  }

  cancel(): void {
    this.#held = null;
    this.drawn(null);
  }

  cellAt(sy: number, sx: number): number | null {
    const { sight, explorer } = this;
    const mask = explorer.table?.mask;
    return this.pictureAt(sy, sx) ?? sight.grid.nearest(sight.at(sy, sx), PICK / sight.camera.scale, (cell) => mask?.[cell] === 1);
  }

  #click(y: number, x: number, way: Way): void {
    const cell = this.cellAt(y, x);
    if (cell === null) return;
    if (way === "replace") this.explorer.look(cell);
    else this.explorer.select([cell], way);
  }

  #enclose(line: Spot[], way: Way): void {
    const { sight, explorer } = this;
    const mask = explorer.table?.mask;
    const cells = sight.grid.inside(line.map(({ y, x }) => sight.at(y, x)));
    explorer.select(mask ? shownOf(cells, mask) : [], way);
  }
}
