/** What the widgets have in common: sliders, binary data, canvases that stay sharp, colours. */

import { make } from "./dom.js";

/** A labelled slider with its value beside it.
 * @param {{name: string, min: number, max: number, step: number, value: number,
 *   say: (value: number) => string, moved: (value: number) => void}} options */
export function slider({ name, min, max, step, value, say, moved }) {
  const input = make("input", { type: "range", min, max, step, value, ariaLabel: name });
  const output = make("output", {}, say(value));
  const element = make("label", { className: "slider" }, make("span", {}, name), input, output);
  const set = (/** @type {number} */ to) => {
    input.value = String(to);
    output.textContent = say(Number(input.value));
  };
  input.addEventListener("input", () => {
    set(Number(input.value));
    moved(Number(input.value));
  });
  return { element, set };
}

/** A labelled box to tick. @param {string} text @param {(on: boolean) => void} changed */
export function tick(text, changed) {
  const input = make("input", { type: "checkbox" });
  input.addEventListener("change", () => changed(input.checked));
  return { element: make("label", { className: "tick" }, input, text), input };
}

/** The bytes behind a base64 text. @param {string} text */
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** @param {string} text */
export const floats = (text) => new Float32Array(bytes(text).buffer);

/** @param {string} text */
export const labels = (text) => bytes(text);

/** A context to draw on `canvas` in units of the page, whatever the screen's resolution.
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
export function sharp(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    canvas.style.aspectRatio = `${width} / ${height}`;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** A colour of the page's style, in light or dark. @param {Element} place @param {string} name */
export const themed = (place, name) => getComputedStyle(place).getPropertyValue(`--${name}`).trim();

/** Call `draw` whenever the page turns dark or light. @param {() => void} draw */
export const followTheme = (draw) =>
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

/** Percent with one decimal, or a dash for what is not defined. @param {number} share */
export const percent = (share) => (Number.isNaN(share) ? "-" : `${(100 * share).toFixed(1)} %`);
