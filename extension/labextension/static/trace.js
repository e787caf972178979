/**
 * The viewer of a trace. `mount(host, data)` shows the JSON document that an adkit output carries; it needs nothing but the
 * DOM, so the same module serves JupyterLab, Notebook and any page.
 */

import { read } from "./document.js";
import { html, listeners, uniqueId } from "./dom.js";
import { GraphView } from "./graph.js";
import { HeadView } from "./head.js";
import { isOurs, nextTab } from "./keys.js";
import { Links, Selection } from "./links.js";
import { ListView } from "./list.js";
import { PlotView } from "./plot.js";
import { ReadoutView } from "./readout.js";
import { SourceView } from "./source.js";

/**
 * @typedef {import("./document.js").TraceDocument} TraceDocument
 * @typedef {import("./links.js").Subject} Subject
 */

const TITLES = { list: "List", graph: "Graph", plot: "Plot", source: "Source" };

/** Which views stand under which tab, the first one large. Views that were not asked for are left out. */
const ARRANGEMENT = {
  list: ["list", "source", "graph"],
  graph: ["graph", "source"],
  plot: ["plot"],
  source: ["source", "list"],
};

/** The style sheet that belongs to the viewer, for those who load it themselves. */
export const styleUrl = new URL("./style.css", import.meta.url).href;

/**
 * Adds the style sheet to the page, once.
 *
 * @returns {Promise<void>} settled when the style sheet is there (or cannot be had: the viewer works without)
 */
export function loadStyle() {
  const known = [...document.head.querySelectorAll("link[data-adkit-style]")].some((link) => link.getAttribute("href") === styleUrl);
  if (known) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = styleUrl;
  link.dataset.adkitStyle = "";
  return new Promise((resolve) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => resolve());
    document.head.append(link);
  });
}

/**
 * Shows a trace.
 *
 * @example const view = mount(node, output["application/vnd.adkit.trace.v1+json"]); view.update(newer); view.dispose();
 * @param {HTMLElement} host
 * @param {unknown} data  the document; anything else gives a message, never an exception
 * @returns {{update: (data: unknown) => void, dispose: () => void}}
 */
export function mount(host, data) {
  const memory = { tab: "", chosen: /** @type {Subject | null} */ (null), list: { open: new Set(), scrollTop: 0 } };
  /** @type {TraceView | null} */
  let view = null;
  const dispose = () => {
    if (view) view.dispose();
    view = null;
    host.replaceChildren();
  };
  const update = (/** @type {unknown} */ newer) => {
    const focus = view ? view.focusKey() : null;
    dispose();
    try {
      view = new TraceView(newer, memory);
      host.append(view.element);
      view.start(focus);
    } catch (error) {
      console.error("adkit: a trace could not be shown", error);
      host.replaceChildren(html("p", { class: "adkit adkit-failure", role: "alert" },
        `This trace could not be shown (${error instanceof Error ? error.message : "unknown error"}). Run the cell again to renew it.`));
    }
  };
  update(data);
  return { update, dispose };
}

/** One shown document. A newer document makes a new one; the memory passes from one to the next. */
class TraceView {
  /**
   * @param {unknown} data
   * @param {{tab: string, chosen: Subject | null, list: {open: Set<string>, scrollTop: number}}} memory
   */
  constructor(data, memory) {
    const { doc, problem } = read(data);
    this.doc = doc;
    this.memory = memory;
    this.on = listeners();
    this.links = new Links(doc);
    this.selection = new Selection((current, cause) => this.#changed(current, cause));
    if (memory.chosen && this.links.lit(memory.chosen).row) this.selection.chosen = memory.chosen;
    this.head = new HeadView(doc);
    this.readout = new ReadoutView();
    this.views = this.#views();
    this.panelId = uniqueId();
    this.tabs = doc.views.map((view) => this.#tab(view));
    this.element = html("div", { class: `adkit adkit-mode-${doc.mode}`, role: "group", "aria-label": `Trace of ${doc.title || "a cell"}, ${doc.mode} mode` });
    this.#assemble(problem);
    this.#listen();
  }

  /** @returns {Record<string, ListView | GraphView | PlotView | SourceView>} */
  #views() {
    const { doc, links, selection } = this;
    const make = {
      list: () => new ListView(doc, links, selection, this.memory.list),
      graph: () => new GraphView(doc, selection),
      plot: () => new PlotView(doc),
      source: () => new SourceView(doc, links, selection),
    };
    const wanted = doc.views.includes("graph") && !doc.graph ? [...new Set([...doc.views, "list"])] : doc.views;
    return Object.fromEntries(wanted.map((view) => [view, make[view]()]));
  }

  /** @param {string | null} problem */
  #assemble(problem) {
    this.element.append(this.head.element);
    if (problem) this.element.append(html("p", { class: "adkit-note adkit-wrong", role: "alert" }, problem));
    if (this.tabs.length === 0) return;
    this.panel = html("div", { class: "adkit-panes", role: "tabpanel", id: this.panelId });
    this.element.append(
      html("div", { class: "adkit-tabline" },
        html("div", { class: "adkit-tabs", role: "tablist", "aria-label": "Views", "data-focus": "tabs" }, ...this.tabs),
        html("span", { class: "adkit-counts" }, countsText(this.doc))),
      this.panel);
  }

