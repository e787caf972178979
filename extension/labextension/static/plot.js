/** Plots drawn from the numbers of a document: value and derivatives along an input, heat maps; contours and histograms. */

import { html, listeners, svg, uniqueId } from "./dom.js";
import { landscape, bars } from "./landscape.js";
import { cellsPath, clipped, extent, formatNumber, heatGroups, HEAT_STEPS, linear, linePath, nearest, ticks } from "./scale.js";

/**
 * @typedef {import("./document.js").TraceDocument} TraceDocument
 * @typedef {import("./document.js").Curve} Curve
 * @typedef {import("./document.js").HeatMap} HeatMap
 */

const WIDTH = 380;
const LEFT = 56;
const RIGHT = 14;
const PANEL = 92;
const GAP = 30;
const TOP = 20;

/** As many instructions as a program may have whose curves are drawn. */
const LONGEST = 2000;
const LONGEST_NAME = 16;

/** Said where a curve has a gap. */
const GAP_TEXT = "no line where another branch would be taken, or where the value is not finite";

export class PlotView {
  /** @param {TraceDocument} doc */
  constructor(doc) {
    this.mode = doc.mode;
    this.on = listeners();
    this.element = html("section", { class: "adkit-pane adkit-plots", "aria-label": "Plots" });
    for (const plot of doc.plots) this.element.append(this.#plot(plot));
    if (doc.plots.length === 0) {
      this.element.append(html("p", { class: "adkit-message" }, nothingText(doc)));
    }
  }

  dispose() {
    this.on.dispose();
  }

  /** @param {TraceDocument["plots"][number]} plot @returns {HTMLElement} */
  #plot(plot) {
    if (plot.kind === "curve") return this.#curve(plot);
    if (plot.kind === "contour") return landscape(plot);
    return plot.kind === "histogram" ? bars(plot) : this.#heatMap(plot);
  }

