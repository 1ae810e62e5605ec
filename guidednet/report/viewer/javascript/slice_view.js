/** A pane with one slice: picture, contours, crosshair, sides of the patient, scale bar. */

import { AXES } from "./volume.js";
import { contours } from "./contours.js";
import {
  DIFFERENCES,
  colourTable,
  differenceCodes,
  greyTable,
  heatTable,
  paintSlice,
} from "./paint.js";

const CROSSHAIR = "#35e0ff";
const TEXT = "#dfe6ee";
const BARS = [1, 2, 5, 10, 20, 50, 100, 200];
const NARROW_PANE = 260; // CSS pixels
const BAR_SHARE = 0.35; // of the pane's width, at most

export class SliceView {
  /**
   * @param {import("./scene.js").Scene} scene
   * @param {import("./state.js").Store} store
   * @param {import("./state.js").Plane} plane
   * @param {() => string} mapName  the label map that this pane shows; "" for none
   * @param {boolean} [crowded]  whether the caption reaches the middle of the pane
   */
  constructor(scene, store, plane, mapName, crowded = false) {
    this.scene = scene;
    this.store = store;
    this.plane = plane;
    this.axes = AXES[plane];
    this.mapName = mapName;
    this.crowded = crowded;
    this.canvas = document.createElement("canvas");
    this.canvas.dataset.plane = plane;
    this.canvas.setAttribute("role", "img");
    this.picture = document.createElement("canvas"); // the slice, a pixel per voxel
    this.rows = scene.shape[this.axes.rows];
    this.columns = scene.shape[this.axes.columns];
    this.picture.width = this.columns;
    this.picture.height = this.rows;
    this.image = new ImageData(this.columns, this.rows);
    this.painted = "";
    this.drawn = "";
    /** @type {Map<string, Map<number, Path2D>>} */
    this.outlines = new Map();
  }

  get state() {
    return this.store.state;
  }

  get index() {
    return this.state.voxel[this.axes.cut];
  }

  /** CSS pixels per mm. */
  get scale() {
    const { spacing } = this.scene;
    const across = this.canvas.clientWidth / (this.columns * spacing[this.axes.columns]);
    const along = this.canvas.clientHeight / (this.rows * spacing[this.axes.rows]);
    return Math.min(across, along) * this.state.zoom;
  }

  /** Where a voxel's middle is, in CSS pixels from the pane's top left.
   * @param {number[]} voxel  z, y, x */
  pixelOf(voxel) {
    const { columns, rows } = this.axes;
    const { centre } = this.state;
    const { spacing } = this.scene;
    return [
      this.canvas.clientWidth / 2 +
        (centre[columns] - voxel[columns]) * spacing[columns] * this.scale,
      this.canvas.clientHeight / 2 + (centre[rows] - voxel[rows]) * spacing[rows] * this.scale,
    ];
  }

  /** The voxel (z, y, x), not rounded, under a place in CSS pixels.
   * @param {number} left @param {number} top */
  voxelAt(left, top) {
    const { columns, rows } = this.axes;
    const { spacing } = this.scene;
    const voxel = [...this.state.voxel];
    const right = (left - this.canvas.clientWidth / 2) / (spacing[columns] * this.scale);
    const down = (top - this.canvas.clientHeight / 2) / (spacing[rows] * this.scale);
    voxel[columns] = this.state.centre[columns] - right;
    voxel[rows] = this.state.centre[rows] - down;
    return voxel;
  }

  /** Paints what has changed; whether there was anything to paint. */
  draw() {
    if (!this.canvas.clientWidth) return false;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    const size = [this.canvas.clientWidth, this.canvas.clientHeight].map((side) =>
      Math.round(side * ratio),
    );
    const content = this.contentKey();
    const whole = JSON.stringify([content, size, this.placeKey()]);
    if (whole === this.drawn) return false;
    if (content !== this.painted) {
      if (!this.paint()) return false; // a slice is on its way; the picture before it stays
      this.painted = content;
    }
    [this.canvas.width, this.canvas.height] = size;
    this.compose(ratio);
    this.drawn = whole;
    return true;
  }

  /** What the coloured slice depends on. */
  contentKey() {
    const { window, style, colours, overlay, opacity, hidden, labels, against } = this.state;
    const name = this.mapName();
    return JSON.stringify([
      this.index,
      name,
      against,
      window,
      style,
      colours,
      overlay,
      opacity,
      [...hidden],
      labels,
    ]);
  }

  /** What its place in the pane and the marks over it depend on. */
  placeKey() {
    const { centre, zoom, voxel, crosshair, smooth } = this.state;
    return [centre, zoom, voxel, crosshair, smooth];
  }

  /** @param {"maps" | "overlays"} role @param {string} name */
  sliceOf(role, name) {
    return this.scene[role].get(name).volume.slice(this.plane, this.index);
  }

