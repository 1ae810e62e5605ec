/** 3D-CGMM on the voxels of one slice, in the printed and in the released reading.
 *
 * Axis letters: k class, c feature channel, v voxel; arrays are flat, the last axis fastest.
 *
 * @typedef {{mean: Float64Array, std: Float64Array, present: boolean[]}} Statistics
 *   mean μ (K,C), spread σ (K), and whether a class has labelled voxels (K)
 * @typedef {{values: Float32Array, channels: number, voxels: number}} Features  values (C,V) */

/** The sum over channels of `term` of f_v - μ_k, for every voxel (V).
 * @param {Features} features @param {Float64Array} mean @param {number} k
 * @param {(difference: number) => number} term */
function sumOverChannels({ values, channels, voxels }, mean, k, term) {
  const sums = new Float64Array(voxels);
  for (let c = 0; c < channels; c++) {
    const centre = mean[k * channels + c];
    for (let v = 0; v < voxels; v++) sums[v] += term(values[c * voxels + v] - centre);
  }
  return sums;
}

/** G (K,V) as printed: ln N = -d²/(2σ²) - ln σ with d² the mean square over channels (eq. 5), and
 * N divided by its sum over the classes present (eq. 6). @param {Features} features
 * @param {Statistics} statistics */
export function posterior(features, { mean, std, present }) {
  const { channels, voxels } = features;
  const maps = new Float64Array(present.length * voxels);
  const largest = new Float64Array(voxels).fill(-Infinity);
  present.forEach((there, k) => {
    if (!there) return;
    const squares = sumOverChannels(features, mean, k, (difference) => difference * difference);
    for (let v = 0; v < voxels; v++) {
      const density = -squares[v] / channels / (2 * std[k] * std[k]) - Math.log(std[k]);
      maps[k * voxels + v] = density;
      largest[v] = Math.max(largest[v], density);
    }
  });
  const total = new Float64Array(voxels);
  present.forEach((there, k) => {
    for (let v = 0; there && v < voxels; v++) {
      maps[k * voxels + v] = Math.exp(maps[k * voxels + v] - largest[v]);
      total[v] += maps[k * voxels + v];
    }
  });
  return maps.map((value, place) => value / total[place % voxels]);
}

/** G (K,V) as the released code computes it: exp(-a²), a the mean absolute difference over
 * channels; there is no σ, and the maps are not normalised. @param {Features} features
 * @param {Statistics} statistics */
export function likelihood(features, { mean, present }) {
  const { channels, voxels } = features;
  const maps = new Float64Array(present.length * voxels);
  present.forEach((there, k) => {
    if (!there) return;
    const distances = sumOverChannels(features, mean, k, Math.abs);
    for (let v = 0; v < voxels; v++) maps[k * voxels + v] = Math.exp(-((distances[v] / channels) ** 2));
  });
  return maps;
}

/** The class with the largest map at every voxel (V). @param {Float64Array} maps (K,V)
 * @param {number} voxels */
export function mostProbable(maps, voxels) {
  return Uint8Array.from({ length: voxels }, (_, v) => {
    let best = 0;
    for (let k = 1; k < maps.length / voxels; k++)
      if (maps[k * voxels + v] > maps[best * voxels + v]) best = k;
    return best;
  });
}

/** Dice of class `k`; NaN if the reference lacks it. @param {Uint8Array} labels
 * @param {Uint8Array} reference @param {number} k */
export function dice(labels, reference, k) {
  let [both, sum, there] = [0, 0, 0];
  labels.forEach((label, v) => {
    both += Number(label === k && reference[v] === k);
    sum += Number(label === k) + Number(reference[v] === k);
    there += Number(reference[v] === k);
  });
  return there ? (2 * both) / sum : NaN;
}

/** The mean Dice over the organs that the reference has. @param {Uint8Array} labels
 * @param {Uint8Array} reference */
export function meanDice(labels, reference) {
  const organs = [...new Set(reference)].filter((k) => k > 0);
  return organs.reduce((sum, k) => sum + dice(labels, reference, k), 0) / organs.length;
}
