/** The bar above the pictures: case, layout, what dragging does, window, full screen, help. */

import { button, choice, make, switches } from "./dom.js";

const KEYS = [
  ["wheel, arrow keys", "next slice of the plane under the pointer; page keys: five"],
  ["click, drag", "places the crosshair in all planes"],
  ["right drag", "window (right: wider) and level (down: brighter); 1 to 9: presets"],
  ["ctrl + wheel, pinch, + -", "zoom; 0: as at the start"],
  ["shift + drag, two fingers", "pan"],
  ["double click", "one plane alone, and back"],
  ["n, p", "next and previous disagreement"],
  ["c, d, l", "contours or fill; differences; label maps on and off"],
  ["a, x, i", "all organs; crosshair; interpolation"],
  ["f", "full screen"],
];

export class Toolbar {
  /** @param {import("./viewer.js").Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.updated = ""; // what the bar shows
    const { scene, store } = viewer;
    const cases = scene.cases.map((/** @type {string} */ name) => ({ value: name, text: name }));
    this.cases = choice("case", cases, (name) => viewer.source.askCase(name));
    this.cases.value = scene.title;
    this.layout = switches(
      "layout",
      [
        ["planes", "2 × 2", "three planes and surfaces"],
        ["single", "1", "one plane alone (double click)"],
        ["compare", "side by side", "one plane of several label maps"],
      ],
      (layout) => viewer.lay({ layout }),
    );
    const planes = ["transverse", "coronal", "sagittal", "surfaces"].map((value) => ({
      value,
      text: value === "surfaces" ? "3D" : value,
    }));
    this.plane = choice("plane", planes, (plane) => viewer.lay({ plane }));
    this.add = button("add", "+", "one more label map", () => viewer.addPanel());
    this.tool = switches(
      "what dragging does",
      [
        ["crosshair", "✛", "drag: crosshair"],
        ["window", "◐", "drag: window and level"],
        ["pan", "✥", "drag: pan (shift)"],
        ["zoom", "⌕", "drag: zoom (ctrl)"],
      ],
      (tool) => store.set({ tool }),
    );
    const presets = scene.windows.map(
      (/** @type {any} */ { name }, /** @type {number} */ place) => ({
        value: String(place),
        text: name,
      }),
    );
    this.preset = choice(
      "window",
      [...presets, { value: "own", text: "own" }],
      (place) => place !== "own" && store.set({ window: scene.windows[Number(place)].limits }),
    );
    this.limits = make("output", { className: "limits" });
    this.help = make(
      "dialog",
      { className: "help" },
      make(
        "dl",
        {},
        ...KEYS.flatMap(([keys, what]) => [make("dt", {}, keys), make("dd", {}, what)]),
      ),
    );
    this.help.addEventListener("click", () => this.help.close());
    this.element = make(
      "header",
      { className: "bar" },
      scene.cases.length > 1 ? this.cases : make("b", {}, scene.title),
      this.layout.element,
      this.plane,
      this.add,
      this.tool.element,
      make("span", { className: "window" }, this.preset, this.limits),
      make("span", { className: "space" }),
      button("full", "full screen", "full screen (f)", () => viewer.toggleFullScreen()),
      button("help", "?", "keys and mouse", () => this.help.show()),
      this.help,
    );
  }

  /** @param {import("./state.js").State} state */
  update(state) {
    const { scene } = this.viewer;
    const key = JSON.stringify([state.layout, state.tool, state.plane, state.window]);
    if (key === this.updated) return;
    this.updated = key;
    this.layout.show(state.layout);
    this.tool.show(state.tool);
    this.plane.value = state.plane;
    this.plane.hidden = state.layout === "planes";
    this.add.hidden = state.layout !== "compare";
    const [low, high] = state.window;
    const place = scene.windows.findIndex(
      (/** @type {any} */ { limits }) => limits[0] === low && limits[1] === high,
    );
    this.preset.value = place < 0 ? "own" : String(place);
    const digits = high - low < 10 ? 2 : 0;
    this.limits.textContent = `W ${(high - low).toFixed(digits)} L ${((low + high) / 2).toFixed(digits)} ${scene.unit}`;
  }
}
