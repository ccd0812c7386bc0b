import { rgb } from "../state/channels";
import type { Camera, Size } from "../state/camera";
import { strideOf } from "./budget";
import { type Program, program } from "./gl";

/** Colours of 65,536 codes lie in a square of this side. */
const SIDE = 256;

const VERTEX = `#version 300 es
layout(location = 0) in vec2 a_at;
layout(location = 1) in uint a_code;
uniform vec2 u_stage, u_camera;
uniform float u_scale, u_size, u_dim;
uniform sampler2D u_colors;
flat out vec4 v_color;
void main() {
  vec2 screen = (a_at - u_camera) * u_scale / u_stage * 2.0;
  gl_Position = vec4(screen.x, -screen.y, 0, 1);
  gl_PointSize = u_size;
  int code = int(a_code);
  vec3 color = texelFetch(u_colors, ivec2(code & ${SIDE - 1}, code >> 8), 0).rgb;
  v_color = vec4(mix(color, vec3(0.13, 0.145, 0.17), u_dim), 1);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
uniform bool u_round;
flat in vec4 v_color;
out vec4 color;
void main() {
  if (u_round) {
    vec2 d = gl_PointCoord - 0.5;
    if (dot(d, d) > 0.25) discard;
  }
  color = v_color;
}`;

/** Points smaller than this, in screen pixels, are squares. */
const ROUND_FROM = 4;

/** Up to millions of points, a code each that says their colour. */
export class PointPass {
  readonly #program: Program;
  readonly #array: WebGLVertexArrayObject;
  readonly #places: WebGLBuffer;
  readonly #codes: WebGLBuffer;
  readonly #shown: WebGLBuffer;
  readonly #chosen: WebGLBuffer;
  readonly #colors: WebGLTexture;
  /** The cell in each place of the buffers, and the place of each cell. */
  #cellAt = new Uint32Array(0);
  #placeOf = new Uint32Array(0);
  #n = { all: 0, shown: 0, chosen: 0 };

  constructor(readonly gl: WebGL2RenderingContext) {
    this.#program = program(gl, VERTEX, FRAGMENT);
    this.#array = gl.createVertexArray();
    [this.#places, this.#codes] = [gl.createBuffer(), gl.createBuffer()];
    [this.#shown, this.#chosen] = [gl.createBuffer(), gl.createBuffer()];
    gl.bindVertexArray(this.#array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#places);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#codes);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_SHORT, 0, 0);
    gl.bindVertexArray(null);
    this.#colors = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.#colors);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, SIDE, SIDE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  /** Where the cells lie, `[n, 2]` as x and y. All are shown, none is chosen, until told otherwise. */
  place(at: Float32Array): void {
    const n = at.length / 2;
    const step = strideOf(n);
    this.#cellAt = new Uint32Array(n);
    this.#placeOf = new Uint32Array(n);
    const places = new Float32Array(2 * n);
    for (let k = 0, cell = 0; k < n; k++, cell = (cell + step) % n) {
      this.#cellAt[k] = cell;
      this.#placeOf[cell] = k;
      places[2 * k] = at[2 * cell]!;
      places[2 * k + 1] = at[2 * cell + 1]!;
    }
    this.#fill(this.gl.ARRAY_BUFFER, this.#places, places);
    this.#n = { all: n, shown: n, chosen: 0 };
  }

  /** A code for each cell, and the colours of the codes from 0; codes beyond have `rest`. */
  color(codes: Uint16Array, colors: string[], rest: string): void {
    const { gl } = this;
    const inPlace = new Uint16Array(this.#n.all);
    for (let k = 0; k < inPlace.length; k++) inPlace[k] = codes[this.#cellAt[k]!]!;
    this.#fill(gl.ARRAY_BUFFER, this.#codes, inPlace);
    const texels = new Uint8Array(SIDE * SIDE * 4);
    const write = (i: number, [r, g, b]: [number, number, number]) => texels.set([r * 255, g * 255, b * 255, 255], 4 * i);
    write(0, rgb(rest));
    for (let filled = 4; filled < texels.length; filled *= 2) texels.copyWithin(filled, 0, filled);
    colors.slice(0, SIDE * SIDE - 1).forEach((color, i) => write(i, rgb(color)));
    gl.bindTexture(gl.TEXTURE_2D, this.#colors);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, SIDE, SIDE, gl.RGBA, gl.UNSIGNED_BYTE, texels);
  }

  /** Which cells are drawn: 1 in the mask. */
  show(mask: Uint8Array): void {
    const places = new Uint32Array(this.#n.all);
    let n = 0;
    for (let k = 0; k < places.length; k++) if (mask[this.#cellAt[k]!] === 1) places[n++] = k;
    this.#n.shown = n;
    if (n < places.length) this.#fill(this.gl.ELEMENT_ARRAY_BUFFER, this.#shown, places.subarray(0, n));
  }

  /** Which cells stand out; while there are any, the others are dim. */
  choose(cells: Uint32Array): void {
    this.#n.chosen = cells.length;
    if (cells.length > 0) {
      const places = cells.map((cell) => this.#placeOf[cell]!).sort();
      this.#fill(this.gl.ELEMENT_ARRAY_BUFFER, this.#chosen, places);
    }
  }

  /** Draws at most `most` points, an even sample of them; says how many. `size` is in canvas pixels. */
  draw(camera: Camera, stage: Size, size: number, most: number): number {
    const { gl } = this;
    const { all, shown, chosen } = this.#n;
    const { program: p, at } = this.#program;
    gl.useProgram(p);
    gl.disable(gl.BLEND);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#colors);
    gl.uniform1i(at("u_colors"), 0);
    gl.uniform2f(at("u_stage"), stage.width, stage.height);
    gl.uniform2f(at("u_camera"), camera.x, camera.y);
    gl.uniform1f(at("u_scale"), camera.scale);
    gl.uniform1f(at("u_size"), size);
    gl.uniform1i(at("u_round"), size >= ROUND_FROM ? 1 : 0);
    gl.uniform1f(at("u_dim"), chosen > 0 ? 0.75 : 0);
    gl.bindVertexArray(this.#array);
    const [nShown, nChosen] = [Math.min(shown, most), Math.min(chosen, most)];
    if (shown === all) gl.drawArrays(gl.POINTS, 0, nShown);
    else this.#some(this.#shown, nShown);
    if (chosen > 0) {
      gl.uniform1f(at("u_dim"), 0);
      gl.uniform1f(at("u_size"), size + 1);
      this.#some(this.#chosen, nChosen);
    }
    gl.bindVertexArray(null);
    return nShown + nChosen;
  }

  #some(places: WebGLBuffer, n: number): void {
    const { gl } = this;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, places);
    gl.drawElements(gl.POINTS, n, gl.UNSIGNED_INT, 0);
  }

  #fill(kind: number, buffer: WebGLBuffer, data: ArrayBufferView<ArrayBuffer>): void {
    const { gl } = this;
    // Lists of places are bound for the draw; outside of it they must not touch the array's own.
    gl.bindVertexArray(null);
    gl.bindBuffer(kind, buffer);
    gl.bufferData(kind, data, gl.DYNAMIC_DRAW);
  }
}
