import type { Pixels } from "../state/channels";
import { Lru } from "../state/lru";

/** A plane on the graphics card. Integers stay integers: the contrast limits are applied by the shader. */
export interface PlaneTexture {
  texture: WebGLTexture;
  kind: "uint" | "float";
  height: number;
  width: number;
}

interface Upload {
  key: string;
  pixels: Pixels;
  height: number;
  width: number;
  row: number;
  made: PlaneTexture;
  ready: () => void;
}

/** Bytes to hand over in one go, so that no frame waits for an upload: 1 MB takes about a millisecond. */
const STRIP = 1 << 20;

function layout(gl: WebGL2RenderingContext, pixels: Pixels) {
  if (pixels instanceof Uint8Array) return { inner: gl.R8UI, format: gl.RED_INTEGER, type: gl.UNSIGNED_BYTE };
  if (pixels instanceof Uint16Array) return { inner: gl.R16UI, format: gl.RED_INTEGER, type: gl.UNSIGNED_SHORT };
  return { inner: gl.R32F, format: gl.RED, type: gl.FLOAT };
}

/** Planes on the graphics card, brought there in strips while nothing else is to do. */
export class Textures {
  readonly #ready: Lru<PlaneTexture>;
  readonly #uploads: Upload[] = [];

  constructor(
    readonly gl: WebGL2RenderingContext,
    limit: number,
  ) {
    this.#ready = new Lru(limit, (plane) => gl.deleteTexture(plane.texture));
  }

  get(key: string): PlaneTexture | undefined {
    return this.#ready.get(key);
  }

  get busy(): boolean {
    return this.#uploads.length > 0;
  }

  /** Queues a plane; `urgent` ones go first. `ready` is called when it can be drawn. */
  add(key: string, pixels: Pixels, height: number, width: number, urgent: boolean, ready: () => void): void {
    if (this.#ready.has(key)) return;
    const at = this.#uploads.findIndex((upload) => upload.key === key);
    const [waiting] = at >= 0 ? this.#uploads.splice(at, 1) : [];
    const upload = waiting ?? { key, pixels, height, width, row: 0, made: this.#allocate(pixels, height, width), ready };
    if (urgent) this.#uploads.unshift(upload);
    else this.#uploads.push(upload);
  }

  /** Hands one strip over. */
  pump(): void {
    const upload = this.#uploads[0];
    if (!upload) return;
    const { gl } = this;
    const { pixels, width, height, made } = upload;
    const rows = Math.min(height - upload.row, Math.max(1, Math.floor(STRIP / (width * pixels.BYTES_PER_ELEMENT))));
    const { format, type } = layout(gl, pixels);
    gl.bindTexture(gl.TEXTURE_2D, made.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, upload.row, width, rows, format, type, pixels, upload.row * width);
    upload.row += rows;
    if (upload.row < height) return;
    this.#uploads.shift();
    this.#ready.set(upload.key, made, pixels.byteLength);
    upload.ready();
  }

  #allocate(pixels: Pixels, height: number, width: number): PlaneTexture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, layout(gl, pixels).inner, width, height);
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
      [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
      [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
    ] as const) {
      gl.texParameteri(gl.TEXTURE_2D, name, value);
    }
    return { texture, kind: pixels instanceof Float32Array ? "float" : "uint", height, width };
  }
}
