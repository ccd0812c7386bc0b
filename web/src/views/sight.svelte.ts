import { type Camera, fit, pan, reveal, type Size, toImage, toStage, zoomAt } from "../state/camera";

/** Which part of something large is looked at, and where one points. */
export abstract class Sight {
  camera = $state.raw<Camera>({ scale: 1, y: 0, x: 0 });
  /** Of the stage, in screen pixels. */
  size = $state.raw<Size>({ height: 1, width: 1 });
  /** The place under the pointer or the keyboard's cursor, in pixels of what is looked at. */
  cursor = $state.raw<{ y: number; x: number; keyboard: boolean } | null>(null);

  /** Of what is looked at, in its own pixels. */
  abstract get imageSize(): Size;

  resize(size: Size): void {
    const { scale, y, x } = fit(this.imageSize, this.size);
    // Who saw the whole sees the whole.
    const whole = this.size.width <= 1 || (scale === this.camera.scale && y === this.camera.y && x === this.camera.x);
    this.size = size;
    if (whole) this.fit();
  }

  zoom(factor: number, sy = this.size.height / 2, sx = this.size.width / 2): void {
    this.camera = zoomAt(this.camera, this.imageSize, this.size, sy, sx, factor);
  }

  fit(): void {
    this.camera = fit(this.imageSize, this.size);
  }

  pan(dy: number, dx: number): void {
    this.camera = pan(this.camera, this.imageSize, dy, dx);
  }

  reveal(y: number, x: number): void {
    this.camera = reveal(this.camera, this.imageSize, this.size, y, x);
  }

  at(sy: number, sx: number): { y: number; x: number } {
    return toImage(this.camera, this.size, sy, sx);
  }

  on(y: number, x: number): { y: number; x: number } {
    return toStage(this.camera, this.size, y, x);
  }

  /** Moves the keyboard's cursor by screen pixels, at least one pixel of what is looked at. */
  moveCursor(dy: number, dx: number): void {
    const { height, width } = this.imageSize;
    const from = this.cursor ?? { y: Math.round(this.camera.y), x: Math.round(this.camera.x) };
    const share = Math.max(1 / Math.max(Math.abs(dy), Math.abs(dx)), 1 / this.camera.scale);
    const y = Math.min(height - 1, Math.max(0, from.y + dy * share));
    const x = Math.min(width - 1, Math.max(0, from.x + dx * share));
    this.cursor = { y, x, keyboard: true };
    this.reveal(y, x);
  }
}
