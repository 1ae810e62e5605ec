/** The plane that spreads the centroids most, with voxels, centroids, and a circle of 1 σ each. */

import { make } from "./dom.js";
import { sharp, themed } from "./parts.js";

const [SIDE, MARGIN, REACH] = [400, 18, 26]; // pixels; a centroid is taken within REACH
const STEP = 0.02; // share of the plane that an arrow key moves a centroid

export class Plane {
  /** @param {HTMLElement} place @param {import("./cgmm_view.js").Data} data @param {any} model
   * @param {{chosen: (k: number) => void, moved: () => void}} told */
  constructor(place, data, model, told) {
    Object.assign(this, { place, data, model, told });
    this.canvas = make("canvas", {
      className: "plane",
      tabIndex: 0,
      ariaLabel: "feature plane: drag a centroid, or move it with the arrow keys",
    });
    const caption = "feature space: × centroid (eq. 3), circle of radius σ√C (eq. 4), dots voxels";
    this.element = make("figure", {}, this.canvas, make("figcaption", {}, caption));
    this.current = data.chosen;
    this.held = false;
    this.points = this.projectedVoxels();
    this.fit();
    this.listen();
  }

  /** Where a feature vector lies in the plane. @param {(c: number) => number} value */
  projected(value) {
    const { centre, directions } = this.data;
    return directions.map((direction) =>
      direction.reduce((sum, share, c) => sum + share * (value(c) - centre[c]), 0),
    );
  }

  projectedVoxels() {
    const { values, voxels } = this.model.features;
    return Array.from({ length: voxels }, (_, v) =>
      this.projected((c) => values[c * voxels + v]),
    );
  }

  /** @param {number} k */
  centroid(k) {
    const { mean } = this.model.statistics;
    return this.projected((c) => mean[k * this.data.channels + c]);
  }

  get classes() {
    return this.model.statistics.present.flatMap((there, k) => (there ? [k] : []));
  }

  /** The scale at which all centroids and most voxels are seen. */
  fit() {
    const seen = [...this.classes.map((k) => this.centroid(k)), ...this.points];
    const [across, down] = [0, 1].map((axis) => seen.map((point) => point[axis]));
    const middle = [across, down].map((all) => (Math.min(...all) + Math.max(...all)) / 2);
    const size = Math.max(...[across, down].map((all) => Math.max(...all) - Math.min(...all)));
    this.scale = (SIDE - 2 * MARGIN) / size;
    this.middle = middle;
  }

  /** @param {number[]} point */
  pixel([x, y]) {
    const [left, top] = this.middle;
    return [SIDE / 2 + (x - left) * this.scale, SIDE / 2 - (y - top) * this.scale];
  }

  /** Move a centroid by so many pixels, along the plane. @param {number} right @param {number} down */
  move(right, down) {
    const { channels, directions } = this.data;
    const { mean } = this.model.statistics;
    for (let c = 0; c < channels; c++)
      mean[this.current * channels + c] +=
        (directions[0][c] * right - directions[1][c] * down) / this.scale;
    this.told.moved();
  }

  listen() {
    this.canvas.addEventListener("pointerdown", (event) => this.take(event));
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.held) return;
      const [x, y] = this.at(event);
      const [right, down] = [x - this.last[0], y - this.last[1]];
      this.last = [x, y];
      this.move(right, down);
    });
    for (const end of ["pointerup", "pointercancel"])
      this.canvas.addEventListener(end, () => (this.held = false));
    this.canvas.addEventListener("keydown", (event) => {
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const way = ways[event.key];
      if (!way) return;
      event.preventDefault();
      this.move(way[0] * STEP * SIDE, way[1] * STEP * SIDE);
    });
  }

  /** Where an event is, in the plane's own pixels. @param {PointerEvent} event */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top].map(
      (value) => (value * SIDE) / box.width,
    );
  }

  /** Take hold of the nearest centroid. @param {PointerEvent} event */
  take(event) {
    const here = this.at(event);
    const distance = (/** @type {number} */ k) => {
      const [x, y] = this.pixel(this.centroid(k));
      return Math.hypot(x - here[0], y - here[1]);
    };
    const nearest = this.classes.reduce((one, other) =>
      distance(other) < distance(one) ? other : one,
    );
    if (distance(nearest) > REACH) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.held = true;
    this.last = here;
    this.told.chosen(nearest);
  }

  /** @param {number} chosen  the class that stands out */
  draw(chosen) {
    this.current = chosen;
    const pen = sharp(this.canvas, SIDE, SIDE);
    this.drawVoxels(pen);
    for (const k of this.classes) if (k !== chosen) this.drawClass(pen, k, false);
    if (this.classes.includes(chosen)) this.drawClass(pen, chosen, true);
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawVoxels(pen) {
    const labels = this.model.label;
    this.points.forEach((point, v) => {
      const [x, y] = this.pixel(point);
      pen.globalAlpha = labels[v] ? 0.8 : 0.25;
      pen.fillStyle = this.data.classes[labels[v]].colour;
      pen.fillRect(x - 1.5, y - 1.5, 3, 3);
    });
    pen.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} k @param {boolean} stands */
  drawClass(pen, k, stands) {
    const [x, y] = this.pixel(this.centroid(k));
    const { std } = this.model.statistics;
    pen.lineWidth = stands ? 3 : 1.2;
    pen.strokeStyle = this.data.classes[k].colour;
    if (!this.model.released) {
      pen.beginPath();
      pen.arc(x, y, std[k] * Math.sqrt(this.data.channels) * this.scale, 0, 2 * Math.PI);
      pen.stroke();
    }
    for (const [width, colour] of [
      [stands ? 7 : 5, themed(this.place, "paper")],
      [stands ? 4 : 2.5, this.data.classes[k].colour],
    ]) {
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.beginPath();
      for (const [dx, dy] of [
        [6, 6],
        [6, -6],
      ]) {
        pen.moveTo(x - dx, y - dy);
        pen.lineTo(x + dx, y + dy);
      }
      pen.stroke();
    }
  }
}
