/** Contours of organs: the edges of their voxels, as lines that stay sharp at every zoom. */

/** Lines along the edges between voxels, one path per organ, in voxels from the picture's top left.
 * An edge between two organs belongs to the one with the lower label.
 * @param {import("./volume.js").Voxels} labels @param {number} rows @param {number} columns
 * @param {Set<number>} hidden @returns {Map<number, Path2D>} */
export function contours(labels, rows, columns, hidden) {
  /** @type {Map<number, Path2D>} */
  const paths = new Map();
  const seen = framed(labels, rows, columns, hidden);
  const width = columns + 2; // of the frame, whose index of a voxel is (row + 1) * width + column + 1
  for (let line = 0; line <= rows; line++)
    addRuns(paths, seen, (line + 1) * width + 1, 1, width, columns, (path, from, to) => {
      path.moveTo(from, line);
      path.lineTo(to, line);
    });
  for (let line = 0; line <= columns; line++)
    addRuns(paths, seen, width + line + 1, width, 1, rows, (path, from, to) => {
      path.moveTo(line, from);
      path.lineTo(line, to);
    });
  return paths;
}

/** The labels that are shown, turned as the picture is, with a frame of background around them.
 * @param {import("./volume.js").Voxels} labels @param {number} rows @param {number} columns
 * @param {Set<number>} hidden */
function framed(labels, rows, columns, hidden) {
  const shown = Uint8Array.from({ length: 256 }, (_, label) => (hidden.has(label) ? 0 : label));
  const seen = new Uint8Array((rows + 2) * (columns + 2));
  for (let row = 0, from = labels.length - 1; row < rows; row++) {
    const start = (row + 1) * (columns + 2) + 1;
    for (let to = start; to < start + columns; to++, from--) seen[to] = shown[labels[from]];
  }
  return seen;
}

/** Follows one line between voxels, and joins neighbouring edges of one organ into one stroke.
 * @param {Map<number, Path2D>} paths @param {Uint8Array} seen
 * @param {number} start  index of the first voxel after the line
 * @param {number} along  step to the next voxel along the line
 * @param {number} across  step over the line
 * @param {number} length
 * @param {(path: Path2D, from: number, to: number) => void} draw */
function addRuns(paths, seen, start, along, across, length, draw) {
  let began = 0,
    current = 0;
  for (let place = 0, index = start; place <= length; place++, index += along) {
    const before = seen[index - across],
      after = seen[index];
    let owner = 0;
    if (before !== after && place < length)
      owner = before === 0 || (after !== 0 && after < before) ? after : before;
    if (owner === current) continue;
    if (current) draw(pathOf(paths, current), began, place);
    began = place;
    current = owner;
  }
}

/** @param {Map<number, Path2D>} paths @param {number} label @returns {Path2D} */
function pathOf(paths, label) {
  const path = paths.get(label) ?? new Path2D();
  paths.set(label, path);
  return path;
}
