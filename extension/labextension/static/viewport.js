/** The part of a drawing that is in sight: zooming and panning as arithmetic on boxes. No DOM. */

/**
 * @typedef {{x: number, y: number, w: number, h: number}} Box
 * @typedef {{width: number, height: number}} Size
 */

/** A drawing is never magnified beyond this, nor shown smaller than readable unless asked. */
export const LARGEST = 4;
export const READABLE = 0.72;
const SMALLEST = 0.02;

/**
 * The scale at which a drawing is first shown: whole if it stays readable, else readable and cut off.
 *
 * @param {Size} drawing
 * @param {Size} screen
 * @returns {number}
 */
export function firstScale(drawing, screen) {
  return Math.min(1.25, Math.max(READABLE, fitScale(drawing, screen)));
}

/** @param {Size} drawing @param {Size} screen @returns {number} */
export function fitScale(drawing, screen) {
  const scale = Math.min(screen.width / Math.max(drawing.width, 1), screen.height / Math.max(drawing.height, 1));
  return Number.isFinite(scale) && scale > 0 ? scale : 1;
}

/**
 * The box in sight at a scale, around a centre, kept on the drawing. A drawing smaller than the screen is centred.
 *
 * @param {Size} drawing
 * @param {Size} screen
 * @param {number} scale
 * @param {{x: number, y: number}} centre
 * @returns {Box}
 */
export function boxAround(drawing, screen, scale, centre) {
  const w = screen.width / scale;
  const h = screen.height / scale;
  return { x: place(centre.x, w, drawing.width), y: place(centre.y, h, drawing.height), w, h };
}

/** @param {number} centre @param {number} length @param {number} whole @returns {number} */
function place(centre, length, whole) {
  if (length >= whole) return (whole - length) / 2;
  return Math.min(Math.max(0, centre - length / 2), whole - length);
}

/** @param {number} scale @param {number} factor @returns {number} */
export function zoomed(scale, factor) {
  return Math.min(LARGEST, Math.max(SMALLEST, scale * factor));
}

/**
 * The centre nearest to the present one that brings a node into sight with some margin.
 *
 * @param {Box} view
 * @param {Box} node
 * @param {number} [margin]
 * @returns {{x: number, y: number}}
 */
export function centreToShow(view, node, margin = 24) {
  return {
    x: shift(view.x, view.w, node.x - margin, node.x + node.w + margin) + view.w / 2,
    y: shift(view.y, view.h, node.y - margin, node.y + node.h + margin) + view.h / 2,
  };
}

/** @param {number} from @param {number} length @param {number} low @param {number} high @returns {number} */
function shift(from, length, low, high) {
  if (low < from) return low;
  return high > from + length ? high - length : from;
}
