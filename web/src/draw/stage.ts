import type { Camera, Size } from "../state/camera";
import type { ChannelView } from "../state/channels";
import { ImagePass } from "./image";
import { MarkerPass } from "./markers";
import { Surface } from "./surface";
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

/** The passes of an image, back to front. */
export class Stage extends Surface {
  readonly textures: Textures;
  readonly markers: MarkerPass;
  readonly #image: ImagePass;

  constructor(canvas: HTMLCanvasElement) {
    super(canvas);
    this.textures = new Textures(this.gl, TEXTURE_BYTES);
    this.#image = new ImagePass(this.gl);
    this.markers = new MarkerPass(this.gl);
  }

  draw({ camera, stage, planes, markers }: Scene): void {
    const { canvas } = this;
    const ratio = canvas.width / Math.max(1, stage.width);
    this.clear();
    this.#image.draw(planes, camera, stage);
    // Marker sizes are in the canvas's own pixels, so that lines stay one pixel sharp.
    const size = 7 * ratio;
    if (markers) {
      const real = { width: canvas.width, height: canvas.height };
      this.markers.draw({ ...camera, scale: camera.scale * ratio }, real, size);
    }
  }
}
