/** Numbers for drawing: ticks, linear scales, line paths, classes of a heat map, and how a number is written. No DOM. */

/**
 * A number with six significant digits, as the rest of an output writes it: real minus sign, no trailing zeros.
 *
 * @example formatNumber(-0.39899800)  // "−0.398998"
 * @param {number | null} x
 * @returns {string}
 */
export function formatNumber(x) {
  if (x === null || Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "−inf";
  const size = Math.abs(x);
  const plain = size === 0 || (size >= 1e-4 && size < 1e6);
  const digits = plain ? String(Number(x.toPrecision(6))) : Number(x.toPrecision(6)).toExponential();
  return digits.replace("e+", "e").replaceAll("-", "−");
}

/**
 * Round numbers that cover an interval.
 *
 * @example ticks(0, 1, 4)  // [0, 0.2, 0.4, 0.6, 0.8, 1]
 * @param {number} low
 * @param {number} high
 * @param {number} about  how many are wanted
 * @returns {number[]}
 */
export function ticks(low, high, about) {
  if (!(high > low) || !Number.isFinite(high - low)) return [low];
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999) || power * 10;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  if (!(last - first < 100)) return [low];
  if (last <= first && about < 16) return ticks(low, high, 2 * about); // one number alone says nothing about the scale
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * Smallest interval around finite numbers, widened a little, never empty.
 *
 * @param {Array<number | null>} numbers
 * @returns {[number, number]}
 */
export function extent(numbers) {
  let low = Infinity;
  let high = -Infinity;
  for (const x of numbers) {
    if (x === null || !Number.isFinite(x)) continue;
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  if (low > high) return [-1, 1];
  const flat = high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high));
  const margin = flat ? Math.abs(low) * 0.1 || 0.1 : (high - low) * 0.06;
  return [low - margin, high + margin];
}

/**
 * @param {[number, number]} domain
 * @param {[number, number]} range
 * @returns {(x: number) => number}
 */
export function linear([low, high], [from, to]) {
  return (x) => from + ((x - low) / (high - low)) * (to - from);
}

/**
 * An SVG path through the points, broken where a value is missing.
 *
 * @param {number[]} x
 * @param {Array<number | null>} y
 * @param {(x: number) => number} toX
 * @param {(y: number) => number} toY
 * @returns {string}
 */
export function linePath(x, y, toX, toY) {
  const parts = [];
  let pen = false;
  for (let i = 0; i < x.length; i++) {
    const value = y[i];
    if (value === null || value === undefined || !Number.isFinite(x[i])) {
      pen = false;
      continue;
    }
    parts.push(`${pen ? "L" : "M"}${toX(x[i]).toFixed(1)} ${toY(value).toFixed(1)}`);
    pen = true;
  }
  return parts.join("");
}

/**
 * The part of a line from `(x[0], y[0])` to `(x[1], y[1])` that lies in a rectangle (Liang and Barsky).
 *
 * @example clipped([0, 4], [0, 4], [0, 4], [1, 2])  // [1, 1, 2, 2]
 * @param {[number, number]} x
 * @param {[number, number]} y
 * @param {[number, number]} across  lowest and highest x of the rectangle
 * @param {[number, number]} up
 * @returns {[number, number, number, number] | null} x1, y1, x2, y2
 */
export function clipped(x, y, across, up) {
  let enter = 0;
  let leave = 1;
  for (const [start, step, low, high] of [[x[0], x[1] - x[0], ...across], [y[0], y[1] - y[0], ...up]]) {
    for (const [distance, speed] of [[start - low, -step], [high - start, step]]) {
      if (speed === 0 && distance < 0) return null;
      if (speed < 0) enter = Math.max(enter, distance / speed);
      if (speed > 0) leave = Math.min(leave, distance / speed);
    }
  }
  if (enter > leave) return null;
  const at = (/** @type {[number, number]} */ ends, /** @type {number} */ share) => ends[0] + share * (ends[1] - ends[0]);
  return [at(x, enter), at(y, enter), at(x, leave), at(y, leave)];
}

/** @param {number[]} x @param {number} at @returns {number} index of the sample nearest to `at` */
export function nearest(x, at) {
  let best = 0;
  for (let i = 1; i < x.length; i++) if (Math.abs(x[i] - at) < Math.abs(x[best] - at)) best = i;
  return best;
}

/** Steps of strength in a heat map, apart from exact zero. */
export const HEAT_STEPS = 8;

/**
 * The cells of a matrix, grouped by how they are painted: `"0"`, `"nan"`, `"+1"` … `"+8"`, `"-1"` … `"-8"`.
 *
 * @param {Array<Array<number | null>>} matrix
 * @returns {{groups: Map<string, Array<[number, number]>>, largest: number}}  cells as [row, column]
 */
export function heatGroups(matrix) {
  let largest = 0;
  for (const row of matrix) for (const x of row) largest = Math.max(largest, Math.abs(x ?? 0));
  /** @type {Map<string, Array<[number, number]>>} */
  const groups = new Map();
  matrix.forEach((row, i) => row.forEach((x, j) => {
    const key = heatKey(x, largest);
    const cells = groups.get(key);
    if (cells) cells.push([i, j]);
    else groups.set(key, [[i, j]]);
  }));
  return { groups, largest };
}

/** @param {number | null} x @param {number} largest @returns {string} */
function heatKey(x, largest) {
  if (x === null) return "nan";
  if (x === 0) return "0";
  return `${x > 0 ? "+" : "-"}${Math.max(1, Math.ceil((Math.abs(x) / largest) * HEAT_STEPS))}`;
}

/**
 * One path that covers the given unit squares.
 *
 * @param {Array<[number, number]>} cells
 * @returns {string}
 */
export function cellsPath(cells) {
  return cells.map(([i, j]) => `M${j} ${i}h1v1h-1z`).join("");
}
