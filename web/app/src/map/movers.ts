import type { CustomLayerInterface, CustomRenderMethodInput, Map as GLMap } from 'maplibre-gl';
import { stride, texelsWide, type Fleet } from './fleet';

/*
 * Movers draws the fleet: one point of the card a mover, placed and turned by the vertex shader. A frame uploads what
 * events changed, which is mostly nothing, sets the time, and makes one draw call, whatever the number of movers. It does so on a
 * canvas of its own, so that the map beneath is drawn only when the map changes: that costs far more than all that moves.
 * MapLibre's own projectTile puts the points on the flat map and on the globe.
 */

const vertex = `
in vec4 a_way;   // first point, points, depart, arrive
in vec4 a_fix;   // reported at, share of the way then, off the lane
in vec2 a_look;  // icon, scale
uniform highp sampler2D u_points;
uniform float u_time;
uniform float u_pixels;  // of an icon
uniform float u_copy;    // the first copy of the world to draw
uniform vec2 u_view;     // pixels
flat out float v_icon;
flat out vec2 v_turn;

vec4 point(int i) { return texelFetch(u_points, ivec2(i % ${texelsWide}, i / ${texelsWide}), 0); }

void main() {
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = 0.0;
  v_icon = a_look.x;
  v_turn = vec2(0.0, 1.0);
#ifdef GLOBE
  v_projection_tile_x = 0.0;
#endif
  float t = u_time;
  if (!(t >= a_way.z && t < a_way.w)) return;
  float done;
  float off;
  if (t < a_fix.x) {
    off = (t - a_way.z) / (a_fix.x - a_way.z);
    done = a_fix.y * off;
  } else {
    float k = (t - a_fix.x) / max(a_way.w - a_fix.x, 1.0);
    done = a_fix.y + (1.0 - a_fix.y) * k;
    off = 1.0 - k;
  }
  int lo = int(a_way.x);
  int hi = lo + int(a_way.y) - 1;
  for (int i = 0; i < 24 && hi - lo > 1; i++) {
    int mid = (lo + hi) / 2;
    if (point(mid).z <= done) lo = mid; else hi = mid;
  }
  vec4 a = point(lo);
  vec4 b = point(hi);
  float k = b.z > a.z ? clamp((done - a.z) / (b.z - a.z), 0.0, 1.0) : 0.0;
  vec2 at = mix(a.xy, b.xy, k) + a_fix.zw * off;
  at.x += u_copy + float(gl_InstanceID) - floor(at.x);
  gl_Position = projectTile(at);
  gl_PointSize = u_pixels * a_look.y;
  // The course as the screen shows it: where a step of about 4 km along the lane leads.
  vec2 way = b.xy - a.xy;
  float length_ = length(way);
  if (length_ > 0.0) {
    vec4 next = projectTile(at + way / length_ * 1e-4);
    vec2 to = (next.xy / next.w - gl_Position.xy / gl_Position.w) * u_view;
    float l = length(to);
    if (l > 0.0) v_turn = to / l;
  }
}`;

const fragment = `#version 300 es
precision highp float;
uniform sampler2D u_icons;
uniform float u_opacity;
flat in float v_icon;
flat in vec2 v_turn;  // sine and cosine of the angle clockwise from up
out vec4 color;
void main() {
  // A point is a square around the turned icon, so it is wider by the root of 2.
  vec2 p = (gl_PointCoord - 0.5) * 1.4142;
  vec2 q = vec2(p.x * v_turn.y + p.y * v_turn.x, p.y * v_turn.y - p.x * v_turn.x);
  if (abs(q.x) > 0.5 || abs(q.y) > 0.5) discard;
  color = texture(u_icons, vec2((v_icon + 0.5 + q.x) / 4.0, 0.5 + q.y)) * u_opacity;
}`;

/** Strip is the four icons side by side, each as high as the strip. */
export type Strip = ImageData;

export interface Time {
  /** What time the map shows, in ms. */
  (): number;
}

interface Program {
  program: WebGLProgram;
  at: (name: string) => WebGLUniformLocation | null;
}

