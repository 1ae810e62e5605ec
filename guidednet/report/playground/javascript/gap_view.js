/** The detectable gap: sliders for cases and spread, beside the gaps of the paper's Table 1. */

import { make } from "./dom.js";
import { detectableGap } from "./gap.js";
import { followTheme, sharp, slider, themed } from "./parts.js";

const [WIDEST, HEIGHT, MARGIN] = [640, 150, 24];

/** @typedef {{name: string, gap: number, lane: string}} Step  two neighbours and their distance */

/** @param {HTMLElement} place
 * @param {{steps: Step[], cases: number, spread: number, most: number}} data  `most` points of the
 *   axis */
export function mountGap(place, { steps, cases, spread, most }) {
  const state = { cases, spread };
  const canvas = make("canvas", { role: "img", tabIndex: 0 });
  const line = make("p", { className: "remark" });
  const lanes = [...new Set(steps.map((step) => step.lane))];
  const width = () => Math.min(canvas.clientWidth || WIDEST, WIDEST);
  const across = (/** @type {number} */ points) =>
    MARGIN + (Math.min(points, most) / most) * (width() - 2 * MARGIN);

  const controls = [
    slider({
      name: "test cases",
      min: 3,
      max: 200,
      step: 1,
      value: cases,
      say: (value) => `${value} cases`,
      moved: (value) => change({ cases: value }),
    }),
    slider({
      name: "spread of the difference",
      min: 0.5,
      max: 12,
      step: 0.5,
      value: spread,
      say: (value) => `${value} points from case to case`,
      moved: (value) => change({ spread: value }),
    }),
  ];

  /** @param {Partial<typeof state>} values */
  function change(values) {
    Object.assign(state, values);
    draw();
  }

  function draw() {
    const gap = detectableGap(state.cases) * state.spread;
    const found = steps.filter((step) => step.gap >= gap);
    const names = [...new Set(found.map((step) => step.name))];
    place.dataset.gap = String(gap);
    picture(gap);
    line.textContent =
      `The smallest true gap found four times out of five is ${gap.toFixed(1)} points. Of the ` +
      `${steps.length} gaps between neighbouring methods of Table 1, ${found.length} ` +
      `${found.length === 1 ? "is" : "are"} at least that large` +
      (found.length ? `: ${names.join(", ")}.` : ".");
    canvas.ariaLabel = line.textContent;
  }

  /** @param {number} gap */
  function picture(gap) {
    const pen = sharp(canvas, width(), HEIGHT);
    const [ink, faint, accent] = ["ink", "faint", "accent"].map((name) => themed(place, name));
    pen.font = "12px system-ui, sans-serif";
    pen.fillStyle = accent;
    pen.globalAlpha = 0.16;
    pen.fillRect(across(0), 18, across(gap) - across(0), HEIGHT - 50);
    pen.globalAlpha = 1;
    pen.fillText("too small to find", across(0) + 4, 12);
    lanes.forEach((lane, row) => {
      const top = 40 + row * 36;
      pen.fillStyle = faint;
      pen.fillText(lane, across(0) + 4, top - 8);
      for (const step of steps.filter((one) => one.lane === lane)) {
        pen.fillStyle = step.gap >= gap ? accent : ink;
        pen.fillRect(across(step.gap) - 1.5, top - 3, 3, 16);
      }
    });
    axis(pen, ink);
    pen.fillStyle = accent;
    pen.fillRect(across(gap) - 1, 16, 2, HEIGHT - 48);
  }

  /** @param {CanvasRenderingContext2D} pen @param {string} ink */
  function axis(pen, ink) {
    pen.fillStyle = ink;
    pen.textAlign = "center";
    pen.fillRect(across(0), HEIGHT - 32, across(most) - across(0), 1);
    for (let points = 0; points <= most; points++)
      pen.fillText(String(points), across(points), HEIGHT - 18);
    pen.fillText("points of mean Dice", width() / 2, HEIGHT - 4);
    pen.textAlign = "left";
  }

  const sliders = controls.map((control) => control.element);
  place.replaceChildren(make("div", { className: "controls line" }, ...sliders), canvas, line);
  followTheme(draw);
  new ResizeObserver(draw).observe(canvas);
  draw();
}
