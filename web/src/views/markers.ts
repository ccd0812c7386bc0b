import { CURRENT, PALE, SELECTED, STRIDE, WARNED } from "../draw/markers";
import { shapeNumber } from "../state/classes";
import type { CellClass, ClassId } from "../state/contract";
import type { Workbench } from "./workbench.svelte";

const NO_CLASS = { color: 0xffffff, shape: 0 };

let numbers = new Float32Array(1024 * STRIDE);

/** All markers of the frame that is seen, as the numbers that the marker pass draws. */
export function markerNumbers(bench: Workbench): { numbers: Float32Array; n: number } {
  const { viewer, labels, warnings, selected, guesses } = bench;
  const { image, shown } = viewer;
  if (!image) return { numbers, n: 0 };
  const looks = new Map<ClassId, { color: number; shape: number }>(bench.classes.map((c) => [c.id, look(c)]));
  const guessed = guesses.here;
  const room = (labels.frames.size(image.id, shown.t, shown.z) + guessed.length) * STRIDE;
  if (numbers.length < room) numbers = new Float32Array(room * 2);
  let at = 0;
  const put = (x: number, y: number, c: ClassId | null, state: number) => {
    const { color, shape } = (c !== null && looks.get(c)) || NO_CLASS;
    numbers[at++] = x;
    numbers[at++] = y;
    numbers[at++] = color;
    numbers[at++] = shape + 16 * state;
  };
  for (const s of guessed) put(s.x, s.y, s.class, PALE | (s.id === guesses.current?.id ? CURRENT : 0));
  for (const cell of labels.frames.in(image.id, shown.t, shown.z)) {
    const state = (selected.has(cell.id) ? SELECTED : 0) | (warnings.has(cell.id) ? WARNED : 0);
    put(cell.x, cell.y, cell.class, state);
  }
  return { numbers, n: at / STRIDE };
}

function look(c: CellClass): { color: number; shape: number } {
  return { color: Number.parseInt(c.color.slice(1), 16), shape: shapeNumber(c.shape) };
}
