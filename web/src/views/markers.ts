import { strideOf } from "../draw/budget";
import { CURRENT, PALE, SELECTED, STRIDE, WARNED } from "../draw/markers";
import { shapeNumber } from "../state/classes";
import type { CellClass, ClassId } from "../state/contract";
import type { Workbench } from "./workbench.svelte";

const NO_CLASS = { color: 0xffffff, shape: 0 };

let numbers = new Float32Array(1024 * STRIDE);

/**
 * All markers of the frame that is seen, as the numbers that the marker pass draws: suggestions, then cells in an order in
 * which every beginning is an even sample. What is the same for all cells is asked once, not 100,000 times.
 */
export function markerNumbers(bench: Workbench): { numbers: Float32Array; n: number } {
  const { viewer, labels, warnings, selected, guesses } = bench;
  const { image, shown } = viewer;
  if (!image) return { numbers, n: 0 };
  const looks = new Map<ClassId, { color: number; shape: number }>(bench.classes.map((c) => [c.id, look(c)]));
  const guessed = guesses.here;
  const room = (labels.frames.size(image.id, shown.t, shown.z) + guessed.length) * STRIDE;
  if (numbers.length < room) numbers = new Float32Array(room * 2);
  // Neighbours mostly are of one class.
  let [of, { color, shape }]: [ClassId | null, typeof NO_CLASS] = [null, NO_CLASS];
  const put = (place: number, x: number, y: number, c: ClassId | null, state: number) => {
    if (c !== of) [of, { color, shape }] = [c, (c !== null && looks.get(c)) || NO_CLASS];
    const at = place * STRIDE;
    numbers[at] = x;
    numbers[at + 1] = y;
    numbers[at + 2] = color;
    numbers[at + 3] = shape + 16 * state;
  };
  guessed.forEach((s, i) => put(i, s.x, s.y, s.class, PALE | (s.id === guesses.current?.id ? CURRENT : 0)));
  const cells = labels.frames.in(image.id, shown.t, shown.z);
  const step = strideOf(cells.length);
  const [someSelected, someWarned] = [selected.size > 0, !warnings.none];
  let place = 0;
  for (const { id, x, y, class: c } of cells) {
    const state = (someSelected && selected.has(id) ? SELECTED : 0) | (someWarned && warnings.has(id) ? WARNED : 0);
    put(guessed.length + place, x, y, c, state);
    place += step;
    if (place >= cells.length) place -= cells.length;
  }
  return { numbers, n: guessed.length + cells.length };
}

function look(c: CellClass): { color: number; shape: number } {
  return { color: Number.parseInt(c.color.slice(1), 16), shape: shapeNumber(c.shape) };
}
