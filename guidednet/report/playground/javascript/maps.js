/** One slice four times: the posterior of a class, the most probable class, reference, network. */

import { make } from "./dom.js";
import { labels } from "./parts.js";

const OPACITY = 0.6; // of the colours over the grey image
const VIRIDIS = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

/** The colour of a share between 0 and 1. @param {number} share */
function heat(share) {
  const place = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const below = Math.min(Math.floor(place), VIRIDIS.length - 2);
  return VIRIDIS[below].map((low, i) => low + (VIRIDIS[below + 1][i] - low) * (place - below));
}

/** Red, green and blue of "#rrggbb". @param {string} colour */
const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

export class SliceMaps {
  /** @param {import("./cgmm_view.js").Data} data */
  constructor(data) {
    this.data = data;
    this.grey = labels(data.image);
    this.colours = data.classes.map(({ colour }) => channels(colour));
    this.shown = ["G", "found", "reference", "network"].map((name) => this.panel(name));
    this.element = make("div", { className: "maps" }, ...this.shown.map(({ element }) => element));
    this.still("reference", "reference", labels(data.label));
    this.still("network", "network A", labels(data.network));
  }

  /** @param {string} name */
  panel(name) {
    const { rows, columns, pixel } = this.data;
    const canvas = make("canvas", { width: columns, height: rows, role: "img" });
    canvas.dataset.map = name;
    canvas.style.aspectRatio = `${columns * pixel[1]} / ${rows * pixel[0]}`;
    const caption = make("figcaption");
    return { name, canvas, caption, element: make("figure", {}, canvas, caption) };
  }

  /** @param {string} name @param {string} title @param {(v: number) => number[]} colour */
  paint(name, title, colour) {
    const { rows, columns } = this.data;
    const panel = this.shown.find((one) => one.name === name);
    const pen = panel.canvas.getContext("2d");
    const pixels = pen.createImageData(columns, rows);
    for (let v = 0; v < rows * columns; v++) pixels.data.set([...colour(v), 255], 4 * v);
    pen.putImageData(pixels, 0, 0);
    panel.caption.textContent = panel.canvas.ariaLabel = title;
  }

  /** @param {string} name @param {string} title @param {Uint8Array} found */
  still(name, title, found) {
    this.paint(name, title, (v) => {
      const grey = this.grey[v];
      const colour = this.colours[found[v]];
      return found[v]
        ? colour.map((value) => OPACITY * value + (1 - OPACITY) * grey)
        : [grey, grey, grey];
    });
  }

  /** @param {number} current @param {Float64Array} maps (K,V) @param {Uint8Array} found (V) */
  draw(current, maps, found) {
    const voxels = found.length;
    this.paint("G", `G of ${this.data.classes[current].name}, 0 to 1`, (v) =>
      heat(maps[current * voxels + v]),
    );
    this.still("found", "most probable class", found);
  }
}
