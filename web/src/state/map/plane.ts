import type { Size } from "../camera";

/** The longer side of the plane that a map is laid out on, in its own pixels: the camera moves over it as over an image. */
const SIDE = 4096;
/** Room around the cells, so that none lies at the very border of the stage. */
const MARGIN = 160;

/** Where the cells lie on a plane, y downwards as on the screen. Cells without a place lie far outside. */
export interface Plane {
  /** x and y of each cell, `[n, 2]`. */
  at: Float32Array;
  size: Size;
}

const NOWHERE = -1e6;

/** Lays a map out: x to the right, the map's y upwards, both to one scale. `positions` is `[n, 2]`. */
export function planeOf(positions: Float32Array): Plane {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < positions.length; i += 2) {
    const [x, y] = [positions[i]!, positions[i + 1]!];
    if (!Number.isFinite(x + y)) continue;
    [low[0], high[0]] = [Math.min(low[0]!, x), Math.max(high[0]!, x)];
    [low[1], high[1]] = [Math.min(low[1]!, y), Math.max(high[1]!, y)];
  }
  const [width, height] = [Math.max(0, high[0]! - low[0]!), Math.max(0, high[1]! - low[1]!)];
  const scale = (SIDE - 1 - 2 * MARGIN) / (Math.max(width, height) || 1);
  const at = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i += 2) {
    const [x, y] = [positions[i]!, positions[i + 1]!];
    const placed = Number.isFinite(x + y);
    at[i] = placed ? MARGIN + (x - low[0]!) * scale : NOWHERE;
    at[i + 1] = placed ? MARGIN + (high[1]! - y) * scale : NOWHERE;
  }
  return { at, size: { height: height * scale + 1 + 2 * MARGIN, width: width * scale + 1 + 2 * MARGIN } };
}
