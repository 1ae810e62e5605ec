/** A pane with organ surfaces that turn: triangles drawn by depth on a canvas, without WebGL, so
 * that it works in every browser and looks the same on every machine. */

const BACKGROUND = [13, 17, 23];
const AMBIENT = 0.3; // the least brightness of a surface

export class SurfaceView {
  /**
   * @param {import("./scene.js").Scene} scene
   * @param {import("./state.js").Store} store
   * @param {import("./scene.js").Source} source
   */
  constructor(scene, store, source) {
    this.scene = scene;
    this.store = store;
    this.source = source;
    this.plane = "surfaces";
    this.canvas = document.createElement("canvas");
    this.canvas.dataset.plane = "surfaces";
    this.canvas.setAttribute("role", "img");
    this.width = this.height = 0; // of the pane in CSS pixels
    this.drawn = "";
    this.asked = ""; // the label map whose surfaces were asked for last
    this.waits = false; // for surfaces from the kernel
    /** @type {import("./scene.js").Surface[] | null} */
    this.fitted = null;
    this.ball = { middle: [0, 0, 0], radius: 1 };
    /** @type {WeakMap<object, Float32Array>} */
    this.normals = new WeakMap();
  }

  /** Reads the pane's size, before anything is written. */
  readSize() {
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
  }

  /** Paints what has changed; whether there was anything to paint. */
  draw() {
    const { state } = this.store;
    const { width, height } = this;
    if (!width) return false;
    const surfaces = this.scene.surfaces.get(state.shown);
    this.waits = this.source.computes && !surfaces && Boolean(state.shown);
    if (this.waits && this.asked !== state.shown)
      this.source.askSurfaces((this.asked = state.shown));
    const key = JSON.stringify([
      width,
      height,
      state.camera,
      state.shown,
      [...state.hidden],
      Boolean(surfaces),
    ]);
    if (key === this.drawn) return false;
    this.drawn = key;
    [this.canvas.width, this.canvas.height] = [width, height];
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(width, height);
    const buffer = emptyBuffer(image);
    if (surfaces && surfaces !== this.fitted) this.ball = ballAround((this.fitted = surfaces));
    const view = this.viewOf(width, height);
    for (const surface of surfaces ?? [])
      if (!state.hidden.has(surface.label)) this.drawSurface(surface, view, buffer);
    context.putImageData(image, 0, 0);
    return true;
  }

  /** The turned axes on the screen, and the scale that fits all surfaces into the pane.
   * @param {number} width @param {number} height */
  viewOf(width, height) {
    const { azimuth, elevation, zoom } = this.store.state.camera;
    const [turn, tilt] = [azimuth, elevation].map((degrees) => (degrees * Math.PI) / 180);
    const { middle, radius } = this.ball;
    const [sin, cos, rise, run] = [Math.sin(turn), Math.cos(turn), Math.sin(tilt), Math.cos(tilt)];
    return {
      // Seen from the front: right is on the left of the screen, superior is up, anterior is near.
      across: [-cos, sin, 0],
      down: [rise * sin, rise * cos, -run],
      near: [run * sin, run * cos, rise],
      middle,
      scale: (zoom * 0.49 * Math.min(width, height)) / radius,
      width,
      height,
    };
  }

  /** @param {import("./scene.js").Surface} surface @param {any} view @param {any} buffer */
  drawSurface(surface, view, buffer) {
    const organ = this.scene.organs.find(({ label }) => label === surface.label);
    const colour = [1, 3, 5].map((place) => parseInt(organ.colour.slice(place, place + 2), 16));
    if (!this.normals.has(surface)) this.normals.set(surface, vertexNormals(surface));
    const seen = project(surface.corners, this.normals.get(surface), view);
    const { faces } = surface;
    for (let face = 0; face < faces.length; face += 3)
      fillTriangle(seen, faces[face], faces[face + 1], faces[face + 2], colour, buffer);
  }
}

/** The middle of the box around all surfaces, and the distance of the farthest corner (mm).
 * @param {import("./scene.js").Surface[]} surfaces */
