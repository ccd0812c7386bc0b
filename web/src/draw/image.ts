import { type ChannelView, rgb } from "../state/channels";
import type { Camera, Size } from "../state/camera";
import { type Program, program } from "./gl";
import type { PlaneTexture } from "./textures";

const VERTEX = `#version 300 es
uniform vec2 u_stage, u_camera, u_image;
uniform float u_scale;
out vec2 v_at;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  v_at = corner * u_image;
  // The centre of the first pixel is 0, its corner -0.5.
  vec2 screen = (v_at - 0.5 - u_camera) * u_scale / u_stage * 2.0;
  gl_Position = vec4(screen.x, -screen.y, 0, 1);
}`;

/** Zoomed in, one pixel is one square; zoomed out, four samples are averaged so that small cells do not flicker. */
const fragment = (sampler: string) => `#version 300 es
precision highp float;
precision highp int;
precision highp ${sampler};
uniform ${sampler} u_plane;
uniform vec2 u_limits;
uniform vec3 u_color;
uniform float u_scale;
in vec2 v_at;
out vec4 color;
float value(vec2 at) {
  ivec2 last = textureSize(u_plane, 0) - 1;
  return float(texelFetch(u_plane, clamp(ivec2(floor(at)), ivec2(0), last), 0).r);
}
void main() {
  float v;
  if (u_scale >= 1.0) {
    v = value(v_at);
  } else {
    float step = 0.25 / u_scale;
    v = 0.25 * (value(v_at + vec2(-step, -step)) + value(v_at + vec2(step, -step))
      + value(v_at + vec2(-step, step)) + value(v_at + vec2(step, step)));
  }
  float shown = clamp((v - u_limits.x) / max(u_limits.y - u_limits.x, 1e-9), 0.0, 1.0);
  color = vec4(u_color * shown, 1);
}`;

/** Draws the channels of one plane, one on top of the other, their light added. */
export class ImagePass {
  readonly #programs: Record<PlaneTexture["kind"], Program>;

  constructor(readonly gl: WebGL2RenderingContext) {
    this.#programs = {
      uint: program(gl, VERTEX, fragment("usampler2D")),
      float: program(gl, VERTEX, fragment("sampler2D")),
    };
  }

  draw(planes: { plane: PlaneTexture; view: ChannelView }[], camera: Camera, stage: Size): void {
    const { gl } = this;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    for (const { plane, view } of planes) {
      const { program: p, at } = this.#programs[plane.kind];
      gl.useProgram(p);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, plane.texture);
      gl.uniform1i(at("u_plane"), 0);
      gl.uniform2f(at("u_stage"), stage.width, stage.height);
      gl.uniform2f(at("u_camera"), camera.x, camera.y);
      gl.uniform2f(at("u_image"), plane.width, plane.height);
      gl.uniform1f(at("u_scale"), camera.scale);
      gl.uniform2f(at("u_limits"), view.low, view.high);
      gl.uniform3f(at("u_color"), ...rgb(view.color));
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }
}
