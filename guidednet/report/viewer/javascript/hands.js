/** What hands do on a pane: wheel, drag, right drag, pinch and keys, as in a radiologist's viewer. */

import { clamp, middle } from "./state.js";

const WHEEL_STEP = 40; // pixels of a touchpad for one slice; a mouse's click of the wheel is one
const MOUSE_CLICK = 50;
/** @type {[number, number]} */
const ZOOMS = [0.5, 20];
const STYLES = /** @type {const} */ (["fill", "contour", "both"]);

/** Moves the slice of a plane.
 * @param {import("./state.js").Store} store @param {import("./slice_view.js").SliceView} view
 * @param {number} steps  towards the patient's head, front or right */
export function step(store, view, steps) {
  const voxel = [...store.state.voxel];
  voxel[view.axes.cut] += steps;
  store.goTo(voxel, view.scene.shape);
}

/** Zooms so that the place under the pointer stays where it is.
 * @param {import("./state.js").Store} store @param {any} view
 * @param {number} factor @param {number[]} place  CSS pixels in the pane */
export function zoomAt(store, view, factor, place) {
  if (view.plane === "surfaces") {
    const { camera } = store.state;
    store.set({ camera: { ...camera, zoom: clamp(camera.zoom * factor, ...ZOOMS) } });
    return;
  }
  const before = view.voxelAt(...place);
  store.set({ zoom: clamp(store.state.zoom * factor, ...ZOOMS) });
  moveCentre(store, before, view.voxelAt(...place));
}

/** Shifts the middle of all pictures by the way between two voxels.
 * @param {import("./state.js").Store} store @param {number[]} to @param {number[]} from */
function moveCentre(store, to, from) {
  const centre = store.state.centre.map((place, axis) => place + to[axis] - from[axis]);
  store.set({ centre: /** @type {any} */ (centre) });
}

/** @param {any} event @param {HTMLElement} canvas @returns {[number, number]} */
function placeIn(event, canvas) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

/** Gives a pane its hands.
 * @param {import("./state.js").Store} store
 * @param {any} view  a SliceView or SurfaceView
 * @param {{began: (event: Event) => void, over: (view: any) => void, opened: (view: any) => void}} tell */
export function giveHands(store, view, tell) {
  const { canvas } = view;
  canvas.addEventListener("contextmenu", (/** @type {Event} */ event) => event.preventDefault());
  canvas.addEventListener("pointerenter", () => tell.over(view));
  canvas.addEventListener("dblclick", () => tell.opened(view));
  giveWheel(store, view, tell);
  givePointers(store, view, tell);
}

/** @param {import("./state.js").Store} store @param {any} view @param {any} tell */
function giveWheel(store, view, tell) {
  let rest = 0;
  const turned = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    tell.began(event);
    if (event.ctrlKey || event.metaKey || view.plane === "surfaces") {
      zoomAt(store, view, Math.exp(-event.deltaY / 400), placeIn(event, view.canvas));
      return;
    }
    const pixels = event.deltaMode === 0 ? event.deltaY : event.deltaY * MOUSE_CLICK;
    if (Math.abs(pixels) >= MOUSE_CLICK) rest = WHEEL_STEP * Math.sign(pixels);
    else rest += pixels;
    const steps = Math.trunc(rest / WHEEL_STEP);
    rest -= steps * WHEEL_STEP;
    if (steps) step(store, view, -steps); // down is towards the feet
  };
  view.canvas.addEventListener("wheel", turned, { passive: false });
}

/** @param {import("./state.js").Store} store @param {any} view @param {any} tell */
function givePointers(store, view, tell) {
  const { canvas } = view;
  /** @type {Map<number, [number, number]>} */
  const down = new Map();
  let tool = "";
  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    tell.began(event);
    tell.over(view);
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, placeIn(event, canvas));
    tool = toolOf(event, store.state.tool, view);
    if (tool === "crosshair" && down.size === 1)
      drag(store, view, tool, placeIn(event, canvas), [0, 0]);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    tell.began(event);
    const now = placeIn(event, canvas);
    if (down.size === 2) pinch(store, view, down, event.pointerId, now);
    else drag(store, view, tool, now, [now[0] - before[0], now[1] - before[1]]);
    down.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, (/** @type {PointerEvent} */ event) =>
      down.delete(event.pointerId),
    );
}

