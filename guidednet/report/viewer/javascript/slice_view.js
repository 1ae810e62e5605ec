/** A pane with one slice: picture, contours, crosshair, sides of the patient, scale bar. */

import { AXES } from "./volume.js";
import { contours } from "./contours.js";
import { drawCrosshair, drawScaleBar, drawSides } from "./marks.js";
import {
  DIFFERENCES,
  colourTable,
  differenceCodes,
  greysOf,
  heatTable,
  paintSlice,
} from "./paint.js";

const NARROW_PANE = 260; // CSS pixels

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
    this.width = this.height = 0; // of the pane in CSS pixels
    this.painted = "";
    this.drawn = "";
    this.traced = "";
    this.waits = false; // for a slice from the kernel
    /** @type {Map<string, Map<number, Path2D>>} */
    this.outlines = new Map();
  }

  get state() {
    return this.store.state;
  }

  get index() {
    return this.state.voxel[this.axes.cut];
  }

  /** Reads the pane's size, once a frame and before anything is written, which would cost a layout. */
  readSize() {
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
  }

  /** CSS pixels per mm. */
  get scale() {
    const { spacing } = this.scene;
    const across = this.width / (this.columns * spacing[this.axes.columns]);
    const along = this.height / (this.rows * spacing[this.axes.rows]);
    return Math.min(across, along) * this.state.zoom;
  }

  /** Where a voxel's middle is, in CSS pixels from the pane's top left.
   * @param {number[]} voxel  z, y, x */
  pixelOf(voxel) {
    const { columns, rows } = this.axes;
    const { centre } = this.state;
    const { spacing } = this.scene;
    return [
      this.width / 2 + (centre[columns] - voxel[columns]) * spacing[columns] * this.scale,
      this.height / 2 + (centre[rows] - voxel[rows]) * spacing[rows] * this.scale,
    ];
  }

  /** The voxel (z, y, x), not rounded, under a place in CSS pixels.
   * @param {number} left @param {number} top */
  voxelAt(left, top) {
    const { columns, rows } = this.axes;
    const { spacing } = this.scene;
    const voxel = [...this.state.voxel];
    const right = (left - this.width / 2) / (spacing[columns] * this.scale);
    const down = (top - this.height / 2) / (spacing[rows] * this.scale);
    voxel[columns] = this.state.centre[columns] - right;
    voxel[rows] = this.state.centre[rows] - down;
    return voxel;
  }

  /** Paints what has changed; whether there was anything to paint. */
  draw() {
    this.waits = false;
    if (!this.width) return false;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    const size = [this.width, this.height].map((side) => Math.round(side * ratio));
    const content = this.contentKey();
    const whole = JSON.stringify([content, size, this.placeKey()]);
    if (whole === this.drawn) return false;
    if (content !== this.painted) {
      this.waits = !this.paint();
      if (this.waits) return false; // the picture before it stays
      this.painted = content;
    }
    if (this.canvas.width !== size[0]) this.canvas.width = size[0];
    if (this.canvas.height !== size[1]) this.canvas.height = size[1];
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
    paintSlice(values, greysOf(state.window, scene.image), layers, this.image);
    this.picture.getContext("2d", { alpha: false }).putImageData(this.image, 0, 0);
    this.trace(labels, against);
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

  /** Traces the contours, unless they are those of the picture before.
   * @param {any} labels @param {any} against */
  trace(labels, against) {
    const { style, colours, hidden, against: other } = this.state;
    const key = JSON.stringify([
      this.index,
      this.mapName(),
      other,
      style,
      colours,
      [...hidden],
      !labels,
    ]);
    if (key === this.traced) return;
    this.traced = key;
    this.outlines.clear();
    const found = (/** @type {any} */ codes) => contours(codes, this.rows, this.columns, hidden);
    if (against) this.outlines.set("against", found(against));
    if (labels && (style !== "fill" || (against && colours === "difference")))
      this.outlines.set("shown", found(labels));
  }

  /** Puts the slice, its contours and the marks into the pane. @param {number} ratio */
  compose(ratio) {
    const context = this.canvas.getContext("2d", { alpha: false });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#000000";
    context.fillRect(0, 0, this.width, this.height);
    context.imageSmoothingEnabled = this.state.smooth;
    context.imageSmoothingQuality = "high";
    const last = this.scene.shape.map((size) => size - 0.5); // the volume's outer corner
    const [left, top] = this.pixelOf(last);
    const steps = [this.axes.columns, this.axes.rows].map(
      (axis) => this.scene.spacing[axis] * this.scale,
    );
    context.drawImage(this.picture, left, top, this.columns * steps[0], this.rows * steps[1]);
    this.drawOutlines(context, new DOMMatrix([steps[0], 0, 0, steps[1], left, top]));
    const size = [this.width, this.height];
    if (this.state.crosshair) drawCrosshair(context, this.pixelOf(this.state.voxel), size);
    const underCaption = this.crowded || this.width < NARROW_PANE;
    drawSides(context, this.axes.edges, size, underCaption ? 36 : 12);
    drawScaleBar(context, this.scale, size);
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
}
