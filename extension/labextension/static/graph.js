/** The computational graph, drawn from the places that were computed when the output was made. */

import { html, listeners, svg, uniqueId } from "./dom.js";
import { nextBox } from "./keys.js";
import { textWidth } from "./rows.js";
import { boxAround, centreToShow, firstScale, fitScale, zoomed } from "./viewport.js";

/**
 * @typedef {import("./document.js").TraceDocument} TraceDocument
 * @typedef {import("./document.js").Graph} Graph
 * @typedef {import("./document.js").GraphNode} GraphNode
 * @typedef {import("./document.js").GraphEdge} GraphEdge
 * @typedef {import("./links.js").Selection} Selection
 */

/** Width of a character of an edge's label, as the layout reckons it. */
const LABEL_CHARACTER = 6.1;

export class GraphView {
  /**
   * @param {TraceDocument} doc
   * @param {Selection} selection
   */
  constructor(doc, selection) {
    this.doc = doc;
    this.selection = selection;
    this.on = listeners();
    this.id = uniqueId();
    /** @type {Map<string, SVGElement>} */
    this.boxes = new Map();
    /** @type {Map<string, SVGElement[]>} */
    this.wires = new Map();
    this.element = html("section", { class: "adkit-pane adkit-graph", "aria-label": "Graph" });
    if (doc.graph) this.#build(doc.graph);
    else this.element.append(html("h3", { class: "adkit-heading" }, "Graph"),
      html("p", { class: "adkit-message" }, `${doc.graphProblem} The list shows the same instructions.`));
  }

  dispose() {
    this.on.dispose();
    if (this.observer) this.observer.disconnect();
  }

  /** @param {Graph} graph */
  #build(graph) {
    const labelled = graph.edges.some((edge) => edge.label !== null);
    this.drawing = { width: graph.width, height: graph.height };
    this.element.style.setProperty("--adkit-width", String(Math.round(this.drawing.width)));
    this.element.style.setProperty("--adkit-height", String(Math.round(this.drawing.height)));
    this.canvas = svg("svg", {
      class: "adkit-canvas",
      tabindex: 0,
      role: "listbox",
      "aria-label": `Graph of ${graph.nodes.length} nodes; the arrow keys move along it`,
      "data-focus": "graph",
    }, ...graph.edges.map((edge) => this.#edge(edge, largestWeight(graph))), ...graph.nodes.map((node) => this.#node(node)),
    ...graph.edges.map((edge) => this.#label(edge)));
    const heading = labelled ? "Graph, edges carry the local partial" : "Graph";
    this.element.append(
      html("div", { class: "adkit-bar" }, html("h3", { class: "adkit-heading" }, heading), this.#buttons()),
      this.canvas,
      graph.note ? html("p", { class: "adkit-message" }, graph.note) : "",
    );
    this.screen = { width: 0, height: 0 };
    this.scale = 0;
    const [first] = graph.nodes;
    this.centre = first ? { x: first.x + first.w / 2, y: first.y + first.h / 2 } : { x: 0, y: 0 };
    this.#listen();
  }

  /** @returns {HTMLElement} */
  #buttons() {
    const button = (/** @type {string} */ word, /** @type {() => void} */ act) => {
      const element = html("button", { type: "button", class: "adkit-button" }, word);
      this.on.add(element, "click", act);
      return element;
    };
    return html("div", { class: "adkit-buttons", role: "group", "aria-label": "Size of the graph" },
      button("smaller", () => this.#zoom(1 / 1.3)),
      button("larger", () => this.#zoom(1.3)),
      button("whole", () => this.#whole()));
  }

  /** @param {GraphNode} node @returns {SVGElement} */
  #node(node) {
    const { x, y, w, h } = node;
    const label = node.name && node.name !== node.label ? `${node.name} = ${node.label}` : node.label;
    const group = svg("g", {
      class: `adkit-node adkit-kind-${node.kind.replace(/\W/g, "")} adkit-${node.state}`,
      id: `${this.id}-${this.boxes.size}`,
      role: "option",
      "aria-label": node.line === null ? label : `${label}, line ${node.line}`,
      "aria-selected": "false",
      "data-subject": "node",
      "data-id": node.id,
    },
    svg("title", {}, node.line === null ? label : `${label} · line ${node.line}`),
    node.kind === "fold" ? svg("rect", { class: "adkit-behind", x: x + 3, y: y + 3, width: w, height: h, rx: 5 }) : null,
    node.kind === "output" ? svg("rect", { class: "adkit-ring", x: x - 3.5, y: y - 3.5, width: w + 7, height: h + 7, rx: 8 }) : null,
    svg("rect", { class: "adkit-box", x, y, width: w, height: h, rx: node.kind === "input" ? h / 2 : 5 }),
    svg("text", { x: x + w / 2, y: y + h / 2 + 4, "text-anchor": "middle" }, node.text));
    this.boxes.set(node.id, group);
    return group;
  }

  /** @param {GraphEdge} edge @param {number} largest @returns {SVGElement} */
  #edge(edge, largest) {
    const share = edge.weight === null || largest === 0 ? 0 : Math.abs(edge.weight) / largest;
    const width = edge.state === "nonfinite" ? 2.6 : 1 + 2.6 * share ** 0.5;
    const wire = svg("path", {
      class: `adkit-edge adkit-${edge.state}${share > 0.3 ? " adkit-strong" : ""}`, d: edge.path, "stroke-width": width.toFixed(2),
    });
    for (const end of [edge.from, edge.to]) {
      const wires = this.wires.get(end);
      if (wires) wires.push(wire);
      else this.wires.set(end, [wire]);
    }
    return wire;
  }

  /** @param {GraphEdge} edge @returns {SVGElement | string} drawn above all lines and boxes */
  #label(edge) {
    if (edge.label === null || edge.labelX === null || edge.labelY === null) return "";
    const width = textWidth(edge.label) * LABEL_CHARACTER + 6;
    return svg("g", { class: `adkit-label adkit-${edge.state}` },
      svg("rect", { x: edge.labelX - width / 2, y: edge.labelY - 6.5, width, height: 13 }),
      svg("text", { x: edge.labelX, y: edge.labelY + 3.5, "text-anchor": "middle" }, edge.label));
  }

  #listen() {
    const canvas = /** @type {SVGSVGElement} */ (this.canvas);
    this.on.add(canvas, "keydown", (event) => this.#key(event));
    this.on.add(canvas, "wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.#zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
    }, { passive: false });
    this.on.add(canvas, "pointerdown", (event) => this.#drag(event));
    this.observer = new ResizeObserver(() => this.#measure());
    this.observer.observe(canvas);
  }

  #measure() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return;
    if (width === this.screen.width && height === this.screen.height) return;
    this.screen = { width, height };
    if (!this.zoomed) this.scale = firstScale(this.drawing, this.screen);
    this.#show();
  }

  #show() {
    if (this.scale === 0) return;
    this.box = boxAround(this.drawing, this.screen, this.scale, this.centre);
    const { x, y, w, h } = this.box;
    this.centre = { x: x + w / 2, y: y + h / 2 };
    this.canvas.setAttribute("viewBox", [x, y, w, h].map((part) => part.toFixed(2)).join(" "));
  }

  /** @param {number} factor */
  #zoom(factor) {
    this.zoomed = true;
    this.scale = zoomed(this.scale || 1, factor);
    this.#show();
  }

  #whole() {
    this.zoomed = true;
    this.scale = Math.min(1.25, fitScale(this.drawing, this.screen));
    this.#show();
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (event.button !== 0) return;
    const from = { x: event.clientX, y: event.clientY, centre: this.centre };
    const drag = listeners();
    drag.add(window, "pointermove", (move) => {
      const { x, y } = { x: move.clientX - from.x, y: move.clientY - from.y };
      this.centre = { x: from.centre.x - x / this.scale, y: from.centre.y - y / this.scale };
      this.#show();
    });
    for (const end of ["pointerup", "pointercancel", "blur"]) drag.add(window, end, () => drag.dispose());
  }

