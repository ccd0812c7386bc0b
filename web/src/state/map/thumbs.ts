import type { Camera } from "../camera";
import type { Grid, Spot } from "./grid";

/** More cells than this in sight are points. */
const MOST = 4000;

/** A picture in place of a point: the cell, and where its middle lies on the plane. */
export interface Thumb extends Spot {
  cell: number;
}

/**
 * Cells whose pictures fit beside each other, `side` screen pixels wide, among those in sight. Which they are depends on
 * the plane alone, so that pictures stay while the map moves.
 */
export function thumbs(grid: Grid, camera: Camera, a: Spot, b: Spot, side: number, spot: (cell: number) => Spot, shown: (cell: number) => boolean): Thumb[] {
  const step = side / camera.scale;
  const pad = (s: Spot, by: number): Spot => ({ y: s.y + by, x: s.x + by });
  const cells = grid.within(pad(a, -step), pad(b, step), MOST + 1);
  if (cells.length > MOST) return [];
  const taken = new Map<string, Thumb>();
  const free = (row: number, column: number, at: Spot): boolean => {
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const other = taken.get(`${row + dy},${column + dx}`);
        if (other && Math.abs(other.y - at.y) < step && Math.abs(other.x - at.x) < step) return false;
      }
    }
    return true;
  };
  for (const cell of cells.sort((c, d) => c - d)) {
    if (!shown(cell)) continue;
    const at = spot(cell);
    const [row, column] = [Math.floor(at.y / step), Math.floor(at.x / step)];
    if (free(row, column, at)) taken.set(`${row},${column}`, { cell, ...at });
  }
  return [...taken.values()];
}