  /** @param {Curve} curve @returns {HTMLElement} */
  #curve(curve) {
    const toX = linear(curve.x.length > 0 ? [Math.min(...curve.x), Math.max(...curve.x)] : [0, 1], [LEFT, WIDTH - RIGHT]);
    const lower = TOP + PANEL + GAP;
    const value = panel(curve, curve.value, { toX, top: TOP, tone: "primal", label: "value v" });
    const slope = panel(curve, curve.derivative, { toX, top: lower, tone: "derivative", label: `derivative along ${brief(curve.input)}` });
    const lowest = curve.second ? lower + PANEL + GAP : lower;
    const second = curve.second
      ? panel(curve, curve.second, { toX, top: lowest, tone: "derivative adkit-second", label: `second derivative along ${brief(curve.input)}` }) : null;
    const height = lowest + PANEL + 34;
    const cursor = svg("line", { class: "adkit-cursor", x1: -9, x2: -9, y1: TOP, y2: lowest + PANEL });
    const picture = svg("svg", { class: "adkit-picture", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", tabindex: 0,
      "aria-label": `${curve.title}: ${atText(curve)}. The arrow keys read the curve.` },
    value.group, slope.group, second ? second.group : "", ...xAxis(curve, toX, lowest + PANEL), ...here(curve, toX, second ? 3 : 2), tangentLine(curve, toX, value), cursor,
    point(curve.at, curve.valueAt, toX, value.toY, "primal"), point(curve.at, curve.derivativeAt, toX, slope.toY, "derivative"),
    second ? point(curve.at, curve.secondAt, toX, second.toY, "derivative") : "");
    const caption = html("p", { class: "adkit-caption", role: "status" }, atText(curve));
    this.#follow(picture, curve, toX, cursor, caption);
    const gap = curve.value.includes(null) ? html("p", { class: "adkit-caption" }, GAP_TEXT) : null;
    return html("figure", { class: "adkit-figure" }, html("figcaption", { class: "adkit-heading" }, curve.title), picture, caption, gap);
  }

  /**
   * Reads the curve under the pointer or by the arrow keys.
   *
   * @param {SVGElement} picture
   * @param {Curve} curve
   * @param {(x: number) => number} toX
   * @param {SVGElement} cursor
   * @param {HTMLElement} caption
   */
  #follow(picture, curve, toX, cursor, caption) {
    let index = -1;
    const show = (/** @type {number} */ i) => {
      index = i;
      const x = i < 0 ? -9 : toX(curve.x[i]);
      cursor.setAttribute("x1", String(x));
      cursor.setAttribute("x2", String(x));
      caption.textContent = i < 0 ? atText(curve)
        : reading(curve, curve.x[i], curve.value[i], curve.derivative[i], curve.second ? curve.second[i] : null);
    };
    if (curve.x.length === 0) return;
    this.on.add(picture, "pointermove", (event) => {
      const box = picture.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width) * WIDTH;
      show(nearest(curve.x.map(toX), at));
    });
    this.on.add(picture, "pointerleave", () => show(-1));
    this.on.add(picture, "keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const from = index < 0 ? nearest(curve.x, curve.at ?? 0) : index;
      const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: curve.x.length - 1, Escape: -1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(event.key === "Escape" ? -1 : Math.min(Math.max(to, 0), curve.x.length - 1));
    });
  }

  /** @param {HeatMap} map @returns {HTMLElement} */
  #heatMap(map) {
    const { groups, largest } = heatGroups(map.matrix);
    const rows = map.matrix.length;
    const columns = map.matrix.reduce((most, row) => Math.max(most, row.length), 0);
    const hatch = uniqueId();
    const aspect = Math.min(6, Math.max(0.75, columns / Math.max(rows, 1)));
    const picture = svg("svg", { class: "adkit-heat", viewBox: `0 0 ${columns} ${rows}`, preserveAspectRatio: "none", role: "img",
      "aria-label": `${map.title}: ${rows} by ${columns}, greatest size ${formatNumber(largest)}` }, hatchPattern(hatch, columns, rows, aspect));
    for (const [key, cells] of groups) {
      const d = cellsPath(cells);
      const step = key === "nan" || key === "0" ? key : key.slice(1);
      picture.append(svg("path", { class: `adkit-heat-${step}`, d }));
      if (key.startsWith("-") || key === "nan") picture.append(svg("path", { class: `adkit-hatch-${key === "nan" ? "nan" : "minus"}`, d, fill: `url(#${hatch})` }));
    }
    const rest = map.rows === map.columns ? `rows of ${map.rows} down, columns across` : `${map.rows ? `${map.rows} down, ` : ""}${map.columns} across`;
    const caption = html("p", { class: "adkit-caption", role: "status" }, rest);
    this.#inspect(picture, map, rows, columns, caption, rest);
    picture.style.aspectRatio = String(aspect);
    return html("figure", { class: "adkit-figure adkit-figure-heat" }, html("figcaption", { class: "adkit-heading" }, map.title),
      picture, heatLegend(largest, groups), caption);
  }

  /**
   * @param {SVGElement} picture
   * @param {HeatMap} map
   * @param {number} rows
   * @param {number} columns
   * @param {HTMLElement} caption
   * @param {string} rest  what the caption says otherwise
   */
  #inspect(picture, map, rows, columns, caption, rest) {
    this.on.add(picture, "pointermove", (event) => {
      const box = picture.getBoundingClientRect();
      const i = Math.min(rows - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * rows)));
      const j = Math.min(columns - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * columns)));
      const row = map.rows ? `${map.rows}[${i}], ` : "";
      const place = map.rows === map.columns ? `row ${i}, column ${j} of ${map.rows}` : `${row}${map.columns}[${j}]`;
      caption.textContent = `${place}: ${formatNumber(map.matrix[i][j] ?? null)}`;
    });
    this.on.add(picture, "pointerleave", () => { caption.textContent = rest; });
  }
}

/**
 * Why there is no plot.
 *
 * @param {Pick<TraceDocument, "counts">} doc
 * @returns {string}
 */
export function nothingText({ counts: { instructions } }) {
  if (instructions > LONGEST) {
    return `No curves: they are drawn for programs of at most ${LONGEST.toLocaleString("en")} instructions, and this one has ${instructions.toLocaleString("en")}.`;
  }
  return "There is nothing to plot: a curve needs a real scalar input and a real scalar output, a heat map the derivative by an array.";
}

/** A name that leaves room for what stands beside it. @param {string} name @returns {string} */
function brief(name) {
  const characters = [...name];
  return characters.length <= LONGEST_NAME ? name : `${characters.slice(0, LONGEST_NAME - 1).join("")}…`;
}

/**
 * @param {Curve} curve
 * @param {number | null} x
 * @param {number | null} value
 * @param {number | null} derivative
 * @param {number | null} second
 * @returns {string}
 */
function reading(curve, x, value, derivative, second) {
  const more = curve.second ? `, second derivative ${formatNumber(second)}` : "";
  return `${curve.input} = ${formatNumber(x)}: value ${formatNumber(value)}, derivative ${formatNumber(derivative)}${more}`;
}

/** @param {Curve} curve @returns {string} */
function atText(curve) {
  return curve.at === null ? "" : reading(curve, curve.at, curve.valueAt, curve.derivativeAt, curve.secondAt);
}

/**
 * One of the two stacked panels of a curve: frame, y axis, line.
 *
 * @param {Curve} curve
 * @param {Array<number | null>} numbers
 * @param {{toX: (x: number) => number, top: number, tone: string, label: string}} place
 */
