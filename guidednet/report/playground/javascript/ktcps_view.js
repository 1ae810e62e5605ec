/** KT-CPS with three classes: true positives to slide, and the weights of three readings. */

import { make } from "./dom.js";
import { difficultyWeights, printedWeights } from "./ktcps.js";
import { slider, tick } from "./parts.js";

const READINGS = { printed: "as printed", released: "released code", here: "here" };
const SMOOTHING = { released: 1e-8, here: 1 };
const LONGEST = 5.3; // of the logarithmic sliders: 200,000 voxels

/** The voxels that a place of the slider stands for. @param {number} place */
const voxels = (place) => Math.round(10 ** place - 1);

/** The weights of the three readings. @param {number[]} counts  true positives
 * @param {boolean[]} present  whether the crops show the class */
export function allWeights(counts, present) {
  const found = counts.map((count, k) => (present[k] ? count : 0));
  const everywhere = present.map(() => true);
  return {
    printed: printedWeights(found),
    released: difficultyWeights(found, everywhere, SMOOTHING.released),
    here: difficultyWeights(found, present, SMOOTHING.here).map((w, k) => (present[k] ? w : NaN)),
  };
}

/** What stands in a cell. @param {keyof READINGS} reading @param {number} weight */
function said(reading, weight) {
  if (!Number.isNaN(weight)) return (weight === 0 ? 0 : weight).toFixed(2);
  return reading === "printed" ? "0/0" : "keeps its weight";
}

/** A sentence on what the weights do. @param {ReturnType<typeof allWeights>} weights
 * @param {boolean[]} present @param {string[]} names */
function remark(weights, present, names) {
  const absent = names.filter((_, k) => !present[k]);
  if (present.every((there) => !there)) return "No class is in the crops: nothing can be said.";
  if (absent.length)
    return (
      `${absent.join(" and ")} cannot have a true positive: the released code gives the full ` +
      `weight to it and squeezes the others; here it keeps the weight that it had.`
    );
  return "As printed, the largest logarithm is 0: every weight is 0, and one is 0/0.";
}

/** @param {HTMLElement} place @param {{names: string[], colours: string[], counts: number[]}} data */
export function mountKtcps(place, { names, colours, counts }) {
  const state = { counts: [...counts], present: names.map(() => true) };
  const body = make("tbody");
  const line = make("p", { className: "remark" });
  const controls = names.map((name, k) => {
    const own = slider({
      name,
      min: 0,
      max: LONGEST,
      step: 0.01,
      value: Math.log10(counts[k] + 1),
      say: (at) => `${voxels(at).toLocaleString("en")} voxels right`,
      moved: (at) => {
        state.counts[k] = voxels(at);
        draw();
      },
    });
    const absent = tick("not in the crops", (on) => {
      state.present[k] = !on;
      draw();
    });
    return make("div", { className: "row" }, own.element, absent.element);
  });

  function draw() {
    const weights = allWeights(state.counts, state.present);
    const rows = names.map((name, k) =>
      make("tr", {}, make("th", { scope: "row" }, name), ...cells(weights, k)),
    );
    body.replaceChildren(...rows);
    line.textContent = remark(weights, state.present, names);
  }

  /** @param {ReturnType<typeof allWeights>} weights @param {number} k */
  function cells(weights, k) {
    return /** @type {(keyof READINGS)[]} */ (Object.keys(READINGS)).map((reading) => {
      const weight = weights[reading][k];
      const bar = make("span", { className: "bar", hidden: !weight });
      bar.style.width = `${(70 * (weight || 0)) / names.length}%`;
      bar.style.background = colours[k];
      const cell = make("td", {}, bar, make("span", {}, said(reading, weight)));
      cell.dataset.reading = reading;
      return cell;
    });
  }

  const heads = [`weight, K = ${names.length}`, ...Object.values(READINGS)].map((text) => make("th", { scope: "col" }, text));
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
  place.replaceChildren(make("div", { className: "controls" }, ...controls), table, line);
  draw();
}