  /**
   * @param {ReadonlySet<string>} ids
   * @param {boolean} reveal
   */
  light(ids, reveal) {
    if (!this.canvas) return;
    for (const wires of this.wires.values()) for (const wire of wires) wire.classList.remove("adkit-lit");
    this.canvas.removeAttribute("aria-activedescendant");
    for (const [id, box] of this.boxes) {
      const on = ids.has(id);
      box.classList.toggle("adkit-lit", on);
      box.setAttribute("aria-selected", String(on));
      if (!on) continue;
      (this.wires.get(id) || []).forEach((wire) => wire.classList.add("adkit-lit"));
      this.canvas.setAttribute("aria-activedescendant", box.id);
    }
    const [first] = ids;
    if (reveal && first !== undefined) this.#reveal(first);
  }

  /** @param {string} id */
  #reveal(id) {
    const node = this.doc.graph?.nodes.find((other) => other.id === id);
    if (!node || !this.box) return;
    this.centre = centreToShow(this.box, node);
    this.#show();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom = { "+": () => this.#zoom(1.3), "-": () => this.#zoom(1 / 1.3), 0: () => this.#whole(),
      Escape: () => this.selection.choose(null) }[event.key];
    const lit = [...this.boxes].find(([, box]) => box.classList.contains("adkit-lit"));
    const next = zoom ? null : nextBox(event.key, this.doc.graph?.nodes || [], lit ? lit[0] : null);
    if (!zoom && next === null) return;
    event.preventDefault();
    if (zoom) zoom();
    else {
      this.selection.choose({ kind: "node", id: /** @type {string} */ (next) });
      this.#reveal(/** @type {string} */ (next));
    }
  }
}

/** @param {Graph} graph @returns {number} */
function largestWeight(graph) {
  return graph.edges.reduce((most, edge) => Math.max(most, Math.abs(edge.weight ?? 0)), 0);
}
