import type { Thumb } from "../../state/map/thumbs";

/** What lies over the points: pictures of cells. All lengths are screen pixels. */
export class Overlay {
  readonly #context: CanvasRenderingContext2D;

  constructor(readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This browser has no canvas to draw on.");
    this.#context = context;
  }

  clear(height: number, width: number, ratio: number): void {
    const [h, w] = [Math.round(height * ratio), Math.round(width * ratio)];
    if (this.canvas.height !== h || this.canvas.width !== w) [this.canvas.height, this.canvas.width] = [h, w];
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#context.clearRect(0, 0, width, height);
  }

  /** Pictures `side` wide around places of the stage, framed in their colours; with `dim`, those not chosen step back. */
  thumbs(thumbs: (Thumb & { picture: ImageBitmap | undefined; color: string; chosen: boolean })[], side: number, dim: boolean): void {
    const context = this.#context;
    for (const { x, y, picture, color, chosen } of thumbs) {
      const [left, top] = [Math.round(x - side / 2), Math.round(y - side / 2)];
      context.globalAlpha = 1;
      context.fillStyle = "#0b0d10";
      context.fillRect(left, top, side, side);
      context.globalAlpha = dim && !chosen ? 0.35 : 1;
      if (picture) context.drawImage(picture, left + 2, top + 2, side - 4, side - 4);
      context.lineWidth = 2;
      context.strokeStyle = color;
      context.strokeRect(left + 1, top + 1, side - 2, side - 2);
      if (chosen) {
        context.strokeStyle = "#ffffff";
        context.strokeRect(left - 1, top - 1, side + 2, side + 2);
      }
    }
  }
}
