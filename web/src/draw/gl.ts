/** What every pass needs of WebGL2: programs from source, with their uniforms by name. */
export interface Program {
  program: WebGLProgram;
  at(name: string): WebGLUniformLocation | null;
}

function shader(gl: WebGL2RenderingContext, kind: number, source: string): WebGLShader {
  const made = gl.createShader(kind);
  if (!made) throw new Error("the graphics context is lost");
  gl.shaderSource(made, source);
  gl.compileShader(made);
  if (!gl.getShaderParameter(made, gl.COMPILE_STATUS)) {
    throw new Error(`shader: ${gl.getShaderInfoLog(made) ?? "the graphics context is lost"}`);
  }
  return made;
}

export function program(gl: WebGL2RenderingContext, vertex: string, fragment: string): Program {
  const made = gl.createProgram();
  gl.attachShader(made, shader(gl, gl.VERTEX_SHADER, vertex));
  gl.attachShader(made, shader(gl, gl.FRAGMENT_SHADER, fragment));
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) {
    throw new Error(`program: ${gl.getProgramInfoLog(made) ?? "the graphics context is lost"}`);
  }
  const known = new Map<string, WebGLUniformLocation | null>();
  return {
    program: made,
    at(name) {
      if (!known.has(name)) known.set(name, gl.getUniformLocation(made, name));
      return known.get(name) ?? null;
    },
  };
}

export function rendererName(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}
