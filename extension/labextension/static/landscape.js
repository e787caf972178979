/** The plots of an explorer that are no curves: the contour of two inputs with its gradient field, and histograms. */

import { html, svg } from "./dom.js";
import { formatNumber, linear, ticks } from "./scale.js";

/**
 * @typedef {import("./document.js").Contour} Contour
 * @typedef {import("./document.js").Histogram} Histogram
 * @typedef {(x: number) => number} Scale
 */

const WIDTH = 380;
const LEFT = 56;
const RIGHT = 14;
const TOP = 12;
const FOOT = 34;
const LONGEST = 26; // pixels of an arrow
const SHORTEST = 7;

/** @param {Contour} contour @returns {HTMLElement} */
export function landscape(contour) {
  const bottom = TOP + 236;
  const toX = linear(contour.ranges[0], [LEFT, WIDTH - RIGHT]);
  const toY = linear(contour.ranges[1], [bottom, TOP]);
  const strongest = Math.max(1, contour.lines.length - 1);
  const lines = contour.lines.map((line, i) => svg("path", { class: "adkit-contour", d: segmentsPath(line.segments, toX, toY), "stroke-width": (0.8 + (1.6 * i) / strongest).toFixed(2) },
    svg("title", {}, formatNumber(line.level))));
  const arrows = arrowsOf(contour, toX, toY).map((d) => svg("path", { class: "adkit-arrow adkit-derivative", d }));
  const here = contour.at ? svg("circle", { class: "adkit-point adkit-primal", cx: toX(contour.at[0]).toFixed(1), cy: toY(contour.at[1]).toFixed(1), r: 4.5 }) : "";
  const picture = svg("svg", { class: "adkit-picture", viewBox: `0 0 ${WIDTH} ${bottom + FOOT}`, role: "img", "aria-label": `${contour.title}: ${pointText(contour)}` },
    ...axes(contour.ranges[0], contour.ranges[1], toX, toY, bottom, contour.inputs), svg("g", { class: "adkit-panel adkit-primal" }, ...lines), ...arrows, here);
  return html("figure", { class: "adkit-figure" }, html("figcaption", { class: "adkit-heading" }, contour.title), picture,
    html("p", { class: "adkit-caption" }, pointText(contour)), html("p", { class: "adkit-caption" }, levelsText(contour)));
}

/** @param {Contour} contour @returns {string} */
function pointText({ inputs, at, valueAt, gradientAt }) {
  if (!at) return "";
  const place = inputs.map((name, i) => `${name} = ${formatNumber(at[i])}`).join(", ");
  return `${place}: value ${formatNumber(valueAt)}, gradient (${gradientAt.map(formatNumber).join(", ")})`;
}

/** @param {Contour} contour @returns {string} */
function levelsText({ lines }) {
  if (lines.length === 0) return "no line of equal value in this range; arrows point where the value grows";
  const [first, last] = [lines[0].level, lines[lines.length - 1].level];
  return `lines of equal value from ${formatNumber(first)} to ${formatNumber(last)}, wider where higher; arrows point where the value grows`;
}

/** @param {number[]} segments @param {Scale} toX @param {Scale} toY @returns {string} */
function segmentsPath(segments, toX, toY) {
  const parts = [];
  for (let i = 0; i + 3 < segments.length; i += 4) {
    const ends = [toX(segments[i]), toY(segments[i + 1]), toX(segments[i + 2]), toY(segments[i + 3])];
    if (ends.every(Number.isFinite)) parts.push(`M${ends[0].toFixed(1)} ${ends[1].toFixed(1)}L${ends[2].toFixed(1)} ${ends[3].toFixed(1)}`);
  }
  return parts.join("");
}

/**
 * Arrows up the slope as it looks in this picture; the root of the length, and never a mere dot, so that weak slopes are seen too.
 *
 * @param {Contour} contour
 * @param {Scale} toX
 * @param {Scale} toY
 * @returns {string[]}
 */
