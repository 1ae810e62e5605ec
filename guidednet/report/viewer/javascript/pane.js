/** A pane of the stage: a picture with its hands, its caption and, for a plane, its slider. */

import { SliceView } from "./slice_view.js";
import { SurfaceView } from "./surface_view.js";
import { button, choice, make } from "./dom.js";
import { giveHands } from "./hands.js";
import { mapOptions } from "./panel.js";

export class Pane {
  /**
   * @param {import("./viewer.js").Viewer} viewer
   * @param {import("./state.js").Plane | "surfaces"} plane
   * @param {number} [place]  among the label maps side by side; without it the shown one
   */
  constructor(viewer, plane, place) {
    this.viewer = viewer;
    this.place = place;
    const { scene, store, source } = viewer;
    this.view =
      plane === "surfaces"
        ? new SurfaceView(scene, store, source)
        : new SliceView(scene, store, plane, () => this.mapName, place !== undefined);
    giveHands(store, this.view, {
      began: (event) => viewer.note(event),
      over: (view) => viewer.pointAt(view),
      opened: (view) => viewer.open(view.plane),
    });
    this.caption = make("span");
    const head = make("div", { className: "caption" }, this.caption);
    if (place !== undefined) head.append(...this.controls(place));
    this.element = make("div", { className: "pane" }, this.view.canvas, head);
    this.slider = this.view instanceof SliceView ? this.sliceSlider(this.view) : null;
    if (this.slider) this.element.append(this.slider);
  }

  /** The label map that this pane shows; "" for none. */
  get mapName() {
    const { shown, panels } = this.viewer.state;
    return this.place === undefined ? shown : panels[this.place];
  }

  /** Brings caption and picture up to date; whether anything was painted. */
  draw() {
    const { view } = this;
    const text = view instanceof SliceView ? this.sliceText(view) : `3D  ${this.mapName}`;
    const name = `${text}, ${this.mapName || "image"}`;
    if (name !== view.canvas.ariaLabel) {
      this.caption.textContent = text;
      view.canvas.ariaLabel = name;
      if (view instanceof SliceView) this.slider.value = String(view.index);
    }
    return view.draw();
  }

  /** @param {SliceView} view */
  sliceText({ plane, index, axes, scene }) {
    const where = `${index + 1}/${scene.shape[axes.cut]}`;
    return this.place === undefined ? `${plane} ${where}` : `${this.scoreText()}${where}`;
  }

  /** Mean Dice of this pane's label map against the other one. */
  scoreText() {
    const { against } = this.viewer.state;
    if (!this.mapName || !against || this.mapName === against) return "";
    const found = this.viewer.compared(this.mapName, against);
    const values = Object.values(found?.dice ?? {}).filter((dice) => dice != null);
    if (!values.length) return "";
    const mean = values.reduce((sum, dice) => sum + dice, 0) / values.length;
    return `Dice ${(100 * mean).toFixed(1)}  `;
  }

  /** @param {SliceView} view */
  sliceSlider(view) {
    const { store, scene } = this.viewer;
    const max = scene.shape[view.axes.cut] - 1;
    const slider = make("input", { type: "range", min: 0, max, ariaLabel: `${view.plane} slice` });
    slider.addEventListener("input", () => {
      const voxel = [...store.state.voxel];
      voxel[view.axes.cut] = Number(slider.value);
      store.goTo(voxel, scene.shape);
    });
    return slider;
  }

  /** The drop-down of a label map beside others, and the button that closes its pane.
   * @param {number} place @returns {Node[]} */
  controls(place) {
    const { viewer } = this;
    const { panels } = viewer.state;
    const select = choice(
      "label map of this pane",
      mapOptions(viewer.scene, "image alone"),
      (name) =>
        viewer.store.set({
          panels: viewer.state.panels.map((old, other) => (other === place ? name : old)),
        }),
    );
    select.value = panels[place];
    if (panels.length === 1) return [select];
    const close = button("close", "×", "close this pane", () =>
      viewer.lay({ panels: viewer.state.panels.filter((_, other) => other !== place) }),
    );
    return [select, close];
  }
}
