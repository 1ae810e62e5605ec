/** The smallest gap between two methods that a paired t test over a few cases finds. */

const STEPS = 400;

/** Nodes s and weights of the density of s = sqrt(χ²_ν / ν), on which a t value rests.
 * @param {number} freedom  ν */
function spread(freedom) {
  const width = 12 / Math.sqrt(2 * freedom);
  const low = Math.max(1 - width, 1e-9);
  const nodes = Array.from({ length: STEPS + 1 }, (_, i) => low + ((1 + width - low) * i) / STEPS);
  const logs = nodes.map((s) => (freedom - 1) * Math.log(s) - (freedom * s * s) / 2);
  const most = Math.max(...logs);
  const shares = logs.map((log) => Math.exp(log - most));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return { nodes, shares: shares.map((share) => share / total) };
}

/** The normal distribution function, to 1e-7 (a continued fraction in the tails).
 * @param {number} x @returns {number} */
function normal(x) {
  if (x > 0) return 1 - normal(-x);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x > -3) {
    let [term, sum] = [-x, -x];
    for (let n = 1; n < 60; n++) {
      term *= (x * x) / (2 * n + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = -x;
  for (let n = 30; n > 0; n--) fraction = -x + n / fraction;
  return density / fraction;
}

/** P(T > t) of a noncentral t distribution. @param {number} t
 * @param {ReturnType<typeof spread>} s @param {number} shift  its noncentrality */
const above = (t, { nodes, shares }, shift) =>
  nodes.reduce((sum, node, i) => sum + shares[i] * normal(shift - t * node), 0);

/** Where a rising function reaches `target`, between 0 and `high`.
 * @param {(x: number) => number} rising @param {number} target @param {number} high */
function solve(rising, target, high) {
  let low = 0;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (rising(middle) < target) low = middle;
    else high = middle;
  }
  return high;
}

/** The least true gap that a paired t test (5 %, two-sided) over `cases` finds four times out of
 * five, in units of the spread of the difference from case to case. @param {number} cases */
export function detectableGap(cases) {
  const s = spread(cases - 1);
  const critical = solve((t) => -above(t, s, 0), -0.025, 60);
  return solve((gap) => above(critical, s, gap * Math.sqrt(cases)), 0.8, 30);
}
