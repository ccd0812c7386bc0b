import type { Cell } from "../state/contract";
import type { Workbench } from "./workbench.svelte";

/** How near to a marker counts as on it, in screen pixels. */
const PICK = 9;
/** A press that moves less than this is a click. */
const SLACK = 4;

interface Held {
  pointer: number;
  kind: "click" | "pan" | "move" | "box";
  from: { y: number; x: number };
  last: { y: number; x: number };
  cell: Cell | null;
  moved: boolean;
}

/** What is being dragged, in screen pixels, for the overlay. */
export interface Drag {
  kind: "move" | "box";
  from: { y: number; x: number };
  to: { y: number; x: number };
}

/** Turns presses and drags on the stage into gestures. Coordinates are screen pixels from the stage's corner. */
export class Mouse {
  #held: Held | null = null;

  constructor(
    readonly bench: Workbench,
    readonly dragged: (drag: Drag | null) => void,
  ) {}

  /** Whether the image is being held and moved. */
  get panning(): boolean {
    return this.#held?.moved === true && this.#held.kind === "pan";
  }

  down(pointer: number, button: number, y: number, x: number, shift: boolean, ctrl: boolean): boolean {
    if (this.#held || button > 1) return false;
    const cell = button === 0 && !ctrl ? this.#cellAt(y, x) : null;
    const kind = button === 1 ? "pan" : shift && !cell ? "box" : "click";
    this.#held = { pointer, kind, from: { y, x }, last: { y, x }, cell, moved: false };
    return true;
  }

  move(pointer: number, y: number, x: number): void {
    const { viewer } = this.bench;
    viewer.cursor = { ...viewer.at(y, x), keyboard: false };
    const held = this.#held;
    if (!held || held.pointer !== pointer) return;
    if (!held.moved && Math.hypot(y - held.from.y, x - held.from.x) < SLACK) return;
    if (!held.moved && held.kind === "click") held.kind = held.cell ? "move" : "pan";
    held.moved = true;
    if (held.kind === "pan") viewer.pan(y - held.last.y, x - held.last.x);
    else if (held.kind !== "click") this.dragged({ kind: held.kind, from: held.from, to: { y, x } });
    held.last = { y, x };
  }

  up(pointer: number, y: number, x: number, shift: boolean): void {
    const held = this.#held;
    if (!held || held.pointer !== pointer) return;
    this.#held = null;
    this.dragged(null);
    if (!held.moved) this.#click(held, y, x, shift);
    else if (held.kind === "move") this.#drop(held, y, x);
    else if (held.kind === "box") this.#box(held, y, x);
  }

  cancel(): void {
    this.#held = null;
    this.dragged(null);
  }

  #cellAt(sy: number, sx: number): Cell | null {
    const { viewer, labels, markers } = this.bench;
    const { image, shown } = viewer;
    if (!image || !markers.shown) return null;
    const { y, x } = viewer.at(sy, sx);
    return labels.frames.near(image.id, shown.t, shown.z, y, x, PICK / viewer.camera.scale)[0] ?? null;
  }

  #click(held: Held, sy: number, sx: number, shift: boolean): void {
    const { bench } = this;
    if (held.kind === "pan" || held.kind === "box") return;
    if (held.cell) {
      const { id } = held.cell;
      const next = new Set(shift ? bench.selected : []);
      if (shift && next.has(id)) next.delete(id);
      else next.add(id);
      bench.selected = next;
      return;
    }
    const { y, x } = bench.viewer.at(sy, sx);
    if (!bench.viewer.inside(y, x)) {
      bench.selected = new Set();
      return;
    }
    const guess = bench.guesses.at(y, x, PICK / bench.viewer.camera.scale);
    if (guess && bench.guesses.current?.id !== guess.id) bench.guesses.choose(guess);
    else bench.add(y, x);
  }

  #drop(held: Held, sy: number, sx: number): void {
    const { bench } = this;
    const cell = held.cell && bench.labels.cell(held.cell.id);
    if (!cell) return;
    const { scale } = bench.viewer.camera;
    const cells = bench.selected.has(cell.id) ? bench.selection : [cell];
    bench.move(cells, (sy - held.from.y) / scale, (sx - held.from.x) / scale);
  }

  #box(held: Held, sy: number, sx: number): void {
    const { viewer, labels } = this.bench;
    const { image, shown } = viewer;
    if (!image) return;
    const [a, b] = [viewer.at(held.from.y, held.from.x), viewer.at(sy, sx)];
    const [y0, y1] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
    const [x0, x1] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
    const found = labels.frames.within(image.id, shown.t, shown.z, y0, x0, y1, x1);
    this.bench.selected = new Set([...this.bench.selected, ...found.map((cell) => cell.id)]);
  }
}
