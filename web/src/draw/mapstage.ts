import type { Camera, Size } from "../state/camera";
import { PointPass } from "./points";
import { Surface } from "./surface";

/** Fewest points drawn while the map moves. */
const FEWEST = 40_000;
/** A frame later than this has too many points; one earlier than that bears more. In milliseconds. */
const LATE = 30;
const EARLY = 20;

/**
 * How many points a map draws while it moves: as many as the machine bears at thirty frames a second. The points lie in an
 * order in which every beginning is an even sample, so that fewer of them still show the map; standing still it is whole.
 */
export class Budget {
  #most = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  get most(): number {
    return this.#most;
  }

  /** A frame began at a time, in milliseconds, while the map moves; the last had `n` points. */
  frame(now: number, n: number): void {
    const took = now - this.#last;
    this.#last = now;
    // The first frame of a movement follows a pause.
    if (took === Number.POSITIVE_INFINITY) return;
    if (took > LATE) this.#most = Math.max(FEWEST, Math.min(n, this.#most) * Math.max(0.2, LATE / took));
    else if (took < EARLY) this.#most *= 1.05;
  }

  /** The map stands still. */
  rest(): void {
    this.#last = Number.NEGATIVE_INFINITY;
  }
}

/** The map's points on their canvas. */
export class MapStage extends Surface {
  readonly points: PointPass;

  constructor(canvas: HTMLCanvasElement) {
    super(canvas);
    this.points = new PointPass(this.gl);
  }

  /** Draws at most `most` points; says how many. */
  draw(camera: Camera, stage: Size, nCells: number, most: number): number {
    const ratio = this.canvas.width / Math.max(1, stage.width);
    this.clear();
    const real = { width: this.canvas.width, height: this.canvas.height };
    const size = Math.max(1.5, pointSize(camera.scale, nCells)) * ratio;
    return this.points.draw({ ...camera, scale: camera.scale * ratio }, real, size, most);
  }
}

/** Diameter in screen pixels: points grow as one comes nearer, and are smaller when there are many. */
function pointSize(scale: number, nCells: number): number {
  const apart = (4096 / Math.sqrt(Math.max(1, nCells))) * scale;
  return Math.min(10, Math.max(1.5, 0.45 * apart));
}
