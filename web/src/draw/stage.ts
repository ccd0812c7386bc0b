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
  /** Size of the image in its own pixels. */
  image: Size;
  planes: { plane: PlaneTexture; view: ChannelView }[];
  /** At most so many markers. */
  most: number;
}

/** Half the side of a marker, in screen pixels, and of the smallest where they are a crowd. */
const MARKER = 7;
const SMALLEST = 1.5;

/** Markers shrink where they would lie on one another, so that a crowd stays cells and not a blot. */
export function markerSize(scale: number, image: Size, nMarkers: number): number {
  const apart = Math.sqrt((image.height * image.width) / Math.max(1, nMarkers)) * scale;
  return Math.min(MARKER, Math.max(SMALLEST, 0.4 * apart));
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

  /** Says how many markers it drew. */
  draw({ camera, stage, image, planes, most }: Scene): number {
    const { canvas } = this;
    const ratio = canvas.width / Math.max(1, stage.width);
    this.clear();
    this.#image.draw(planes, camera, stage);
    // In the canvas's own pixels, so that lines stay one pixel sharp.
    const size = markerSize(camera.scale, image, this.markers.n) * ratio;
    const real = { width: canvas.width, height: canvas.height };
    return this.markers.draw({ ...camera, scale: camera.scale * ratio }, real, size, most);
  }
}
