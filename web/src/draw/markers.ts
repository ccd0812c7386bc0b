import type { Camera, Size } from "../state/camera";
import { type Program, program } from "./gl";
import { CURRENT, type MarkerList, SELECTED, STRIDE, WARNED } from "./markerlist";

/** With more changed places than this, one upload of all is quicker. */
const FEW = 256;

/** Markers smaller than this, in canvas pixels, are dots: their outlines would be blots. */
const DOTS_BELOW = 3;

const VERTEX = `#version 300 es
layout(location = 0) in vec4 a_marker;
uniform vec2 u_stage, u_camera;
uniform float u_scale, u_size;
flat out vec3 v_color;
flat out int v_shape, v_state;
flat out float v_reach;
void main() {
  int bits = int(a_marker.w);
  v_shape = bits & 15;
  v_state = bits >> 4;
  int c = int(a_marker.z);
  v_color = vec3((c >> 16) & 255, (c >> 8) & 255, c & 255) / 255.0;
  // Rings lie outside of the shape; without one, its corners and their halo are all there is.
  bool ringed = (v_state & ${SELECTED | WARNED | CURRENT}) != 0;
  v_reach = ringed ? 1.75 + 3.0 / u_size : u_size < ${DOTS_BELOW}.0 ? 1.0 : 1.3 + 2.7 / u_size;
  gl_PointSize = 2.0 * v_reach * u_size;
  vec2 screen = (a_marker.xy - u_camera) * u_scale / u_stage * 2.0;
  gl_Position = vec4(screen.x, -screen.y, 0, 1);
}`;

/** Outlines as distances, so that they are sharp at every size; hollow, so that the cell stays visible. */
const FRAGMENT = `#version 300 es
precision highp float;
uniform float u_size;
flat in vec3 v_color;
flat in int v_shape, v_state;
flat in float v_reach;
out vec4 color;

float polygon(vec2 p, float n, float r, float turn) {
  float a = atan(p.x, p.y) + turn, s = 6.2831853 / n;
  return cos(floor(0.5 + a / s) * s - a) * length(p) - r * cos(3.14159265 / n);
}
float strokes(vec2 p) {
  p = abs(p);
  return min(max(p.x - 0.02, p.y - 0.95), max(p.y - 0.02, p.x - 0.95));
}
float star(vec2 p) {
  float a = atan(p.x, p.y), s = 6.2831853 / 5.0;
  a = abs(a - floor(a / s + 0.5) * s);
  vec2 q = length(p) * vec2(sin(a), cos(a));
  vec2 tip = vec2(0, 1.15), dent = 0.5 * vec2(sin(s / 2.0), cos(s / 2.0)), e = dent - tip;
  vec2 n = normalize(vec2(-e.y, e.x));
  return dot(q - tip, n) * sign(dot(-tip, n)) * -1.0;
}
float outline(vec2 p) {
  if (v_shape == 1) return max(abs(p.x), abs(p.y)) - 0.82;
  if (v_shape == 2) return polygon(p - vec2(0, 0.12), 3.0, 1.15, 0.0);
  if (v_shape == 3) return (abs(p.x) + abs(p.y) - 1.1) * 0.7071;
  if (v_shape == 4) return strokes(p);
  if (v_shape == 5) return strokes(mat2(0.7071, 0.7071, -0.7071, 0.7071) * p);
  if (v_shape == 6) return star(vec2(p.x, -p.y));
  if (v_shape == 7) return polygon(p, 6.0, 1.0, 0.0);
  if (v_shape == 8) return polygon(p + vec2(0, 0.12), 3.0, 1.15, 3.14159265);
  return length(p) - 0.9;
}
void main() {
  vec2 p = (2.0 * gl_PointCoord - 1.0) * v_reach;
  bool pale = (v_state & 2) != 0;
  if (v_reach == 1.0) {
    if (dot(p, p) > 1.0) discard;
    color = vec4(v_color, 1) * (pale ? 0.5 : 1.0);
    return;
  }
  float pixel = 1.0 / u_size;
  bool current = (v_state & 8) != 0;
  float d = outline(p);
  float line = v_shape == 4 || v_shape == 5 ? d : abs(d);
  float thick = (pale ? 0.7 : 1.05) * pixel;
  float ink = 1.0 - smoothstep(thick - 0.5 * pixel, thick + 0.5 * pixel, line);
  float halo = 1.0 - smoothstep(thick + 0.4 * pixel, thick + 1.6 * pixel, line);
  // Guesses are dashed: they must not look like labels.
  if (pale && fract(atan(p.x, p.y) * 8.0 / 6.2831853) < 0.4) { ink = 0.0; halo *= 0.3; }
  vec3 paint = pale ? mix(v_color, vec3(1), 0.5) : v_color;
  vec4 made = vec4(mix(vec3(0), paint, ink), max(ink, (pale ? 0.35 : 0.65) * halo));
  if ((v_state & 1) != 0 || current) {
    float ring = abs(length(p) - 1.5);
    float on = 1.0 - smoothstep(0.9 * pixel, 1.9 * pixel, ring);
    made = mix(made, vec4(1), on);
  }
  if ((v_state & 4) != 0) {
    float ring = abs(max(abs(p.x), abs(p.y)) - 1.75);
    float on = (1.0 - smoothstep(0.7 * pixel, 1.7 * pixel, ring))
      * step(0.9, min(abs(p.x), abs(p.y)));
    made = mix(made, vec4(1.0, 0.35, 0.2, 1.0), on);
  }
  color = vec4(made.rgb * made.a, made.a);
}`;

/** All markers of a frame in one draw, as points: an instance each would be a draw each where a processor does the drawing. */
export class MarkerPass {
  readonly #program: Program;
  readonly #array: WebGLVertexArrayObject;
  readonly #buffer: WebGLBuffer;
  /** How many there are. */
  n = 0;

  constructor(readonly gl: WebGL2RenderingContext) {
    this.#program = program(gl, VERTEX, FRAGMENT);
    this.#array = gl.createVertexArray();
    this.#buffer = gl.createBuffer();
    gl.bindVertexArray(this.#array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, STRIDE, gl.FLOAT, false, 0, 0);
    gl.bindVertexArray(null);
  }

  /** Takes over what has changed in a list, always the same one. */
  take(list: MarkerList): void {
    const { gl } = this;
    const changed = list.changes();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    if (!changed || changed.size > FEW) gl.bufferData(gl.ARRAY_BUFFER, list.numbers, gl.DYNAMIC_DRAW);
    else {
      for (const place of changed) {
        const bytes = place * STRIDE * Float32Array.BYTES_PER_ELEMENT;
        gl.bufferSubData(gl.ARRAY_BUFFER, bytes, list.numbers, place * STRIDE, STRIDE);
      }
    }
    this.n = list.n;
  }

  /** Draws at most `most` markers, the last ones; says how many. `size`: half the side of one, in canvas pixels. */
  draw(camera: Camera, stage: Size, size: number, most: number): number {
    const n = Math.min(this.n, most);
    if (n === 0) return 0;
    const { gl } = this;
    const { program: p, at } = this.#program;
    gl.useProgram(p);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniform2f(at("u_stage"), stage.width, stage.height);
    gl.uniform2f(at("u_camera"), camera.x, camera.y);
    gl.uniform1f(at("u_scale"), camera.scale);
    gl.uniform1f(at("u_size"), size);
    gl.bindVertexArray(this.#array);
    gl.drawArrays(gl.POINTS, this.n - n, n);
    gl.bindVertexArray(null);
    return n;
  }
}
