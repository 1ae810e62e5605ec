/** KT-CPS: the weight of a class from the true positives of all classes (eqs. 16 and 17). */

/** max_j ln R_j / ln R_k with R_k = N_k / max_j N_j, to the letter: 0, or NaN for 0/0.
 * @param {number[]} counts */
export function printedWeights(counts) {
  const most = Math.max(...counts);
  const logs = counts.map((count) => Math.log(count / most));
  const largest = logs.some(Number.isNaN) ? NaN : Math.max(...logs);
  return logs.map((log) => largest / log);
}

/** K ln R_k / max_j ln R_j with R_k = (max_j N_j + s) / (N_k + s): eqs. 16 and 17 with the ratio
 * inverted. Maxima run over the classes that are present. @param {number[]} counts
 * @param {boolean[]} present @param {number} smoothing  s */
export function difficultyWeights(counts, present, smoothing) {
  const known = counts.filter((_, k) => present[k]);
  const most = Math.max(0, ...known);
  const ratio = (/** @type {number} */ count) => Math.log((most + smoothing) / (count + smoothing));
  const hardest = Math.max(0, ...known.map(ratio));
  return counts.map((count) => counts.length * (hardest > 0 ? ratio(count) / hardest : 1));
}