/** Sight is how the map was projected when it was last drawn. */
interface Sight {
  shader: CustomRenderMethodInput['shaderData'];
  projection: CustomRenderMethodInput['defaultProjectionData'];
  first: number; // copy of the world
  copies: number;
  pixels: number; // of an icon
}

/**
 * Movers is a canvas over the map's and a layer of the map that draws nothing itself: it notes how the map is projected, so that
 * both show the same in every frame of the map. In between, the canvas is drawn alone.
 */
export class Movers implements CustomLayerInterface {
  readonly id = 'movers';
  readonly type = 'custom' as const;
  readonly renderingMode = '2d' as const;
  opacity = 1;

  #fleet: Fleet;
  #time: Time;
  #strip: Strip;
  #map: GLMap;
  #canvas = document.createElement('canvas');
  #gl: WebGL2RenderingContext;
  #sight: Sight | null = null;
  #asked = 0;
  #programs = new Map<string, Program>();
  #array: WebGLVertexArrayObject | null = null;
  #buffer: WebGLBuffer | null = null;
  #points: WebGLTexture | null = null;
  #icons: WebGLTexture | null = null;
  #bufferFloats = 0;
  #textureRows = 0;
  #iconsStale = true;

  /** The constructor throws where there is no WebGL. */
  constructor(map: GLMap, fleet: Fleet, time: Time, strip: Strip) {
    this.#map = map;
    this.#fleet = fleet;
    this.#time = time;
    this.#strip = strip;
    const gl = this.#canvas.getContext('webgl2', { antialias: false, depth: false, powerPreference: 'low-power' });
    if (!gl) throw new Error('map: no WebGL for what moves');
    this.#gl = gl;
    this.#canvas.className = 'movers';
    map.getCanvasContainer().append(this.#canvas);
    this.#canvas.addEventListener('webglcontextlost', (e) => e.preventDefault());
    this.#canvas.addEventListener('webglcontextrestored', () => {
      this.#begin();
      this.ask();
    });
    this.#begin();
  }

  set strip(strip: Strip) {
    this.#strip = strip;
    this.#iconsStale = true;
  }

  /** ask has the canvas drawn in the next frame. */
  ask(): void {
    this.#asked ||= requestAnimationFrame(() => this.#draw());
  }

  remove(): void {
    cancelAnimationFrame(this.#asked);
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.#canvas.remove();
  }

  /** render is called in each frame of the map. */
  render(_: unknown, { shaderData: shader, defaultProjectionData: p }: CustomRenderMethodInput): void {
    const map = this.#map;
    const { width, height } = map.getCanvas();
    if (this.#canvas.width !== width || this.#canvas.height !== height) [this.#canvas.width, this.#canvas.height] = [width, height];
    // The copies of the world in sight: on the flat map usually two, on the globe the one there is.
    let [first, copies] = [0, 1];
    if (shader.variantName === 'mercator') {
      const sight = map.getBounds();
      first = Math.floor(sight.getWest() / 360 + 0.5);
      copies = Math.max(1, Math.floor(sight.getEast() / 360 + 0.5) - first + 1);
    }
    const zoom = Math.min(Math.max(map.getZoom(), 1), 5);
    const pixels = 22 * (0.62 + (0.38 * (zoom - 1)) / 4) * Math.SQRT2 * map.getPixelRatio();
    const projection = { ...p, mainMatrix: Float32Array.from(p.mainMatrix), fallbackMatrix: Float32Array.from(p.fallbackMatrix) } as unknown as Sight['projection'];
    this.#sight = { shader, projection, first, copies, pixels };
    this.#draw();
  }

  #begin(): void {
    const gl = this.#gl;
    this.#programs.clear();
    [this.#bufferFloats, this.#textureRows, this.#iconsStale] = [0, 0, true];
    this.#buffer = gl.createBuffer();
    this.#points = gl.createTexture();
    this.#icons = gl.createTexture();
    this.#array = gl.createVertexArray();
    gl.bindVertexArray(this.#array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    [4, 4, 2].forEach((floats, i) => {
      gl.enableVertexAttribArray(i);
      gl.vertexAttribPointer(i, floats, gl.FLOAT, false, stride * 4, i * 16);
    });
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  #draw(): void {
    cancelAnimationFrame(this.#asked);
    this.#asked = 0;
    const [gl, fleet, sight] = [this.#gl, this.#fleet, this.#sight];
    if (!sight || gl.isContextLost()) return;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (fleet.size === 0) return;
    const { program, at } = this.#program(sight.shader);
    gl.useProgram(program);
    this.#upload(gl);
    const { mainMatrix, fallbackMatrix, tileMercatorCoords, clippingPlane, projectionTransition } = sight.projection;
    gl.uniformMatrix4fv(at('u_projection_matrix'), false, mainMatrix as Float32Array);
    if (sight.shader.variantName !== 'mercator') {
      gl.uniformMatrix4fv(at('u_projection_fallback_matrix'), false, fallbackMatrix as Float32Array);
      gl.uniform4fv(at('u_projection_tile_mercator_coords'), tileMercatorCoords);
      gl.uniform4fv(at('u_projection_clipping_plane'), clippingPlane);
      gl.uniform1f(at('u_projection_transition'), projectionTransition);
    }
    gl.uniform1f(at('u_time'), (this.#time() - fleet.base) / 1000);
    gl.uniform1f(at('u_pixels'), sight.pixels);
    gl.uniform1f(at('u_copy'), sight.first);
    gl.uniform2f(at('u_view'), gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.uniform1f(at('u_opacity'), this.opacity);
    gl.uniform1i(at('u_points'), 0);
    gl.uniform1i(at('u_icons'), 1);
    gl.drawArraysInstanced(gl.POINTS, 0, fleet.size, sight.copies);
  }

  #upload(gl: WebGL2RenderingContext): void {
    const { rows, points, staleRows, stalePoints } = this.#fleet;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    if (this.#bufferFloats !== rows.length) {
      gl.bufferData(gl.ARRAY_BUFFER, rows, gl.DYNAMIC_DRAW);
      this.#bufferFloats = rows.length;
    } else if (staleRows[1] > staleRows[0]) {
      gl.bufferSubData(gl.ARRAY_BUFFER, staleRows[0] * 4, rows, staleRows[0], staleRows[1] - staleRows[0]);
    }
    staleRows[0] = staleRows[1] = 0;

    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#points);
    const wide = texelsWide * 4;
    const [from, to] = this.#textureRows === points.length / wide ? [Math.floor(stalePoints[0] / wide), Math.ceil(stalePoints[1] / wide)] : [0, points.length / wide];
    if (to > from) {
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
      if (this.#textureRows !== points.length / wide) {
        this.#textureRows = points.length / wide;
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, texelsWide, this.#textureRows, 0, gl.RGBA, gl.FLOAT, null);
        for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
      }
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, from, texelsWide, to - from, gl.RGBA, gl.FLOAT, points, from * wide);
    }
    stalePoints[0] = stalePoints[1] = 0;

    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.#icons);
    if (this.#iconsStale) {
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, this.#strip);
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
      for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
      this.#iconsStale = false;
    }
  }

  // One program for each way to project.
  #program(shaderData: Sight['shader']): Program {
    const gl = this.#gl;
    const known = this.#programs.get(shaderData.variantName);
    if (known) return known;
    const program = gl.createProgram();
    const { vertexShaderPrelude, define } = shaderData;
    for (const [type, source] of [
      [gl.VERTEX_SHADER, `#version 300 es\nprecision highp float;\nprecision highp int;\n${define}\n${vertexShaderPrelude}\n${vertex}`],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(type)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(`map: the shader of what moves: ${gl.getShaderInfoLog(shader)}`);
      gl.attachShader(program, shader);
      gl.deleteShader(shader);
    }
    ['a_way', 'a_fix', 'a_look'].forEach((name, i) => gl.bindAttribLocation(program, i, name));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`map: the program of what moves: ${gl.getProgramInfoLog(program)}`);
    const places = new Map<string, WebGLUniformLocation | null>();
    const at = (name: string) => {
      if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
      return places.get(name)!;
    };
    const made = { program, at };
    this.#programs.set(shaderData.variantName, made);
    return made;
  }
}