function arrowsOf({ field, ranges: [across, up] }, toX, toY) {
  const perX = (across[1] - across[0]) / (toX(across[1]) - toX(across[0]));
  const perY = (up[1] - up[0]) / (toY(up[1]) - toY(up[0]));
  const shown = field.map(([x, y, dx, dy]) => ({ x: toX(x), y: toY(y), dx: dx * perX, dy: dy * perY }));
  const longest = Math.max(0, ...shown.map(({ dx, dy }) => Math.hypot(dx, dy)));
  return shown.filter(({ dx, dy }) => Math.hypot(dx, dy) > 0).map(({ x, y, dx, dy }) => {
    const size = Math.hypot(dx, dy);
    const length = Math.max(SHORTEST, LONGEST * Math.sqrt(size / longest));
    return arrow(x, y, x + (dx / size) * length, y + (dy / size) * length);
  });
}

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @returns {string} */
function arrow(x1, y1, x2, y2) {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const size = Math.min(5, 0.5 * Math.hypot(x2 - x1, y2 - y1));
  const wings = [-0.5, 0.5].map((turn) => `M${x2.toFixed(1)} ${y2.toFixed(1)}L${(x2 - size * Math.cos(angle + turn)).toFixed(1)} ${(y2 - size * Math.sin(angle + turn)).toFixed(1)}`);
  return `M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}${wings.join("")}`;
}

/** @param {Histogram} histogram @returns {HTMLElement} */
export function bars(histogram) {
  const { edges, counts } = histogram;
  const bottom = TOP + 130;
  const across = /** @type {[number, number]} */ (edges.length > 1 && edges[edges.length - 1] > edges[0] ? [edges[0], edges[edges.length - 1]] : [(edges[0] ?? 0) - 1, (edges[0] ?? 0) + 1]);
  const most = Math.max(1, ...counts);
  const toX = linear(across, [LEFT, WIDTH - RIGHT]);
  const toY = linear([0, most * 1.05], [bottom, TOP]);
  const columns = counts.map((count, i) => {
    if (count === 0) return "";
    const [left, right] = [toX(edges[i]), toX(edges[i + 1])];
    return svg("rect", { class: "adkit-bar-of", x: (left + 0.5).toFixed(1), y: toY(count).toFixed(1), width: Math.max(1, right - left - 1).toFixed(1), height: (bottom - toY(count)).toFixed(1) },
      svg("title", {}, `${count} from ${formatNumber(edges[i])} to ${formatNumber(edges[i + 1])}`));
  });
  const words = histogramText(histogram);
  const picture = svg("svg", { class: "adkit-picture", viewBox: `0 0 ${WIDTH} ${bottom + FOOT}`, role: "img", "aria-label": `${histogram.title}: ${words}` },
    ...axes(across, [0, most * 1.05], toX, toY, bottom, [histogram.title, ""]), svg("g", { class: "adkit-derivative" }, ...columns));
  return html("figure", { class: "adkit-figure" }, html("figcaption", { class: "adkit-heading" }, histogram.title), picture, html("p", { class: "adkit-caption" }, words));
}

/** @param {Histogram} histogram @returns {string} */
function histogramText({ counts, zero, nonfinite }) {
  const total = counts.reduce((sum, count) => sum + count, 0) + nonfinite;
  const are = (/** @type {number} */ n) => `${n.toLocaleString("en")} ${n === 1 ? "is" : "are"}`;
  return `how many of ${total.toLocaleString("en")} elements lie where${zero ? `; ${are(zero)} zero` : ""}${nonfinite ? `; ${are(nonfinite)} not finite` : ""}`;
}

/**
 * Grid lines, numbers along both axes, and the names of the axes.
 *
 * @param {[number, number]} across
 * @param {[number, number]} up
 * @param {Scale} toX
 * @param {Scale} toY
 * @param {number} bottom
 * @param {[string, string]} names
 * @returns {SVGElement[]}
 */
function axes(across, up, toX, toY, bottom, names) {
  const rows = ticks(up[0], up[1], 5).flatMap((tick) => {
    const y = toY(tick).toFixed(1);
    return [svg("line", { class: tick === 0 ? "adkit-zero-line" : "adkit-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }),
      svg("text", { class: "adkit-tick", x: LEFT - 6, y: Number(y) + 3.5, "text-anchor": "end" }, formatNumber(tick))];
  });
  const columns = ticks(across[0], across[1], 6).map((tick) =>
    svg("text", { class: "adkit-tick", x: toX(tick).toFixed(1), y: bottom + 14, "text-anchor": "middle" }, formatNumber(tick)));
  const middle = (TOP + bottom) / 2;
  return [...rows, ...columns,
    svg("text", { class: "adkit-tick", x: (LEFT + WIDTH - RIGHT) / 2, y: bottom + 29, "text-anchor": "middle" }, names[0]),
    svg("text", { class: "adkit-tick", x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }, names[1])];
}
