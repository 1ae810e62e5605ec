/** Contours of organs: the edges of their voxels, as lines that stay sharp at every zoom. */

/** Lines along the edges between voxels, one path per organ, in voxels from the picture's top left.
 * An edge between two organs belongs to the one with the lower label.
 * @param {import("./volume.js").Voxels} labels @param {number} rows @param {number} columns
 * @param {Set<number>} hidden @returns {Map<number, Path2D>} */
export function contours(labels, rows, columns, hidden) {
  const paths = new Map();
  const shown = Uint8Array.from({ length: 256 }, (_, label) => (hidden.has(label) ? 0 : label));
  const labelAt = (/** @type {number} */ row, /** @type {number} */ column) =>
    row < 0 || column < 0 || row >= rows || column >= columns
      ? 0
      : shown[labels[(rows - 1 - row) * columns + (columns - 1 - column)]];
  const across = (/** @type {number} */ row, /** @type {number} */ column) =>
    ownerOf(labelAt(row - 1, column), labelAt(row, column));
  const down = (/** @type {number} */ column, /** @type {number} */ row) =>
    ownerOf(labelAt(row, column - 1), labelAt(row, column));
  addRuns(paths, rows, columns, across, (path, line, from, to) => {
    path.moveTo(from, line);
    path.lineTo(to, line);
  });
  addRuns(paths, columns, rows, down, (path, line, from, to) => {
    path.moveTo(line, from);
    path.lineTo(line, to);
  });
  return paths;
}

/** @param {number} one @param {number} other @returns {number} 0 where there is no edge */
function ownerOf(one, other) {
  if (one === other) return 0;
  return one === 0 || (other !== 0 && other < one) ? other : one;
}

/** Joins neighbouring edges of one owner on a line into one stroke.
 * @param {Map<number, Path2D>} paths @param {number} lines @param {number} length
 * @param {(line: number, place: number) => number} owner
 * @param {(path: Path2D, line: number, from: number, to: number) => void} draw */
function addRuns(paths, lines, length, owner, draw) {
  for (let line = 0; line <= lines; line++) {
    let start = 0,
      current = 0;
    for (let place = 0; place <= length; place++) {
      const next = place < length ? owner(line, place) : 0;
      if (next === current) continue;
      if (current) draw(pathOf(paths, current), line, start, place);
      start = place;
      current = next;
    }
  }
}

/** @param {Map<number, Path2D>} paths @param {number} label */
function pathOf(paths, label) {
  if (!paths.has(label)) paths.set(label, new Path2D());
  return paths.get(label);
}
