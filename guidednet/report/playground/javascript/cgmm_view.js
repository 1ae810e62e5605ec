/** 3D-CGMM to play with: the plane of the centroids, and what they make of one slice. */

import { likelihood, dice, meanDice, mostProbable, posterior } from "./cgmm.js";
import { choice, make } from "./dom.js";
import { SliceMaps } from "./maps.js";
import { percent, followTheme, floats, labels, slider, tick } from "./parts.js";
import { Plane } from "./plane.js";

/** @typedef {{classes: {name: string, colour: string}[], chosen: number, channels: number,
 *   rows: number, columns: number, pixel: number[], features: string, image: string, label: string,
 *   network: string, mean: string, std: string, centroids: string,
 *   present: {printed: boolean[], released: boolean[]},
 *   centre: number[], directions: number[][]}} Data */

/** The Gaussians as they are now: those of the run, moved and scaled. */
class Model {
  /** @param {Data} data */
  constructor(data) {
    const voxels = data.rows * data.columns;
    this.features = { values: floats(data.features), channels: data.channels, voxels };
    this.start = {
      printed: Float64Array.from(floats(data.mean)),
      released: Float64Array.from(floats(data.centroids)),
      std: Float64Array.from(floats(data.std)),
    };
    this.label = labels(data.label);
    this.present = data.present;
    this.released = false;
    this.reset();
  }

  reset() {
    const { printed, released } = this.start;
    this.means = { printed: printed.slice(), released: released.slice() };
    this.factors = new Float64Array(this.start.std.length).fill(1);
  }

  /** The statistics of the reading that is on. */
  get statistics() {
    return {
      mean: this.released ? this.means.released : this.means.printed,
      std: this.start.std.map((value, k) => value * this.factors[k]),
      present: this.released ? this.present.released : this.present.printed,
    };
  }

  /** G (K,V) of the reading that is on. */
  maps() {
    const form = this.released ? likelihood : posterior;
    return form(this.features, this.statistics);
  }
}

/** @param {HTMLElement & {playground?: any}} place @param {Data} data */
export function mountCgmm(place, data) {
  const model = new Model(data);
  const reference = labels(data.label);
  const network = labels(data.network);
  const plane = new Plane(place, data, model, { chosen: choose, moved: draw });
  const pictures = new SliceMaps(data);
  const line = make("p", { className: "remark", ariaLive: "polite" });
  let current = data.chosen;

  const options = data.classes
    .map(({ name }, k) => ({ value: String(k), text: name }))
    .filter((_, k) => data.present.printed[k]);
  const organ = choice("class", options, (value) => choose(Number(value)));
  const all = tick("of all classes", () => {});
  const width = slider({
    name: "σ times",
    min: -2,
    max: 2,
    step: 0.05,
    value: 0,
    say: (power) => (2 ** power).toFixed(2),
    moved: (power) => {
      if (all.input.checked) model.factors.fill(2 ** power);
      else model.factors[current] = 2 ** power;
      draw();
    },
  });
  const released = tick("released code: no σ, exp(-a²), not normalised", (on) => {
    model.released = on;
    draw();
  });
  const reset = make("button", { type: "button" }, "reset");
  reset.addEventListener("click", () => {
    model.reset();
    choose(current);
  });

  /** @param {number} k */
  function choose(k) {
    current = k;
    organ.value = String(k);
    width.set(Math.log2(model.factors[k]));
    draw();
  }

  function draw() {
    const began = performance.now();
    const maps = model.maps();
    const found = mostProbable(maps, model.features.voxels);
    plane.draw(current);
    pictures.draw(current, maps, found);
    const name = data.classes[current].name;
    line.textContent =
      `Dice on this slice: ${name} ${percent(dice(found, reference, current))}, mean of the organs ` +
      `${percent(meanDice(found, reference))}. Network A itself: ` +
      `${percent(dice(network, reference, current))} and ${percent(meanDice(network, reference))}.`;
    place.playground = { model, plane, maps, found, current };
    performance.measure("guidednet-playground", { start: began, end: performance.now() });
  }

  const controls = [organ, width.element, all.element, released.element, reset];
  place.replaceChildren(
    make("div", { className: "controls line" }, ...controls),
    make("div", { className: "panels" }, plane.element, pictures.element),
    line,
  );
  followTheme(draw);
  choose(current);
}