  /** Colours the slice; false while a slice that it needs has not come. */
  paint() {
    const { state, scene } = this;
    const name = state.labels ? this.mapName() : "";
    const compared = name && state.against && state.against !== name;
    const values = scene.image.volume.slice(this.plane, this.index);
    const labels = name ? this.sliceOf("maps", name) : null;
    const against = compared ? this.sliceOf("maps", state.against) : null;
    const heat = state.overlay ? this.sliceOf("overlays", state.overlay) : null;
    if (!values || (name && !labels) || (compared && !against) || (state.overlay && !heat))
      return false;
    const layers = heat ? [{ codes: heat, table: heatTable(state.opacity) }] : [];
    if (compared && state.colours === "difference") {
      layers.push({
        codes: differenceCodes(labels, against, state.hidden),
        table: this.differenceTable(),
      });
    } else if (labels && state.style !== "contour") {
      layers.push({ codes: labels, table: this.organTable() });
    }
    paintSlice(values, greyTable(state.window, scene.image), layers, this.image);
    this.picture.getContext("2d").putImageData(this.image, 0, 0);
    this.outlines = this.outlinesOf(labels, against);
    return true;
  }

  organTable() {
    const share = this.state.style === "both" ? this.state.opacity * 0.6 : this.state.opacity;
    const shown = this.scene.organs.filter((organ) => !this.state.hidden.has(organ.label));
    return colourTable(shown.map(({ label, colour }) => ({ code: label, colour, alpha: share })));
  }

  differenceTable() {
    const share = Math.max(this.state.opacity, 0.6);
    return colourTable(DIFFERENCES.map(({ code, colour }) => ({ code, colour, alpha: share })));
  }

  /** @param {any} labels @param {any} against */
  outlinesOf(labels, against) {
    const { style, colours, hidden } = this.state;
    const found = new Map();
    const trace = (/** @type {any} */ codes) => contours(codes, this.rows, this.columns, hidden);
    if (against) found.set("against", trace(against));
    if (labels && (style !== "fill" || (against && colours === "difference")))
      found.set("shown", trace(labels));
    return found;
  }

  /** Puts the slice, its contours and the marks into the pane. @param {number} ratio */
  compose(ratio) {
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingEnabled = this.state.smooth;
    context.imageSmoothingQuality = "high";
    const last = this.scene.shape.map((size) => size - 0.5); // the volume's outer corner
    const [left, top] = this.pixelOf(last);
    const steps = [this.axes.columns, this.axes.rows].map(
      (axis) => this.scene.spacing[axis] * this.scale,
    );
    context.drawImage(this.picture, left, top, this.columns * steps[0], this.rows * steps[1]);
    this.drawOutlines(context, new DOMMatrix([steps[0], 0, 0, steps[1], left, top]));
    if (this.state.crosshair) this.drawCrosshair(context);
    this.drawMarks(context);
  }

  /** @param {CanvasRenderingContext2D} context @param {DOMMatrix} place */
  drawOutlines(context, place) {
    const colours = new Map(this.scene.organs.map(({ label, colour }) => [label, colour]));
    for (const [role, paths] of this.outlines) {
      context.setLineDash(role === "against" ? [4, 3] : []);
      context.lineWidth = role === "against" ? 1.2 : 1.8;
      for (const [label, path] of paths) {
        const placed = new Path2D();
        placed.addPath(path, place);
        context.strokeStyle = role === "against" ? "#ffffff" : (colours.get(label) ?? "#ffffff");
        context.stroke(placed);
      }
    }
    context.setLineDash([]);
  }

  /** Lines of the other two planes, open around the voxel. @param {CanvasRenderingContext2D} context */
  drawCrosshair(context) {
    const [across, down] = this.pixelOf(this.state.voxel);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const gap = 9;
    const lines = new Path2D();
    for (const [from, to] of [
      [0, across - gap],
      [across + gap, width],
    ]) {
      lines.moveTo(from, down);
      lines.lineTo(to, down);
    }
    for (const [from, to] of [
      [0, down - gap],
      [down + gap, height],
    ]) {
      lines.moveTo(across, from);
      lines.lineTo(across, to);
    }
    context.lineWidth = 3;
    context.strokeStyle = "rgba(0, 0, 0, 0.45)";
    context.stroke(lines);
    context.lineWidth = 1;
    context.strokeStyle = CROSSHAIR;
    context.stroke(lines);
  }

  /** The patient's sides, and a bar of known length. @param {CanvasRenderingContext2D} context */
  drawMarks(context) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const [left, right, top, bottom] = this.axes.edges;
    context.font = "600 13px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const write = (
      /** @type {string} */ text,
      /** @type {number} */ x,
      /** @type {number} */ y,
    ) => {
      context.lineWidth = 3;
      context.strokeStyle = "rgba(0, 0, 0, 0.8)";
      context.strokeText(text, x, y);
      context.fillStyle = TEXT;
      context.fillText(text, x, y);
    };
    write(left, 11, height / 2);
    write(right, width - 11, height / 2);
    write(top, width / 2, this.crowded || width < NARROW_PANE ? 36 : 12); // below the caption
    write(bottom, width / 2, height - 12);
    const length = BARS.filter((mm) => mm * this.scale <= width * BAR_SHARE).at(-1) ?? BARS[0];
    const from = width - 10 - length * this.scale;
    context.fillStyle = "rgba(0, 0, 0, 0.8)";
    context.fillRect(from - 1, height - 11, length * this.scale + 2, 4);
    context.fillStyle = TEXT;
    context.fillRect(from, height - 10, length * this.scale, 2);
    context.font = "11px system-ui, sans-serif";
    write(
      length < 10 ? `${length} mm` : `${length / 10} cm`,
      from + (length * this.scale) / 2,
      height - 20,
    );
  }
}
