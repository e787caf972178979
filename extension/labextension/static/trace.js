/**
 * The viewer of a trace. `mount(host, data)` shows the JSON document that an adkit output carries; it needs nothing but the
 * DOM, so the same module serves JupyterLab, Notebook and any page.
 */

import { read } from "./document.js";
import { html, listeners, toCell, uniqueId } from "./dom.js";
import { GraphView } from "./graph.js";
import { HeadView } from "./head.js";
import { isOurs, nextTab } from "./keys.js";
import { Links, Selection } from "./links.js";
import { ListView } from "./list.js";
import { PlayerView } from "./player.js";
import { PlotView } from "./plot.js";
import { ReadoutView } from "./readout.js";
import { restated } from "./replay.js";
import { ReportView, tabTitles } from "./report.js";
import { SourceView } from "./source.js";
import { WhatIfView } from "./whatif.js";

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
  report: ["source", "graph"],
};

const NO_PLAYER = "The player steps through traces of at most 200 instructions; this one is longer.";

/** The tab of a report. @param {number} i */
const reportTab = (i) => `report-${i}`;

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
  const memory = { tab: "", chosen: /** @type {Subject | null} */ (null), step: -1, list: { open: new Set(), scrollTop: 0, widths: new Map() } };
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
   * @param {{tab: string, chosen: Subject | null, step: number, list: {open: Set<string>, scrollTop: number, widths: Map<string, number>}}} memory
   */
  constructor(data, memory) {
    const { doc, problem } = read(data);
    this.doc = doc;
    this.recorded = doc;
    this.memory = memory;
    this.on = listeners();
    this.links = new Links(doc);
    this.selection = new Selection((current, cause) => this.#changed(current, cause));
    if (memory.chosen && this.links.lit(memory.chosen).row) this.selection.chosen = memory.chosen;
    this.head = new HeadView(doc);
    this.readout = new ReadoutView();
    this.reports = Object.fromEntries(doc.reports.map((report, i) => [reportTab(i), new ReportView(report)]));
    this.views = this.#views();
    this.player = doc.player && doc.views.length > 0 ? new PlayerView(doc.player, (step, ahead) => this.#played(step, ahead)) : null;
    /** @type {string | null} the guard that the replay was stopped by */
    this.flipped = null;
    this.whatIf = this.#whatIf();
    this.panelId = uniqueId();
    this.shown = "";
    this.tabNames = [...doc.views, ...Object.keys(this.reports)];
    const titles = [...doc.views.map((view) => TITLES[view]), ...tabTitles(doc.reports)];
    this.tabs = this.tabNames.map((view, i) => this.#tab(view, titles[i]));
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

  /** @returns {WhatIfView | null} nothing for a program that this viewer cannot read */
  #whatIf() {
    const { program } = this.doc;
    if (!program || this.doc.views.length === 0) return null;
    try {
      return new WhatIfView(program, (result, row) => {
        if (result) this.#restate(restated(this.recorded, program, result));
        if (row) this.selection.choose({ kind: "row", id: row });
        else if (this.flipped !== null && this.selection.chosen?.id === this.flipped) this.selection.choose(null);
        this.flipped = row;
      }, this.doc.explorer);
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** Shows the same trace with other numbers. @param {TraceDocument} doc */
  #restate(doc) {
    this.head.dispose();
    Object.values(this.views).forEach((view) => view.dispose());
    this.doc = doc;
    this.links = new Links(doc);
    const head = new HeadView(doc);
    this.head.element.replaceWith(head.element);
    this.head = head;
    this.views = this.#views();
    if (this.player && doc.player) this.player.update(doc.player);
    if (this.player && this.views.list instanceof ListView) this.views.list.play(this.player.ahead);
    this.show(this.shown);
    this.#changed(this.selection.current, "choose", true);
  }

  /** @param {string | null} problem */
  #assemble(problem) {
    this.element.append(this.head.element);
    if (problem) this.element.append(html("p", { class: "adkit-note adkit-wrong", role: "alert" }, problem));
    if (this.tabs.length === 0) return;
    if (this.whatIf) this.element.append(this.whatIf.element);
    if (this.doc.playerMissing) this.element.append(html("p", { class: "adkit-missing" }, NO_PLAYER));
    this.panel = html("div", { class: "adkit-panes", role: "tabpanel", id: this.panelId });
    this.element.append(
      html("div", { class: "adkit-tabline" },
        html("div", { class: "adkit-tabs", role: "tablist", "aria-label": "Views", "data-focus": "tabs" }, ...this.tabs),
        html("span", { class: "adkit-counts" }, countsText(this.doc))),
      this.panel);
  }

  /** @param {string} view @param {string} title @returns {HTMLElement} */
  #tab(view, title) {
    return html("button", { type: "button", class: "adkit-tab", role: "tab", id: uniqueId(), "aria-controls": this.panelId, "data-view": view }, title);
  }

  #listen() {
    this.on.add(this.element, "pointermove", (event) => this.#pointer(event));
    this.on.add(this.element, "pointerleave", () => this.selection.hover(null));
    this.on.add(this.element, "click", (event) => this.#click(event));
    this.tabs.forEach((tab, i) => {
      this.on.add(tab, "click", () => this.show(this.tabNames[i]));
      this.on.add(tab, "keydown", (event) => this.#tabKey(event, i));
    });
    // The notebook listens for its shortcuts on the document, before any of our elements hears of the key. So the mark that
    // tells it to keep off is set one step earlier, on the window, and only for keys that mean something here. It has to be
    // on the very element that has the focus: the notebook's shortcuts match that one first.
    this.on.add(window, "keydown", (event) => {
      if (!(event.target instanceof Element) || !this.element.contains(event.target)) return;
      event.target.toggleAttribute("data-lm-suppress-shortcuts", isOurs(event));
      const idle = this.selection.chosen === null && (this.player === null || this.player.at < 0);
      if (event.key === "Escape" && idle) toCell(event.target);
    }, { capture: true });
  }

  /** Called when the element is on the page. @param {string | null} focus */
  start(focus) {
    if (this.tabs.length === 0) return;
    this.show(this.tabNames.includes(this.memory.tab) ? this.memory.tab : this.tabNames[0]);
    if (this.selection.chosen) this.#changed(this.selection.chosen, "choose");
    const { step } = this.memory;
    if (this.player && this.doc.player && step >= 0 && step < this.doc.player.steps.length) this.player.go(step);
    if (focus) this.#focus(focus);
  }

  dispose() {
    this.on.dispose();
    this.head.dispose();
    if (this.player) this.player.dispose();
    if (this.whatIf) this.whatIf.dispose();
    Object.values({ ...this.views, ...this.reports }).forEach((view) => view.dispose());
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
    this.shown = view;
    const index = this.tabNames.indexOf(view);
    this.tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === index));
      tab.tabIndex = i === index ? 0 : -1;
    });
    this.panel.setAttribute("aria-labelledby", this.tabs[index].id);
    const report = this.reports[view];
    this.panel.className = `adkit-panes adkit-show-${report ? "report" : view}`;
    const names = ARRANGEMENT[report ? "report" : view].filter((name) => name in this.views);
    if (view === "graph" && !this.doc.graph && !names.includes("list")) names.push("list");
    const elements = [...(report ? [report.element] : []), ...names.map((name) => this.views[name].element)];
    const [large, ...beside] = elements;
    const linked = view !== "plot";
    this.panel.replaceChildren(large,
      ...(linked && this.player ? [this.player.element] : []),
      ...(linked ? [this.readout.element] : []),
      ...(beside.length > 0 ? [html("div", { class: `adkit-beside adkit-beside-${beside.length}` }, ...beside)] : []));
  }

  /** @param {KeyboardEvent} event @param {number} index */
  #tabKey(event, index) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const next = nextTab(event.key, index, this.tabs.length);
    if (next === null) return;
    event.preventDefault();
    this.show(this.tabNames[next]);
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
    if (this.player) this.player.pause();
    this.selection.choose(subject);
  }

  /** What the player came to: lit everywhere in the colour of its phase, what it has not come to is not there yet. */
  #played(/** @type {import("./document.js").Step | null} */ step, /** @type {import("./player.js").Ahead | null} */ ahead) {
    this.memory.step = this.player ? this.player.at : -1;
    this.element.dataset.phase = step ? step.phase : "";
    if (this.views.list instanceof ListView) this.views.list.play(ahead);
    this.selection.choose(step ? { kind: "row", id: step.row } : null);
  }

  /** @param {Subject | null} current @param {"hover" | "choose"} cause @param {boolean} [quiet]  nothing to announce */
  #changed(current, cause, quiet = false) {
    if (cause === "choose") this.memory.chosen = current;
    const lit = this.links.lit(current);
    const line = current && current.kind === "line" ? Number(current.id) : null;
    Object.values(this.reports).forEach((report) => report.light(lit.rows, line));
    const from = current ? current.kind : "";
    const { list, graph, source } = /** @type {any} */ (this.views);
    if (list) list.light(lit.rows, !quiet && (from !== "row" || cause === "choose"));
    if (graph) graph.light(lit.nodes, !quiet && from !== "node");
    if (source) source.light(lit.marks, !quiet && from !== "mark");
    const playing = this.player !== null && this.player.at >= 0; // the player's track says the step itself
    this.readout.show(lit.row, cause === "choose" && from !== "row" && !quiet && !playing);
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
