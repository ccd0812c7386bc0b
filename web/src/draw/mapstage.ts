import type { Camera, Size } from "../state/camera";
import { PointPass } from "./points";
import { Surface } from "./surface";

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
