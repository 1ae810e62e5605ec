/** In a page without a kernel: every case is in the page, as JSON beside the place of its viewer. */

import { Viewer } from "./viewer.js";
import { readScene } from "./scene.js";

/** Fills every `.guidednet-viewer-place` of the page. */
export function fillPlaces() {
  for (const place of document.querySelectorAll(".guidednet-viewer-place"))
    fill(/** @type {HTMLElement} */ (place));
}

/** @param {HTMLElement} place */
function fill(place) {
  const described = JSON.parse(place.querySelector("script").textContent);
  const box = document.createElement("div");
  place.replaceChildren(box);
  /** @type {Viewer | null} */
  let viewer = null;
  const show = async (/** @type {any} */ one) => {
    const source = {
      computes: false,
      askSlice() {},
      askComparison() {},
      askSurfaces() {},
      askCase: (/** @type {string} */ name) =>
        show(described.find((/** @type {any} */ { title }) => title === name)),
    };
    const scene = await readScene(one, source);
    viewer?.close();
    viewer = new Viewer(box, scene, source, viewer?.state);
  };
  show(described[0]);
}
