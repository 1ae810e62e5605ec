/** A volume (z, y, x) of which slices are taken, from memory or from the kernel, and kept a while. */

/** @typedef {Int16Array | Uint8Array} Voxels */

/** The axis that each plane cuts, and its rows' and columns' axes, of arrays (z, y, x). */
export const AXES = {
  transverse: { cut: 0, rows: 1, columns: 2, edges: ["R", "L", "A", "P"] },
  coronal: { cut: 1, rows: 0, columns: 2, edges: ["R", "L", "S", "I"] },
  sagittal: { cut: 2, rows: 0, columns: 1, edges: ["A", "P", "S", "I"] },
};
const MOST_BYTES = 48 * 2 ** 20; // of slices kept per volume
const KINDS = { int16: Int16Array, uint8: Uint8Array };

export class Volume {
  /**
   * @param {number[]} shape
   * @param {"int16" | "uint8"} kind
   * @param {Voxels | null} whole  all voxels; without them `ask` is called for a slice
   * @param {(plane: string, index: number) => void} ask
   */
  constructor(shape, kind, whole, ask) {
    this.shape = shape;
    this.kind = kind;
    this.whole = whole;
    this.ask = ask;
    /** @type {Map<string, Voxels>} oldest first */
    this.kept = new Map();
    this.bytes = 0;
  }

  /** The slice, rows and columns by rising index; null until it has come from the kernel.
   * @param {string} plane @param {number} index @returns {Voxels | null} */
  slice(plane, index) {
    const key = `${plane} ${index}`;
    const found = this.kept.get(key);
    if (found) {
      this.kept.delete(key); // and back, as the most recent
      this.kept.set(key, found);
      return found;
    }
    if (!this.whole) {
      this.ask(plane, index);
      return null;
    }
    return this.keep(key, cut(this.whole, this.shape, plane, index));
  }

  /** @param {string} key @param {Voxels} voxels */
  keep(key, voxels) {
    this.kept.set(key, voxels);
    this.bytes += voxels.byteLength;
    for (const [oldest, old] of this.kept) {
      if (this.bytes <= MOST_BYTES || oldest === key) break;
      this.kept.delete(oldest);
      this.bytes -= old.byteLength;
    }
    return voxels;
  }

  /** The value at a voxel (z, y, x); null if its slice is not here.
   * @param {number[]} voxel */
  at([z, y, x]) {
    const rows = this.slice("transverse", z);
    return rows ? rows[y * this.shape[2] + x] : null;
  }
}

/** @param {Voxels} whole @param {number[]} shape @param {string} plane @param {number} index */
export function cut(whole, [depth, height, width], plane, index) {
  const area = height * width;
  if (plane === "transverse") return whole.subarray(index * area, (index + 1) * area);
  const columns = plane === "coronal" ? width : height;
  const found = new /** @type {any} */ (whole.constructor)(depth * columns);
  for (let z = 0; z < depth; z++) {
    if (plane === "coronal") {
      const start = z * area + index * width;
      found.set(whole.subarray(start, start + width), z * width);
    } else {
      for (let y = 0, from = z * area + index; y < height; y++, from += width)
        found[z * height + y] = whole[from];
    }
  }
  return found;
}

/** Voxels from gzip, which the browser unpacks.
 * @param {string | DataView} packed  base64 or bytes @param {"int16" | "uint8"} kind */
export async function unpack(packed, kind) {
  const stream = new Blob([bytesOf(packed)]).stream();
  const unpacked = stream.pipeThrough(new DecompressionStream("gzip"));
  return new KINDS[kind](await new Response(unpacked).arrayBuffer());
}

/** The voxels of an image, which is packed as differences between neighbours, low bytes first;
 * 0, 1, 2, 3, ... stand for the differences 0, -1, 1, -2, ...
 * @param {string | DataView} packed */
export async function unpackDifferences(packed) {
  const bytes = await unpack(packed, "uint8");
  const values = new Int16Array(bytes.length / 2);
  for (let place = 0, value = 0; place < values.length; place++) {
    const code = bytes[place] | (bytes[values.length + place] << 8);
    value += (code >>> 1) ^ -(code & 1);
    values[place] = value; // modulo 2 ** 16, as the differences are
  }
  return values;
}

/** @param {string | DataView} packed @returns {Uint8Array<ArrayBuffer>} */
export function bytesOf(packed) {
  if (typeof packed !== "string")
    return new Uint8Array(
      /** @type {ArrayBuffer} */ (packed.buffer),
      packed.byteOffset,
      packed.byteLength,
    );
  const text = atob(packed);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return bytes;
}
