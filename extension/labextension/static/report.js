/** A diagnosis as a tab: verdict, evidence in tables whose rows lead to the instruction or line they are about, and the fix. */

import { html, listeners } from "./dom.js";

/**
 * @typedef {import("./document.js").Report} Report
 * @typedef {import("./document.js").ReportTable} ReportTable
 * @typedef {import("./document.js").ReportRow} ReportRow
 */

const TITLES = { nan: "NaN", flow: "Flow", why: "Why", cost: "Cost", check: "Check", diff: "Diff" };
const WORDS = { ok: "", note: "", warning: "Warning: ", error: "Error: " };
const STATES = { zero: "zero: ", nonfinite: "not finite: ", warning: "notable: " };

/**
 * The titles of the tabs of several reports: the kind, with a number where one comes again.
 *
 * @example tabTitles([{kind: "flow"}, {kind: "why"}, {kind: "why"}])  // ["Flow", "Why", "Why 2"]
 * @param {Array<{kind: string}>} reports
 * @returns {string[]}
 */
export function tabTitles(reports) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return reports.map(({ kind }) => {
    const title = Object.hasOwn(TITLES, kind) ? TITLES[/** @type {keyof typeof TITLES} */ (kind)] : "Report";
    const count = (seen.get(title) ?? 0) + 1;
    seen.set(title, count);
    return count === 1 ? title : `${title} ${count}`;
  });
}

export class ReportView {
  /** @param {Report} report */
  constructor(report) {
    this.on = listeners();
    /** @type {Array<{element: HTMLElement, row: ReportRow}>} */
    this.rows = [];
    this.element = html("section", { class: "adkit-pane adkit-report", "aria-label": report.title },
      html("h3", { class: "adkit-heading" }, report.title),
      html("p", { class: `adkit-verdict adkit-severity-${report.severity}` }, `${WORDS[/** @type {keyof typeof WORDS} */ (report.severity)]}${report.verdict}`),
      ...report.paragraphs.map((paragraph) => html("p", { class: "adkit-paragraph" }, paragraph)),
      ...report.tables.map((table) => this.#table(table)),
      report.fix === null ? null : html("p", { class: "adkit-fix" }, html("span", { class: "adkit-strong" }, "Fix: "), report.fix));
  }

  dispose() {
    this.on.dispose();
  }

  /** @param {ReportTable} table @returns {HTMLElement} */
  #table(table) {
    const number = table.columns.findIndex((column) => column.right);
    const heads = table.columns.map((column) => html("th", { scope: "col", class: column.right ? "adkit-number" : null }, column.title));
    const rows = table.rows.map((row) => this.#row(table, row, number));
    return html("div", { class: "adkit-table-box", tabindex: 0, role: "region", "aria-label": table.title || "Table" },
      html("table", { class: "adkit-table" },
        table.title ? html("caption", { class: "adkit-heading" }, table.title) : null,
        html("thead", {}, html("tr", {}, ...heads)), html("tbody", {}, ...rows)));
  }

  /** @param {ReportTable} table @param {ReportRow} row @param {number} number  the column that carries the bar @returns {HTMLElement} */
  #row(table, row, number) {
    const subject = subjectOf(row);
    const cells = row.cells.map((text, i) => {
      const column = table.columns[i];
      const kind = `${column.right ? " adkit-number" : ""}${column.code || column.right ? " adkit-code-cell" : ""}`;
      const said = i === 0 && row.state !== "normal" ? html("span", { class: "adkit-spoken" }, STATES[/** @type {keyof typeof STATES} */ (row.state)]) : null;
      const content = i === 0 && subject ? html("button", { type: "button", class: "adkit-link" }, text || "show") : text;
      const cell = html("td", { class: `adkit-td${kind}` }, said, content);
      if (i === number && row.bar !== null) {
        cell.classList.add("adkit-barred");
        cell.style.setProperty("--adkit-bar", `${(100 * row.bar).toFixed(1)}%`);
      }
      return cell;
    });
    const element = html("tr", {
      class: `adkit-report-row adkit-state-${row.state}`,
      "data-subject": subject ? subject.kind : null,
      "data-id": subject ? subject.id : null,
    }, ...cells);
    this.rows.push({ element, row });
    return element;
  }

  /** @param {ReadonlySet<string>} rows  ids that are lit @param {number | null} line  the line that is lit as such */
  light(rows, line) {
    for (const { element, row } of this.rows) {
      const on = row.variable !== null ? rows.has(row.variable) : line !== null && row.line === line;
      element.classList.toggle("adkit-lit", on);
    }
  }
}

/** @param {ReportRow} row @returns {{kind: string, id: string} | null} */
function subjectOf(row) {
  if (row.variable !== null) return { kind: "row", id: row.variable };
  return row.line === null ? null : { kind: "line", id: String(row.line) };
}
