/** Marks over a slice: crosshair, sides of the patient, and a bar of known length. */

const CROSSHAIR = "#35e0ff";
const TEXT = "#dfe6ee";
const SHADE = "rgba(0, 0, 0, 0.8)";
const GAP = 9; // around the crosshair's voxel, so that it can be seen
const BARS = [1, 2, 5, 10, 20, 50, 100, 200]; // mm
const BAR_SHARE = 0.35; // of the pane's width, at most

/** Lines of the other two planes, open around the voxel.
 * @param {CanvasRenderingContext2D} context @param {number[]} voxel  left, top
 * @param {number[]} size  of the pane */
export function drawCrosshair(context, [left, top], [width, height]) {
  const lines = new Path2D();
  const line = (/** @type {number[]} */ from, /** @type {number[]} */ to) => {
    lines.moveTo(from[0], from[1]);
    lines.lineTo(to[0], to[1]);
  };
  line([0, top], [left - GAP, top]);
  line([left + GAP, top], [width, top]);
  line([left, 0], [left, top - GAP]);
  line([left, top + GAP], [left, height]);
  context.lineWidth = 3;
  context.strokeStyle = "rgba(0, 0, 0, 0.45)";
  context.stroke(lines);
  context.lineWidth = 1;
  context.strokeStyle = CROSSHAIR;
  context.stroke(lines);
}

/** The letters of the patient's sides.
 * @param {CanvasRenderingContext2D} context @param {string[]} edges  left, right, top, bottom
 * @param {number[]} size  of the pane @param {number} below  where the upper letter stands */
export function drawSides(context, [left, right, top, bottom], [width, height], below) {
  context.font = "600 13px system-ui, sans-serif";
  write(context, left, 11, height / 2);
  write(context, right, width - 11, height / 2);
  write(context, top, width / 2, below);
  write(context, bottom, width / 2, height - 12);
}

/** @param {CanvasRenderingContext2D} context @param {number} scale  pixels per mm
 * @param {number[]} size  of the pane */
export function drawScaleBar(context, scale, [width, height]) {
  const mm = BARS.filter((bar) => bar * scale <= width * BAR_SHARE).at(-1) ?? BARS[0];
  const length = mm * scale;
  const from = width - 10 - length;
  context.fillStyle = SHADE;
  context.fillRect(from - 1, height - 11, length + 2, 4);
  context.fillStyle = TEXT;
  context.fillRect(from, height - 10, length, 2);
  context.font = "11px system-ui, sans-serif";
  write(context, mm < 10 ? `${mm} mm` : `${mm / 10} cm`, from + length / 2, height - 20);
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y */
function write(context, text, x, y) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = SHADE;
  context.strokeText(text, x, y);
  context.fillStyle = TEXT;
  context.fillText(text, x, y);
}
