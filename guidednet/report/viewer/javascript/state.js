/** The state of one viewer: one plain object, changed in one place, watched by whoever draws it. */

/**
 * @typedef {[number, number, number]} Triple  z, y, x in voxels
 * @typedef {"transverse" | "coronal" | "sagittal"} Plane
 * @typedef {Object} State
 * @property {Triple} voxel  where the three planes cross
 * @property {Triple} centre  what lies in the middle of every picture
 * @property {number} zoom  1 fits the slice to its pane
 * @property {[number, number]} window  grey window: black, white
 * @property {"planes" | "single" | "compare"} layout
 * @property {Plane | "surfaces"} plane  what "single" and "compare" show
 * @property {string} shown  the label map in the planes; "" for none
 * @property {string} against  the label map that it is compared with; "" for none
 * @property {string[]} panels  the label maps that stand side by side
 * @property {"fill" | "contour" | "both"} style
 * @property {"organs" | "difference"} colours
 * @property {string} overlay  the scalar map over the image; "" for none
 * @property {number} opacity
 * @property {Set<number>} hidden  labels of the organs that are off
 * @property {boolean} labels  whether label maps are drawn at all
 * @property {boolean} crosshair
 * @property {boolean} smooth  interpolates the picture between voxels
 * @property {"crosshair" | "window" | "pan" | "zoom"} tool  what dragging does
 * @property {number} region  the current place in the list of disagreements; -1 for none
 * @property {{azimuth: number, elevation: number, zoom: number}} camera
 */

/** Holds a state and tells its listeners after every change. */
export class Store {
  /** @param {State} state */
  constructor(state) {
    this.state = state;
    /** @type {Set<(state: State) => void>} */
    this.listeners = new Set();
  }

  /** @param {Partial<State>} changes */
  set(changes) {
    Object.assign(this.state, changes);
    for (const listener of this.listeners) listener(this.state);
  }

  /** Moves the crosshair to a voxel, kept inside the volume.
   * @param {number[]} voxel  z, y, x; rounded
   * @param {number[]} shape */
  goTo(voxel, shape) {
    const inside = voxel.map((place, axis) => clamp(Math.round(place), 0, shape[axis] - 1));
    this.set({ voxel: /** @type {Triple} */ (inside) });
  }
}

/** @param {import("./scene.js").Scene} scene @returns {State} */
export function firstState(scene) {
  const names = [...scene.maps.keys()];
  const predicted = names.filter((name) => name !== scene.reference);
  const shown = predicted.at(-1) ?? names[0] ?? "";
  return {
    voxel: scene.start,
    centre: middle(scene.shape),
    zoom: 1,
    window: scene.windows[0].limits,
    layout: "planes",
    plane: "transverse",
    shown,
    against: predicted.length && scene.reference ? scene.reference : "",
    panels: names.length ? names.slice(0, 6) : [""],
    style: "fill",
    colours: "organs",
    overlay: "",
    opacity: 0.45,
    hidden: new Set(),
    labels: true,
    crosshair: true,
    smooth: false,
    tool: "crosshair",
    region: -1,
    camera: { azimuth: 15, elevation: 10, zoom: 1 },
  };
}

/** The state for another case: what is still there stays as it was.
 * @param {State} before @param {import("./scene.js").Scene} scene @returns {State} */
export function stateOfNextCase(before, scene) {
  const fresh = firstState(scene);
  const kept = (/** @type {string} */ name, /** @type {string} */ other) =>
    name === "" || scene.maps.has(name) ? name : other;
  const panels = before.panels.filter((name) => name === "" || scene.maps.has(name));
  return {
    ...before,
    voxel: fresh.voxel,
    centre: fresh.centre,
    window: fresh.window,
    zoom: 1,
    region: -1,
    hidden: fresh.hidden,
    shown: kept(before.shown, fresh.shown),
    against: kept(before.against, fresh.against),
    overlay: scene.overlays.has(before.overlay) ? before.overlay : "",
    panels: panels.length ? panels : fresh.panels,
  };
}

/** @param {number[]} shape @returns {Triple} */
export function middle(shape) {
  return /** @type {Triple} */ (shape.map((size) => (size - 1) / 2));
}

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
