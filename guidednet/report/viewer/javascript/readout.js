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
  constructor(viewer) {
    this.viewer = viewer;
    this.value = make("b");
    this.place = make("span");
    this.labels = make("span", { className: "labels" });
    this.note = make("span", { className: "note" }, viewer.scene.note);
    this.element = make(
      "footer",
      { className: "readout" },
      this.value,
      this.place,
      this.labels,
      this.note,
    );
    this.element.setAttribute("aria-live", "off");
  }

  /** @param {import("./state.js").State} state */
  update(state) {
    const { scene } = this.viewer;
    const names = new Map(scene.organs.map((/** @type {any} */ { label, name }) => [label, name]));
    const [z, y, x] = state.voxel;
    this.value.textContent = valueText(scene, state.voxel) ?? "…";
    this.place.textContent = `${positionText(positionOf(scene, state.voxel))}  (voxel ${x}, ${y}, ${z})`;
    const found = [...scene.maps].map(([name, { volume }]) => {
      const label = volume.at(state.voxel);
      return make(
        "span",
        {},
        `${name}: `,
        make("b", {}, label ? (names.get(label) ?? String(label)) : "–"),
      );
    });
    const overlay = scene.overlays.get(state.overlay);
    const code = overlay?.volume.at(state.voxel);
    if (overlay && code != null) {
      const value = overlay.low + (code / 255) * (overlay.high - overlay.low);
      found.push(
        make(
          "span",
          {},
          `${state.overlay}: `,
          make("b", {}, `${value.toFixed(2)} ${overlay.unit}`),
        ),
      );
    }
    this.labels.replaceChildren(...found);
  }
}
