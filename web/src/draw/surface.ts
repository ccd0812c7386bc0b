import type { Size } from "../state/camera";
import { rendererName } from "./gl";

/** A canvas that is drawn on by the graphics card. */
export class Surface {
  readonly gl: WebGL2RenderingContext;
  readonly renderer: string;

  constructor(readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, powerPreference: "high-performance" });
    if (!gl) throw new Error("This browser has no WebGL 2, which the page draws images with.");
    this.gl = gl;
    this.renderer = rendererName(gl);
  }

  /** `ratio`: canvas pixels per screen pixel. */
  resize(stage: Size, ratio: number): void {
    const [width, height] = [Math.round(stage.width * ratio), Math.round(stage.height * ratio)];
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
  }

  clear(): void {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0.024, 0.027, 0.035, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  /** Gives everything back to the graphics card at once: browsers bear few contexts, and collect garbage late. */
  close(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