function ballAround(surfaces) {
  const low = [Infinity, Infinity, Infinity],
    high = [-Infinity, -Infinity, -Infinity];
  for (const { corners } of surfaces) {
    for (let place = 0; place < corners.length; place++) {
      low[place % 3] = Math.min(low[place % 3], corners[place]);
      high[place % 3] = Math.max(high[place % 3], corners[place]);
    }
  }
  const middle = low.map((side, axis) => (side + high[axis]) / 2);
  let square = 0;
  for (const { corners } of surfaces) {
    for (let place = 0; place < corners.length; place += 3) {
      const [x, y, z] = middle.map((side, axis) => corners[place + axis] - side);
      square = Math.max(square, x * x + y * y + z * z);
    }
  }
  return { middle, radius: Math.sqrt(square) };
}

/** @param {ImageData} image */
function emptyBuffer(image) {
  const pixels = new Uint32Array(image.data.buffer);
  const [red, green, blue] = BACKGROUND;
  pixels.fill(0xff000000 | (blue << 16) | (green << 8) | red);
  return {
    pixels,
    depth: new Float32Array(pixels.length).fill(-Infinity),
    width: image.width,
    height: image.height,
  };
}

/** The mean direction of the faces around each corner.
 * @param {import("./scene.js").Surface} surface */
export function vertexNormals({ corners, faces }) {
  const normals = new Float32Array(corners.length);
  for (let face = 0; face < faces.length; face += 3) {
    const [a, b, c] = [faces[face] * 3, faces[face + 1] * 3, faces[face + 2] * 3];
    const u = [0, 1, 2].map((axis) => corners[b + axis] - corners[a + axis]);
    const v = [0, 1, 2].map((axis) => corners[c + axis] - corners[a + axis]);
    const cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const corner of [a, b, c])
      for (const axis of [0, 1, 2]) normals[corner + axis] += cross[axis];
  }
  return normals;
}

/** Corners on the screen (left, top, nearness) and their brightness, lit from the viewer.
 * @param {Float32Array} corners @param {Float32Array} normals @param {any} view */
function project(corners, normals, { across, down, near, middle, scale, width, height }) {
  const count = corners.length / 3;
  const seen = {
    left: new Float32Array(count),
    top: new Float32Array(count),
    near: new Float32Array(count),
    light: new Float32Array(count),
  };
  for (let corner = 0, place = 0; corner < count; corner++, place += 3) {
    const x = corners[place] - middle[0],
      y = corners[place + 1] - middle[1],
      z = corners[place + 2] - middle[2];
    seen.left[corner] = width / 2 + scale * (across[0] * x + across[1] * y + across[2] * z);
    seen.top[corner] = height / 2 + scale * (down[0] * x + down[1] * y + down[2] * z);
    seen.near[corner] = near[0] * x + near[1] * y + near[2] * z;
    const p = normals[place],
      q = normals[place + 1],
      r = normals[place + 2];
    const facing = Math.abs(near[0] * p + near[1] * q + near[2] * r) / (Math.hypot(p, q, r) || 1);
    seen.light[corner] = AMBIENT + (1 - AMBIENT) * facing;
  }
  return seen;
}

/** Fills a triangle where nothing nearer is, by barycentric coordinates.
 * @param {any} seen @param {number} a @param {number} b @param {number} c
 * @param {number[]} colour @param {any} buffer */
function fillTriangle({ left, top, near, light }, a, b, c, colour, buffer) {
  const ax = left[a],
    ay = top[a],
    bx = left[b],
    by = top[b],
    cx = left[c],
    cy = top[c];
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (area === 0) return;
  const firstRow = Math.max(0, Math.ceil(Math.min(ay, by, cy)));
  const lastRow = Math.min(buffer.height - 1, Math.floor(Math.max(ay, by, cy)));
  const first = Math.max(0, Math.ceil(Math.min(ax, bx, cx)));
  const last = Math.min(buffer.width - 1, Math.floor(Math.max(ax, bx, cx)));
  for (let y = firstRow; y <= lastRow; y++) {
    for (let x = first, place = y * buffer.width + first; x <= last; x++, place++) {
      const v = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area;
      const w = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area;
      const u = 1 - v - w;
      if (u < 0 || v < 0 || w < 0) continue;
      const depth = u * near[a] + v * near[b] + w * near[c];
      if (depth <= buffer.depth[place]) continue;
      buffer.depth[place] = depth;
      const lit = u * light[a] + v * light[b] + w * light[c];
      buffer.pixels[place] =
        0xff000000 | ((colour[2] * lit) << 16) | ((colour[1] * lit) << 8) | (colour[0] * lit);
    }
  }
}
