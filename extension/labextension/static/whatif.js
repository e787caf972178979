/** Number fields and sliders with which a saved page answers "what if": the inputs of a program that the browser replays. */

import { html, listeners, uniqueId } from "./dom.js";
import { Replay } from "./replay.js";
import { formatNumber } from "./scale.js";

/**
 * @typedef {import("./document.js").Program} Program
 * @typedef {import("./replay.js").Result} Result
 */

const STEPS = 200;

/**
 * The ends of a slider around a value: round numbers.
 *
 * @example sliderRange(1.5)  // {low: -1.5, high: 4.5, step: 0.03}
 * @param {number} value
 * @returns {{low: number, high: number, step: number}}
 */
export function sliderRange(value) {
  const reach = value === 0 ? 1 : 2 * Math.abs(value);
  const [low, high] = [value - reach, value + reach].map((end) => Number(end.toPrecision(6)));
  return { low, high, step: Number(((high - low) / STEPS).toPrecision(6)) };
}

/**
 * What is said about a guard that would come out differently.
 *
 * @param {Result["flipped"]} flipped
 * @returns {string}
 */
export function flippedText(flipped) {
  const [first] = flipped;
  const line = first.line === null ? "" : `line ${first.line}: `;
  const more = flipped.length > 1 ? ` (and ${flipped.length - 1} more)` : "";
  return `Another branch would be taken: ${line}${first.text} would be ${first.outcome}${more}. `
    + "The list below is that of the last point on the recorded path. Run the cell to see this one.";
}

export class WhatIfView {
  /**
   * @param {Program} program
   * @param {(result: Result | null, row: string | null) => void} changed  the result at the new point, null for the recorded one
   *     or where the path would be another; row: the guard to light
   * @param {boolean} [folded]  whether the fields are shown only on demand, beside controls that run the kernel
   * @throws {SyntaxError} for a program that cannot be read
   */
  constructor(program, changed, folded = false) {
    this.program = program;
    this.replay = new Replay(program);
    this.replay.run(this.replay.recorded);
    this.changed = changed;
    this.inputs = this.replay.recorded;
    this.on = listeners();
    this.frame = 0;
    this.fields = program.inputs.map((input, i) => this.#field(input, i));
    this.reset = html("button", { type: "button", class: "adkit-button" }, "reset");
    this.on.add(this.reset, "click", () => this.set(this.replay.recorded));
    this.status = html("p", { class: "adkit-whatif-status", role: "status" });
    const inner = html("div", { class: "adkit-whatif-fields" }, ...this.fields.map(({ element }) => element), this.reset);
    this.element = html("div", { class: "adkit-whatif", role: "group", "aria-label": "What if: other inputs, without a kernel" },
      folded ? this.#opener(inner) : html("span", { class: "adkit-heading" }, "What if"), inner, this.status);
    this.#show();
  }

  dispose() {
    cancelAnimationFrame(this.frame);
    this.on.dispose();
  }

  /** A button that shows and hides the fields, hidden at first. @param {HTMLElement} inner @returns {HTMLElement} */
  #opener(inner) {
    const button = html("button", { type: "button", class: "adkit-button", "aria-expanded": "false" }, "what if, without the kernel");
    inner.hidden = true;
    this.on.add(button, "click", () => {
      inner.hidden = !inner.hidden;
      button.setAttribute("aria-expanded", String(!inner.hidden));
    });
    return button;
  }

  /** @param {Program["inputs"][number]} input @param {number} i */
  #field(input, i) {
    const { low, high, step } = sliderRange(input.value);
    const id = uniqueId();
    const label = `${input.name} from ${formatNumber(low)} to ${formatNumber(high)}`;
    const number = /** @type {HTMLInputElement} */ (html("input", { type: "number", class: "adkit-field", id, step: "any", value: input.value }));
    const slider = /** @type {HTMLInputElement} */ (html("input", {
      type: "range", class: "adkit-slider", min: low, max: high, step: "any", value: input.value, "aria-label": label,
    }));
    this.on.add(number, "input", () => this.#typed(i, number.valueAsNumber));
    this.on.add(slider, "input", () => this.#typed(i, Number(Number(slider.value).toPrecision(6))));
    this.on.add(slider, "keydown", (event) => {
      const to = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#typed(i, Number(Math.min(high, Math.max(low, this.inputs[i] + to * step)).toPrecision(6)));
    });
    const element = html("span", { class: "adkit-whatif-field" }, html("label", { for: id }, `${input.name} =`), number, slider);
    return { element, number, slider };
  }

  /** @param {number} i @param {number} value */
  #typed(i, value) {
    if (!Number.isFinite(value)) return;
    this.set(this.inputs.map((before, j) => (i === j ? value : before)));
  }

  /** Moves the inputs; drawn at most once per frame. @param {number[]} inputs */
  set(inputs) {
    this.inputs = inputs;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.#evaluate());
    this.#show();
  }

  #evaluate() {
    const moved = this.#moved();
    const result = this.replay.run(this.inputs);
    const flipped = result.flipped.length > 0;
    this.status.classList.toggle("adkit-wrong", flipped);
    this.status.textContent = flipped ? flippedText(result.flipped) : moved ? this.#movedText() : "";
    if (flipped) this.changed(null, result.flipped[0].id);
    else this.changed(result, null);
  }

  /** @returns {boolean} */
  #moved() {
    return this.replay.recorded.some((value, i) => value !== this.inputs[i]);
  }

  /** @returns {string} */
  #movedText() {
    const changes = this.program.inputs.flatMap((input, i) => (input.value === this.inputs[i] ? []
      : [`${input.name} = ${formatNumber(this.inputs[i])} in the place of ${formatNumber(input.value)}`]));
    return `Replayed in the browser with ${changes.join(", ")}; plots and diagnoses are those of the recorded point.`;
  }

  #show() {
    this.fields.forEach(({ number, slider }, i) => {
      if (number.valueAsNumber !== this.inputs[i]) number.value = String(this.inputs[i]);
      slider.value = String(this.inputs[i]);
      slider.setAttribute("aria-valuetext", formatNumber(this.inputs[i]));
    });
    this.reset.hidden = !this.#moved();
  }
}
