/** The whole viewer: panes in their layout, bar, panel and read-out around one state. */

import { Pane } from "./pane.js";
import { Panel } from "./panel.js";
import { Readout } from "./readout.js";
import { Store, firstState, stateOfNextCase } from "./state.js";
import { Toolbar } from "./toolbar.js";
import { make } from "./dom.js";
import { keyTable } from "./hands.js";
import { addComparison, addSurfaces, pairKey } from "./scene.js";

const FRAME = "guidednet-viewer frame"; // measures from event to painted frame (User Timing)
const MOST_MEASURES = 1000;
const ALL = /** @type {const} */ (["transverse", "coronal", "sagittal", "surfaces"]);
const MOST_PANELS = 12;
const NARROW = 700; // CSS pixels; below it, as on a phone, the panel stands under the pictures

export class Viewer {
  /**
   * @param {HTMLElement} element  is filled
   * @param {import("./scene.js").Scene} scene
   * @param {import("./scene.js").Source} source
   * @param {import("./state.js").State} [before]  the state of the case shown before
   */
  constructor(element, scene, source, before) {
    this.scene = scene;
    this.source = source;
    this.store = new Store(before ? stateOfNextCase(before, scene) : firstState(scene));
    this.stage = make("div", { className: "stage" });
    this.toolbar = new Toolbar(this);
    this.panel = new Panel(this);
    this.readout = new Readout(this);
    this.root = make(
      "div",
      { className: "guidednet-viewer", tabIndex: 0 },
      this.toolbar.element,
      make("div", { className: "body" }, this.stage, this.panel.element),
      this.readout.element,
    );
    this.root.dataset.case = scene.title;
    this.root.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves the keys to the viewer
    element.replaceChildren(this.root);
    this.began = 0;
    this.frame = 0;
    /** @type {Pane[]} */
    this.panes = [];
    /** @type {Pane["view"] | null} */
    this.over = null;
    this.asked = new Set();
    this.connect();
    this.lay({});
  }

  get state() {
    return this.store.state;
  }

  connect() {
    this.store.listeners.add(() => this.schedule());
    this.root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) =>
      this.keyPressed(event),
    );
    this.resizes = new ResizeObserver(() => {
      this.root.dataset.narrow = String(this.root.clientWidth < NARROW);
      this.schedule();
    });
    for (const element of [this.root, this.stage]) this.resizes.observe(element);
    for (const kind of ["pointerdown", "input", "change", "click"])
      this.root.addEventListener(kind, (/** @type {Event} */ event) => this.note(event), true);
  }

  /** Frees what outlives the element. */
  close() {
    this.resizes.disconnect();
    cancelAnimationFrame(this.frame);
  }

  /** Remembers when the first event since the last frame happened. @param {Event} event */
  note(event) {
    this.began ||= event.timeStamp;
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    for (const { view } of this.panes) view.readSize();
    const painted = this.panes.map((pane) => pane.draw());
    this.root.ariaBusy = String(this.panes.some(({ view }) => view.waits));
    this.toolbar.update(this.state);
    this.panel.update(this.state);
    this.readout.update(this.state);
    if (painted.some(Boolean)) this.measure();
  }

  /** Measures up to the moment after the frame: a message comes once the browser has painted. */
  measure() {
    const { began } = this;
    this.began = 0;
    if (!began) return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      if (performance.getEntriesByName(FRAME).length >= MOST_MEASURES)
        performance.clearMeasures(FRAME);
      performance.measure(FRAME, { start: began, end: performance.now() });
      port1.close();
    };
    port2.postMessage(null);
  }

  /** Changes the layout, and puts up its panes.
   * @param {Partial<import("./state.js").State>} changes
   * @returns {void} */
  lay(changes) {
    this.store.set(changes);
    const { layout, plane, panels } = this.state;
    if (layout === "compare" && plane === "surfaces") return this.lay({ plane: "transverse" });
    if (layout === "planes") this.panes = ALL.map((one) => new Pane(this, one));
    else if (layout === "single") this.panes = [new Pane(this, plane)];
    else this.panes = panels.map((_, place) => new Pane(this, plane, place));
    this.stage.dataset.layout = layout;
    this.stage.style.setProperty("--columns", String(columnsFor(this.panes.length)));
    this.stage.replaceChildren(...this.panes.map(({ element }) => element));
    this.over = null;
    this.schedule();
  }

  /** Puts up one more label map beside the others. */
  addPanel() {
    const { panels, shown } = this.state;
    if (panels.length < MOST_PANELS) this.lay({ panels: [...panels, shown] });
  }

  /** A plane alone, or back to all of them. @param {any} plane */
  open(plane) {
    this.lay(this.state.layout === "planes" ? { layout: "single", plane } : { layout: "planes" });
  }

  /** Keys go to the view under the pointer, unless somebody is writing elsewhere. @param {any} view */
  pointAt(view) {
    this.over = view;
    const busy = /** @type {any} */ (document.activeElement);
    const writing =
      busy?.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(busy?.tagName);
    if (!writing || this.root.contains(busy)) this.root.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  keyPressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      target.tagName === "SELECT" ||
      target.tagName === "INPUT"
    )
      return;
    const action = keyTable(this.store, this)[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    this.note(event);
    action(this.over ?? this.panes[0].view);
  }

  /** How the map in the planes compares with the other one, if both are chosen and it is known. */
  comparison() {
    const { shown, against } = this.state;
    return shown && against && shown !== against ? this.compared(shown, against) : undefined;
  }

  /** @param {string} first @param {string} second */
  compared(first, second) {
    const key = pairKey(first, second);
    const found = this.scene.comparisons.get(key);
    if (!found && !this.asked.has(key)) this.source.askComparison(first, second);
    this.asked.add(key);
    return found;
  }

  /** Goes to the next or previous disagreement. @param {1 | -1} way */
  jump(way) {
    const number = this.comparison()?.regions.length ?? 0;
    if (number)
      this.goToRegion(
        (this.state.region + way + (this.state.region < 0 && way < 0 ? 1 : 0) + number) % number,
      );
  }

  /** @param {number} place  in the list of disagreements */
  goToRegion(place) {
    const region = this.comparison().regions[place];
    this.store.set({ region: place });
    this.store.goTo(region.centre, this.scene.shape);
    if (this.state.zoom > 1) this.store.set({ centre: [...this.state.voxel] });
  }

  toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen();
  }

  /** What the kernel has computed meanwhile. @param {any} found */
  async add(found) {
    if (found.kind === "comparison") addComparison(this.scene, found);
    else await addSurfaces(this.scene, found);
    this.schedule();
  }
}

/** @param {number} panes */
function columnsFor(panes) {
  return panes <= 1 ? 1 : panes <= 4 ? 2 : 3;
}
