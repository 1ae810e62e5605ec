/** A case as Python describes it, ready to be drawn: image, label maps, overlays, comparisons. */

import { Volume, unpack, unpackDifferences } from "./volume.js";

/**
 * @typedef {{label: number, name: string, colour: string}} Organ
 * @typedef {{name: string, limits: [number, number]}} Window
 * @typedef {{organ: number, kind: string, voxels: number, ml: number, centre: number[]}} Region
 * @typedef {{label: number, corners: Float32Array, faces: Uint16Array}} Surface
 * @typedef {{dice: Object<string, number | null>, regions: Region[], more: number}} Comparison
 * @typedef {{volume: Volume}} LabelMap
 * @typedef {{volume: Volume, low: number, high: number, unit: string}} Overlay
 * @typedef {Object} Scene
 * @property {string} title
 * @property {string} note  what a reader has to know about the picture
 * @property {string[]} cases  the cases that can be chosen
 * @property {number[]} shape  z, y, x
 * @property {number[]} spacing  z, y, x in mm
 * @property {number[][]} affine  from voxels (x, y, z) to mm towards right, anterior, superior
 * @property {string} unit
 * @property {Window[]} windows
 * @property {Organ[]} organs
 * @property {string} reference  "" without one
 * @property {import("./state.js").Triple} start
 * @property {{volume: Volume, slope: number, intercept: number}} image
 * @property {Map<string, LabelMap>} maps
 * @property {Map<string, Overlay>} overlays
 * @property {Map<string, Comparison>} comparisons  by pairKey
 * @property {Map<string, Surface[]>} surfaces  by label map
 */

/** Where slices and comparisons come from that the scene does not hold yet.
 * @typedef {Object} Source
 * @property {(volume: string, plane: string, index: number) => void} askSlice
 * @property {(first: string, second: string) => void} askComparison
 * @property {(map: string) => void} askSurfaces
 * @property {(name: string) => void} askCase
 * @property {boolean} computes  whether there is a kernel that answers
 */

/** @param {string} first @param {string} second */
export function pairKey(first, second) {
  return JSON.stringify([first, second]);
}

/** The name by which Python knows a volume.
 * @param {"image" | "map" | "overlay"} role @param {string} name */
export function volumeId(role, name) {
  return `${role}:${name}`;
}

/** @param {any} described  see guidednet.report.viewer.payload @param {Source} source
 * @returns {Promise<Scene>} */
export async function readScene(described, source) {
  const volumeOf = async (/** @type {any} */ part) => {
    const whole =
      part.bytes &&
      (part.kind === "int16" ? unpackDifferences(part.bytes) : unpack(part.bytes, part.kind));
    const ask = (/** @type {string} */ plane, /** @type {number} */ index) =>
      source.askSlice(part.id, plane, index);
    return new Volume(described.shape, part.kind, await whole, ask);
  };
  const named = async (/** @type {any[]} */ parts) => {
    const volumes = await Promise.all(parts.map(volumeOf));
    return new Map(
      parts.map((part, place) => [part.name, { ...part, bytes: null, volume: volumes[place] }]),
    );
  };
  const scene = {
    ...described,
    image: { ...described.image, bytes: null, volume: await volumeOf(described.image) },
    maps: await named(described.maps),
    overlays: await named(described.overlays),
    comparisons: new Map(),
    surfaces: new Map(),
  };
  for (const found of described.comparisons) addComparison(scene, found);
  for (const found of described.surfaces) await addSurfaces(scene, found);
  return scene;
}

/** @param {Scene} scene @param {any} found */
export function addComparison(scene, found) {
  scene.comparisons.set(pairKey(found.first, found.second), found);
}

/** @param {Scene} scene @param {any} found */
export async function addSurfaces(scene, found) {
  const surfaces = found.organs.map(async (/** @type {any} */ organ) => {
    const places = await unpack(organ.corners, "int16"); // in units of `found.unit` mm
    const faces = await unpack(organ.faces, "int16");
    const corners = Float32Array.from(places, (place) => place * found.unit);
    return { label: organ.label, corners, faces: new Uint16Array(faces.buffer) };
  });
  scene.surfaces.set(found.map, await Promise.all(surfaces));
}

/** The position of a voxel (z, y, x) in mm towards right, anterior and superior.
 * @param {Scene} scene @param {number[]} voxel */
export function positionOf(scene, [z, y, x]) {
  return scene.affine.slice(0, 3).map((row) => row[0] * x + row[1] * y + row[2] * z + row[3]);
}
