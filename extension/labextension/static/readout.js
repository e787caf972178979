/** One line about the current instruction, below whichever view is shown; the most important first, since it is cut off. */

import { html } from "./dom.js";
import { formatNumber } from "./scale.js";
import { foldText, lineText, subscript, typeText } from "./rows.js";

/** @typedef {import("./document.js").Row} Row */

const IDLE = "Point at an instruction, a node or a piece of the source, or move with the arrow keys.";

export class ReadoutView {
  constructor() {
    this.visible = html("div", { class: "adkit-readout-text" }, IDLE);
    this.spoken = html("span", { class: "adkit-spoken", role: "status" });
    this.element = html("div", { class: "adkit-readout" }, this.visible, this.spoken);
  }

  /**
   * @param {Row | null} row
   * @param {boolean} speak  whether assistive technology should announce it
   */
  show(row, speak) {
    const parts = row ? rowParts(row) : [{ text: IDLE, tone: "" }];
    this.visible.replaceChildren(...parts.map((part) => html("span", { class: part.tone ? `adkit-${part.tone}` : "" }, part.text)));
    this.visible.title = row ? parts.map((part) => part.text).join("\n") : "";
    if (speak) this.spoken.textContent = row ? parts.map((part) => part.text).join(", ") : "";
  }
}

/** @param {Row} row @returns {Array<{text: string, tone: string}>} */
function rowParts(row) {
  if (row.kind === "fold") {
    return [{ text: foldText(row), tone: "strong" }, ...(row.rows.length > 0 ? [{ text: "Enter opens and closes it", tone: "dim" }] : [])];
  }
  const partials = row.partials.map(formatNumber).join(", ");
  const parts = [
    { text: row.kind === "guard" ? `guard: ${row.text}` : title(row), tone: "strong" },
    { text: row.value ? `value ${row.value}` : "", tone: "primal" },
    { text: row.tangent ? `tangent ${row.tangent}` : "", tone: "tangent" },
    { text: row.adjoint ? `adjoint ${row.adjoint}` : "", tone: "adjoint" },
    { text: partials ? `local partial ${partials}` : "", tone: "derivative" },
    { text: row.line === null ? "" : `line ${lineText(row)}${row.snippet ? `: ${row.snippet}` : ""}`, tone: "dim" },
    { text: typeText(row) || row.dtype || "", tone: "dim" },
  ];
  return parts.filter((part) => part.text !== "");
}

/** @param {Row} row @returns {string} */
function title(row) {
  const name = row.name ? ` (${row.name})` : "";
  return `${subscript(row.id)}${name} = ${row.text}`;
}