/** @param {PointerEvent} event @param {string} chosen @param {any} view */
function toolOf(event, chosen, view) {
  if (view.plane === "surfaces") return "turn";
  if (event.button === 2) return "window";
  if (event.button === 1 || event.shiftKey) return "pan";
  if (event.ctrlKey || event.metaKey) return "zoom";
  return chosen;
}

/** @param {import("./state.js").Store} store @param {any} view @param {string} tool
 * @param {[number, number]} place @param {[number, number]} moved */
function drag(store, view, tool, place, [right, down]) {
  const { state } = store;
  if (tool === "crosshair") store.goTo(view.voxelAt(...place), view.scene.shape);
  if (tool === "pan") moveCentre(store, view.voxelAt(0, 0), view.voxelAt(right, down));
  if (tool === "zoom")
    zoomAt(store, view, Math.exp(-down / 150), [view.width / 2, view.height / 2]);
  if (tool === "window") store.set({ window: draggedWindow(state.window, right, down) });
  if (tool === "turn") {
    const { camera } = state;
    const elevation = clamp(camera.elevation + down / 2, -90, 90);
    store.set({ camera: { ...camera, azimuth: camera.azimuth + right / 2, elevation } });
  }
}

/** Right widens the window, down lowers its level, so that the picture becomes brighter.
 * @param {[number, number]} window @param {number} right @param {number} down
 * @returns {[number, number]} */
export function draggedWindow([low, high], right, down) {
  const speed = (high - low) / 200;
  const width = Math.max(high - low + right * speed, (high - low) / 50);
  const level = (low + high) / 2 - down * speed;
  return [level - width / 2, level + width / 2];
}

/** Two fingers zoom by their distance and pan by their middle.
 * @param {import("./state.js").Store} store @param {any} view
 * @param {Map<number, [number, number]>} down @param {number} moving @param {[number, number]} now */
function pinch(store, view, down, moving, now) {
  const before = /** @type {[number, number]} */ (down.get(moving));
  const other = [...down].find(([pointer]) => pointer !== moving)[1];
  const distance = (/** @type {number[]} */ place) =>
    Math.hypot(place[0] - other[0], place[1] - other[1]) || 1;
  zoomAt(store, view, distance(now) / distance(before), other);
  if (view.plane !== "surfaces")
    moveCentre(
      store,
      view.voxelAt(0, 0),
      view.voxelAt((now[0] - before[0]) / 2, (now[1] - before[1]) / 2),
    );
}

/** What each key does; the view is the one under the pointer.
 * @param {import("./state.js").Store} store @param {import("./viewer.js").Viewer} viewer
 * @returns {Object<string, (view: any) => void>} */
export function keyTable(store, viewer) {
  const { state } = store;
  const sliced = (/** @type {number} */ steps) => (/** @type {any} */ view) =>
    view.axes && step(store, view, steps);
  const zoomed = (/** @type {number} */ factor) => (/** @type {any} */ view) =>
    zoomAt(store, view, factor, [view.width / 2, view.height / 2]);
  return {
    ArrowUp: sliced(1),
    ArrowRight: sliced(1),
    PageUp: sliced(5),
    ArrowDown: sliced(-1),
    ArrowLeft: sliced(-1),
    PageDown: sliced(-5),
    Home: sliced(1e6),
    End: sliced(-1e6),
    "+": zoomed(1.25),
    "=": zoomed(1.25),
    "-": zoomed(0.8),
    0: () =>
      store.set({
        zoom: 1,
        centre: middle(viewer.scene.shape),
        camera: { azimuth: 15, elevation: 10, zoom: 1 },
      }),
    c: () => store.set({ style: STYLES[(STYLES.indexOf(state.style) + 1) % STYLES.length] }),
    d: () => store.set({ colours: state.colours === "organs" ? "difference" : "organs" }),
    l: () => store.set({ labels: !state.labels }),
    x: () => store.set({ crosshair: !state.crosshair }),
    i: () => store.set({ smooth: !state.smooth }),
    n: () => viewer.jump(1),
    p: () => viewer.jump(-1),
    a: () => store.set({ hidden: new Set() }),
    f: () => viewer.toggleFullScreen(),
    ...Object.fromEntries(
      viewer.scene.windows.map((/** @type {any} */ preset, /** @type {number} */ place) => [
        String(place + 1),
        () => store.set({ window: preset.limits }),
      ]),
    ),
  };
}
