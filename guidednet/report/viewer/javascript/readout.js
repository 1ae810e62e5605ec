/** The line below the pictures: what is at the crosshair. */

import { make } from "./dom.js";
import { positionOf } from "./scene.js";

const SIDES = [
  ["R", "L"],
  ["A", "P"],
  ["S", "I"],
];

/** The value of the image at a voxel, with its unit; null while its slice is on its way.
 * @param {import("./scene.js").Scene} scene @param {number[]} voxel */
export function valueText({ image, unit }, voxel) {
  const stored = image.volume.at(voxel);
  if (stored === null) return null;
  const value = stored * image.slope + image.intercept;
  return `${unit === "HU" ? Math.round(value) : value.toFixed(3)} ${unit}`;
}

/** A position in mm, with the letter of the side on which it lies.
 * @param {number[]} position  towards right, anterior, superior */
export function positionText(position) {
  const parts = position.map(
    (mm, axis) => `${SIDES[axis][mm < 0 ? 1 : 0]} ${Math.abs(mm).toFixed(1)}`,
  );
  return `${parts.join("  ")} mm`;
}

export class Readout {
  /** @param {import("./viewer.js").Viewer} viewer */
  constructor({ scene }) {
    this.scene = scene;
    this.names = new Map(scene.organs.map(({ label, name }) => [label, name]));
    this.value = make("b");
    this.place = make("span");
    this.maps = [...scene.maps].map(([name, { volume }]) => ({ name, volume, found: make("b") }));
    this.overlay = make("span");
    const labels = this.maps.map(({ name, found }) => make("span", {}, `${name}: `, found));
    this.element = make(
      "footer",
      { className: "readout" },
      this.value,
      this.place,
      make("span", { className: "labels" }, ...labels, this.overlay),
      make("span", { className: "remark" }, scene.note),
    );
  }

  /** @param {import("./state.js").State} state */
  update({ voxel, overlay }) {
    const [z, y, x] = voxel;
    const position = positionText(positionOf(this.scene, voxel));
    setText(this.value, valueText(this.scene, voxel) ?? "…");
    setText(this.place, `${position}  (voxel ${x}, ${y}, ${z})`);
    for (const { volume, found } of this.maps) {
      const label = volume.at(voxel);
      setText(found, label ? (this.names.get(label) ?? String(label)) : "–");
    }
    setText(this.overlay, overlay ? this.overlayText(overlay, voxel) : "");
  }

  /** @param {string} name @param {number[]} voxel */
  overlayText(name, voxel) {
    const { volume, low, high, unit } = this.scene.overlays.get(name);
    const code = volume.at(voxel);
    return code === null
      ? ""
      : `${name}: ${(low + (code / 255) * (high - low)).toFixed(2)} ${unit}`;
  }
}

/** Writes only what is new, because every change costs a layout.
 * @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
