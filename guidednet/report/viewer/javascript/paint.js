/** Colours of a slice: grey values through a window, codes over them through tables of colours. */

/**
 * @typedef {{red: Uint8Array, green: Uint8Array, blue: Uint8Array, alpha: Float32Array}} ColourTable
 * @typedef {{codes: import("./volume.js").Voxels, table: ColourTable}} Layer
 */

export const DIFFERENCES = [
  { code: 1, name: "missed", colour: "#3b82f6" },
  { code: 2, name: "false", colour: "#f59e0b" },
  { code: 3, name: "other organ", colour: "#ec4899" },
];
const HALF = 32768; // int16 values, from -HALF on, are places in a table of greys

let latest = { key: "", greys: new Uint8ClampedArray(0) };

/** The table of greys, which the planes share.
 * @param {[number, number]} window @param {{slope: number, intercept: number}} scale */
export function greysOf(window, scale) {
  const key = JSON.stringify([window, scale.slope, scale.intercept]);
  if (key !== latest.key) latest = { key, greys: greyTable(window, scale) };
  return latest.greys;
}

/** Grey (0 to 255) of every stored int16 value.
 * @param {[number, number]} window @param {{slope: number, intercept: number}} scale */
export function greyTable([low, high], { slope, intercept }) {
  const greys = new Uint8ClampedArray(2 * HALF);
  const factor = (255 * slope) / Math.max(high - low, 1e-9);
  const offset = (255 * (intercept - low)) / Math.max(high - low, 1e-9);
  for (let value = -HALF; value < HALF; value++) greys[value + HALF] = value * factor + offset;
  return greys;
}

/** Colours of up to 256 codes; those that are not named stay transparent.
 * @param {{code: number, colour: string, alpha: number}[]} named @returns {ColourTable} */
export function colourTable(named) {
  const table = {
    red: new Uint8Array(256),
    green: new Uint8Array(256),
    blue: new Uint8Array(256),
    alpha: new Float32Array(256),
  };
  for (const { code, colour, alpha } of named) {
    table.red[code] = parseInt(colour.slice(1, 3), 16);
    table.green[code] = parseInt(colour.slice(3, 5), 16);
    table.blue[code] = parseInt(colour.slice(5, 7), 16);
    table.alpha[code] = alpha;
  }
  return table;
}

/** Black, red, yellow, white: more opaque where the value is larger.
 * @param {number} opacity @returns {ColourTable} */
export function heatTable(opacity) {
  const table = colourTable([]);
  for (let code = 0; code < 256; code++) {
    const share = code / 255;
    table.red[code] = Math.min(255, 765 * share);
    table.green[code] = Math.min(255, Math.max(0, 765 * share - 255));
    table.blue[code] = Math.max(0, 765 * share - 510);
    table.alpha[code] = Math.min(1, 2 * share) * opacity;
  }
  return table;
}

/** What is wrong in `shown` where `against` is right: codes of DIFFERENCES.
 * @param {import("./volume.js").Voxels} shown @param {import("./volume.js").Voxels} against
 * @param {Set<number>} hidden  organs that do not count */
export function differenceCodes(shown, against, hidden) {
  const counts = Uint8Array.from({ length: 256 }, (_, label) =>
    label && !hidden.has(label) ? 1 : 0,
  );
  const codes = new Uint8Array(shown.length);
  for (let place = 0; place < codes.length; place++) {
    const ours = shown[place],
      theirs = against[place];
    if (ours === theirs || !(counts[ours] || counts[theirs])) continue;
    codes[place] = !ours ? 1 : !theirs ? 2 : 3;
  }
  return codes;
}

/** The picture of a slice. Rows and columns are turned round: arrays run towards right, anterior
 * and superior, which are displayed left and up.
 * @param {import("./volume.js").Voxels} values @param {Uint8ClampedArray} greys
 * @param {Layer[]} layers @param {ImageData} picture  is filled */
export function paintSlice(values, greys, layers, picture) {
  const pixels = new Uint32Array(picture.data.buffer);
  const last = pixels.length - 1;
  for (let place = 0; place <= last; place++) {
    const grey = greys[values[place] + HALF];
    pixels[last - place] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  for (const layer of layers) blend(pixels, layer);
}

/** @param {Uint32Array} pixels @param {Layer} layer */
function blend(pixels, { codes, table: { red, green, blue, alpha } }) {
  const last = pixels.length - 1;
  for (let place = 0; place <= last; place++) {
    const code = codes[place],
      share = alpha[code];
    if (share === 0) continue;
    const below = pixels[last - place];
    const r = (below & 255) + (red[code] - (below & 255)) * share;
    const g = ((below >> 8) & 255) + (green[code] - ((below >> 8) & 255)) * share;
    const b = ((below >> 16) & 255) + (blue[code] - ((below >> 16) & 255)) * share;
    pixels[last - place] = 0xff000000 | (b << 16) | (g << 8) | (r & 255);
  }
}
