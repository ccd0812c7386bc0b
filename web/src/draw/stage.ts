import type { Camera, Size } from "../state/camera";
import type { ChannelView } from "../state/channels";
import { rendererName } from "./gl";
import { ImagePass } from "./image";
import { MarkerPass } from "./markers";
import { type PlaneTexture, Textures } from "./textures";

/** Bytes of planes kept on the graphics card. */
const TEXTURE_BYTES = 384 << 20;

/** What one picture of the stage shows. */
export interface Scene {
  camera: Camera;
  /** Size of the stage in screen pixels. */
  stage: Size;
  planes: { plane: PlaneTexture; view: ChannelView }[];
  markers: boolean;
}

/** The canvas and its passes, back to front. */
export class Stage {
  readonly gl: WebGL2RenderingContext;
  readonly textures: Textures;
  readonly markers: MarkerPass;
  readonly #image: ImagePass;
  readonly renderer: string;

  constructor(readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, powerPreference: "high-performance" });
    if (!gl) throw new Error("This browser has no WebGL 2, which the page draws images with.");
    this.gl = gl;
    this.textures = new Textures(gl, TEXTURE_BYTES);
    this.#image = new ImagePass(gl);
    this.markers = new MarkerPass(gl);
    this.renderer = rendererName(gl);
  }

  resize(stage: Size, ratio: number): void {
    const [width, height] = [Math.round(stage.width * ratio), Math.round(stage.height * ratio)];
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
  }

  draw({ camera, stage, planes, markers }: Scene): void {
    const { gl, canvas } = this;
    const ratio = canvas.width / Math.max(1, stage.width);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0.024, 0.027, 0.035, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.#image.draw(planes, camera, stage);
    // Marker sizes are in the canvas's own pixels, so that lines stay one pixel sharp.
    const size = 7 * ratio;
    if (markers) {
      const real = { width: canvas.width, height: canvas.height };
      this.markers.draw({ ...camera, scale: camera.scale * ratio }, real, size);
    }
  }
}