  /** @param {string} view @returns {HTMLElement} */
  #tab(view) {
    return html("button", { type: "button", class: "adkit-tab", role: "tab", id: uniqueId(), "aria-controls": this.panelId, "data-view": view }, TITLES[view]);
  }

  #listen() {
    this.on.add(this.element, "pointermove", (event) => this.#pointer(event));
    this.on.add(this.element, "pointerleave", () => this.selection.hover(null));
    this.on.add(this.element, "click", (event) => this.#click(event));
    this.tabs.forEach((tab, i) => {
      this.on.add(tab, "click", () => this.show(this.doc.views[i]));
      this.on.add(tab, "keydown", (event) => this.#tabKey(event, i));
    });
    // The notebook listens for its shortcuts on the document, before any of our elements hears of the key. So the mark that
    // tells it to keep off is set one step earlier, on the window, and only for keys that mean something here. It has to be
    // on the very element that has the focus: the notebook's shortcuts match that one first.
    this.on.add(window, "keydown", (event) => {
      if (!(event.target instanceof Element) || !this.element.contains(event.target)) return;
      event.target.toggleAttribute("data-lm-suppress-shortcuts", isOurs(event));
    }, { capture: true });
  }

  /** Called when the element is on the page. @param {string | null} focus */
  start(focus) {
    if (this.tabs.length === 0) return;
    this.show(this.doc.views.includes(this.memory.tab) ? this.memory.tab : this.doc.views[0]);
    if (this.selection.chosen) this.#changed(this.selection.chosen, "choose");
    if (focus) this.#focus(focus);
  }

  dispose() {
    this.on.dispose();
    this.head.dispose();
    Object.values(this.views).forEach((view) => view.dispose());
  }

  /** @returns {string | null} what has the focus, to give it back after an update */
  focusKey() {
    const active = document.activeElement;
    if (!active || !this.element.contains(active)) return null;
    return active.closest("[data-focus]")?.getAttribute("data-focus") || null;
  }

  /** @param {string} key */
  #focus(key) {
    const place = this.element.querySelector(`[data-focus="${key}"]`);
    const target = place && (place.matches("[tabindex='0']") ? place : place.querySelector("[tabindex='0']"));
    if (target instanceof HTMLElement || target instanceof SVGElement) target.focus({ preventScroll: true });
  }

  /** Brings a view to the front. @param {string} view */
  show(view) {
    this.memory.tab = view;
    const index = this.doc.views.indexOf(view);
    this.tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === index));
      tab.tabIndex = i === index ? 0 : -1;
    });
    this.panel.setAttribute("aria-labelledby", this.tabs[index].id);
    this.panel.className = `adkit-panes adkit-show-${view}`;
    const names = ARRANGEMENT[view].filter((name) => name in this.views);
    if (view === "graph" && !this.doc.graph && !names.includes("list")) names.push("list");
    const elements = names.map((name) => this.views[name].element);
    const [large, ...beside] = elements;
    const linked = view !== "plot";
    this.panel.replaceChildren(large, ...(linked ? [this.readout.element] : []),
      ...(beside.length > 0 ? [html("div", { class: `adkit-beside adkit-beside-${beside.length}` }, ...beside)] : []));
  }

  /** @param {KeyboardEvent} event @param {number} index */
  #tabKey(event, index) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const next = nextTab(event.key, index, this.tabs.length);
    if (next === null) return;
    event.preventDefault();
    this.show(this.doc.views[next]);
    this.tabs[next].focus({ preventScroll: true });
  }

  /** @param {PointerEvent} event */
  #pointer(event) {
    // Scrolling makes browsers report moves of a pointer that did not move.
    if (this.pointer && this.pointer.x === event.clientX && this.pointer.y === event.clientY) return;
    this.pointer = { x: event.clientX, y: event.clientY };
    this.selection.hover(subjectOf(event.target));
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const subject = subjectOf(event.target);
    if (!subject) return;
    const fold = /** @type {Element} */ (event.target).closest("[data-fold]");
    if (fold && this.views.list instanceof ListView) this.views.list.toggle(subject.id);
    this.selection.choose(subject);
  }

  /** @param {Subject | null} current @param {"hover" | "choose"} cause */
  #changed(current, cause) {
    if (cause === "choose") this.memory.chosen = current;
    const lit = this.links.lit(current);
    const from = current ? current.kind : "";
    const { list, graph, source } = /** @type {any} */ (this.views);
    if (list) list.light(lit.rows, from !== "row" || cause === "choose");
    if (graph) graph.light(lit.nodes, from !== "node");
    if (source) source.light(lit.marks, from !== "mark");
    this.readout.show(lit.row, cause === "choose" && from !== "row");
  }
}

/** @param {EventTarget | null} target @returns {Subject | null} */
function subjectOf(target) {
  const element = target instanceof Element ? target.closest("[data-subject]") : null;
  if (!element) return null;
  const kind = /** @type {Subject["kind"]} */ (element.getAttribute("data-subject"));
  return { kind, id: element.getAttribute("data-id") || "" };
}

/** @param {TraceDocument} doc @returns {string} */
function countsText(doc) {
  const count = (/** @type {number} */ n, /** @type {string} */ word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
  const { instructions, guards } = doc.counts;
  return guards > 0 ? `${count(instructions, "instruction")} · ${count(guards, "guard")}` : count(instructions, "instruction");
}