function panel(curve, numbers, { toX, top, tone, label }) {
  const domain = extent(numbers);
  const toY = linear(domain, [top + PANEL, top]);
  const group = svg("g", { class: `adkit-panel adkit-${tone}` },
    svg("text", { class: "adkit-axis-title", x: LEFT, y: top - 6 }, label));
  for (const tick of ticks(domain[0], domain[1], 4)) {
    const y = toY(tick).toFixed(1);
    group.append(svg("line", { class: tick === 0 ? "adkit-zero-line" : "adkit-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }),
      svg("text", { class: "adkit-tick", x: LEFT - 6, y: Number(y) + 3.5, "text-anchor": "end" }, formatNumber(tick)));
  }
  group.append(svg("path", { class: "adkit-curve", d: linePath(curve.x, numbers, toX, toY) }));
  return { group, toY, domain };
}

/**
 * The tangent line at the point, cut off at its panel.
 *
 * @param {Curve} curve
 * @param {(x: number) => number} toX
 * @param {{toY: (y: number) => number, domain: [number, number]}} value
 * @returns {SVGElement | string}
 */
function tangentLine(curve, toX, { toY, domain }) {
  const across = /** @type {[number, number]} */ ([Math.min(...curve.x), Math.max(...curve.x)]);
  const ends = curve.tangent && clipped(curve.tangent.x, curve.tangent.y, across, domain);
  if (!ends) return "";
  const [x1, y1, x2, y2] = ends;
  return svg("line", { class: "adkit-tangent-line", x1: toX(x1).toFixed(1), y1: toY(y1).toFixed(1), x2: toX(x2).toFixed(1), y2: toY(y2).toFixed(1) });
}

/** @param {Curve} curve @param {(x: number) => number} toX @param {number} y @returns {SVGElement[]} */
function xAxis(curve, toX, y) {
  if (curve.x.length === 0) return [];
  const marks = ticks(Math.min(...curve.x), Math.max(...curve.x), 6).map((tick) =>
    svg("text", { class: "adkit-tick", x: toX(tick).toFixed(1), y: y + 14, "text-anchor": "middle" }, formatNumber(tick)));
  return [...marks, svg("text", { class: "adkit-tick", x: (LEFT + WIDTH - RIGHT) / 2, y: y + 29, "text-anchor": "middle" }, curve.input)];
}

/**
 * A line at the current point in each panel; between them stand the titles.
 *
 * @param {Curve} curve
 * @param {(x: number) => number} toX
 * @param {number} panels
 * @returns {SVGElement[]}
 */
function here(curve, toX, panels) {
  if (curve.at === null || curve.x.length === 0) return [];
  const x = toX(curve.at).toFixed(1);
  return Array.from({ length: panels }, (_, i) => TOP + i * (PANEL + GAP))
    .map((top) => svg("line", { class: "adkit-here", x1: x, x2: x, y1: top, y2: top + PANEL }));
}

/**
 * @param {number | null} at
 * @param {number | null} value
 * @param {(x: number) => number} toX
 * @param {(y: number) => number} toY
 * @param {string} tone
 * @returns {SVGElement | string}
 */
function point(at, value, toX, toY, tone) {
  if (at === null || value === null) return "";
  return svg("circle", { class: `adkit-point adkit-${tone}`, cx: toX(at).toFixed(1), cy: toY(value).toFixed(1), r: 4 });
}

/**
 * Dots that are squares on the screen, whatever the shape of a cell.
 *
 * @param {string} id
 * @param {number} columns
 * @param {number} rows
 * @param {number} aspect  width of the whole by its height
 * @returns {SVGElement}
 */
function hatchPattern(id, columns, rows, aspect) {
  const w = columns / 110;
  const h = (rows * aspect) / 110;
  return svg("defs", {}, svg("pattern", { id, patternUnits: "userSpaceOnUse", width: 2 * w, height: 2 * h },
    svg("path", { class: "adkit-hatch", d: `M0 0h${w}v${h}h${-w}zM${w} ${h}h${w}v${h}h${-w}z` })));
}

/** @param {number} largest @param {Map<string, unknown>} groups @returns {HTMLElement} */
function heatLegend(largest, groups) {
  const steps = Array.from({ length: HEAT_STEPS }, (_, i) => html("span", { class: `adkit-swatch adkit-swatch-${i + 1}` }));
  const minus = [...groups.keys()].some((key) => key.startsWith("-"));
  return html("p", { class: "adkit-legend-line" }, html("span", {}, "0"), ...steps, html("span", {}, formatNumber(largest)),
    minus ? html("span", { class: "adkit-legend-note" }, "dotted: negative") : null,
    groups.has("nan") ? html("span", { class: "adkit-legend-note adkit-wrong" }, "red: nan or inf") : null);
}
