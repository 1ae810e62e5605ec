/** In JupyterLab: an anywidget, whose kernel sends what the scene does not hold yet. */

import { Viewer } from "./viewer.js";
import { readScene } from "./scene.js";
import { bytesOf, unpack } from "./volume.js";

/** Asks the kernel for slices: one at a time per plane, and always the one wanted last. */
class SliceQueue {
  /** @param {any} model */
  constructor(model) {
    this.model = model;
    /** @type {Map<string, Map<string, any>>} by plane: what is wanted, by volume */
    this.wanted = new Map();
    /** @type {Map<string, number>} slices on their way, by plane */
    this.underway = new Map();
  }

  /** @param {string} volume @param {string} plane @param {number} index */
  ask(volume, plane, index) {
    if (!this.wanted.has(plane)) this.wanted.set(plane, new Map());
    this.wanted.get(plane).set(volume, { kind: "slice", volume, plane, index });
    queueMicrotask(() => this.send(plane));
  }

  /** @param {string} plane */
  send(plane) {
    const wanted = this.wanted.get(plane);
    if (this.underway.get(plane) || !wanted?.size) return;
    this.underway.set(plane, wanted.size);
    for (const message of wanted.values()) this.model.send(message);
    wanted.clear();
  }

  /** @param {string} plane */
  arrived(plane) {
    this.underway.set(plane, Math.max(0, (this.underway.get(plane) ?? 0) - 1));
    this.send(plane);
  }
}

/** @param {{model: any, el: HTMLElement}} context */
async function render({ model, el }) {
  const queue = new SliceQueue(model);
  const source = {
    computes: true,
    askSlice: queue.ask.bind(queue),
    askComparison: (/** @type {string} */ first, /** @type {string} */ second) =>
      model.send({ kind: "comparison", first, second }),
    askSurfaces: (/** @type {string} */ map) => model.send({ kind: "surfaces", map }),
    askCase: (/** @type {string} */ name) => model.send({ kind: "case", name }),
  };
  /** @type {Viewer | null} */
  let viewer = null;
  const show = async () => {
    const scene = await readScene(model.get("scene"), source);
    viewer?.close();
    viewer = new Viewer(el, scene, source, viewer?.state);
  };
  const receive = async (/** @type {any} */ message, /** @type {DataView[]} */ buffers) => {
    if (!viewer || message.title !== viewer.scene.title) return;
    if (message.kind === "slice") await receiveSlice(viewer, queue, message, buffers[0]);
    else viewer.add(withBytes(message, buffers));
  };
  model.on("change:scene", show);
  model.on("msg:custom", receive);
  await show();
  return () => {
    model.off("change:scene", show);
    model.off("msg:custom", receive);
    viewer?.close();
  };
}

/** @param {Viewer} viewer @param {SliceQueue} queue @param {any} message @param {DataView} packed */
async function receiveSlice({ scene, store }, queue, { volume: id, plane, index }, packed) {
  const parts = [scene.image, ...scene.maps.values(), ...scene.overlays.values()];
  const { volume } = /** @type {any} */ (parts.find((/** @type {any} */ part) => part.id === id));
  volume.keep(`${plane} ${index}`, await unpack(packed, volume.kind));
  queue.arrived(plane);
  store.set({});
}

/** A message with its buffers put back where numbers stand for them.
 * @param {any} message @param {DataView[]} buffers */
function withBytes(message, buffers) {
  const organs = (message.organs ?? []).map((/** @type {any} */ organ) => ({
    ...organ,
    corners: buffers[organ.corners],
    faces: buffers[organ.faces],
  }));
  return { ...message, organs };
}
