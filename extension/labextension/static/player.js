/**
 * The player: steps through the program in blue and then through the sweep in its colour, with the current instruction lit in
 * every view and the sum Σ v̄·v̇ beside it, which is the same at every step.
 */

import { html, listeners } from "./dom.js";
import { subscript } from "./rows.js";

/**
 * @typedef {import("./document.js").Player} Player
 * @typedef {import("./document.js").Step} Step
 * @typedef {(row: string, column: string) => boolean} Ahead  whether the player has not come to a number yet
 */

const SIGNS = { primal: "", tangent: "\u0307", adjoint: "\u0304" };
const SWEEPS = { primal: "program", tangent: "forward", adjoint: "reverse" };

/** Milliseconds per step: slow enough to follow, and never more than half a minute for all. @param {number} count */
export function pace(count) {
  return Math.min(800, Math.max(80, 30000 / Math.max(count, 1)));
}

/**
 * Where a step stands within its phase.
 *
 * @param {Step[]} steps
 * @param {number} at
 * @returns {{phase: string, number: number, of: number}}
 */
export function place(steps, at) {
  const { phase } = steps[at];
  const first = steps.findIndex((step) => step.phase === phase);
  return { phase, number: at - first + 1, of: steps.filter((step) => step.phase === phase).length };
}

/**
 * What a step says: where it is, what it computes, and the sum.
 *
 * @param {Player} player
 * @param {number} at
 * @returns {{where: string, what: string, sum: string}}
 */
export function describe(player, at) {
  const step = player.steps[at];
  const { phase, number, of } = place(player.steps, at);
  const name = subscript(step.variable);
  const passed = step.addsTo.length > 0 ? `, passed on to ${step.addsTo.map(subscript).join(", ")}` : "";
  const sum = step.invariant === null ? "" : `Σ v̄·v̇ = ${step.invariant} at every step`;
  return {
    where: `${SWEEPS[step.phase]} ${number} / ${of}`,
    what: `${name[0]}${SIGNS[phase]}${name.slice(1)} = ${step.value}${passed}`,
    sum,
  };
}

/**
 * Which numbers of the list are still ahead at a step.
 *
 * @example ahead(player, 0)("v1", "value")  // true
 * @param {Player} player
 * @param {number} at
 * @returns {Ahead}
 */
export function ahead(player, at) {
  /** @type {Map<string, number>} the first step of each number */
  const first = new Map();
  player.steps.forEach((step, i) => {
    const key = `${step.phase} ${step.row}`;
    if (!first.has(key)) first.set(key, i);
  });
  const primal = player.steps.filter((step) => step.phase === "primal").length;
  return (row, column) => {
    if (column === "value") return (first.get(`primal ${row}`) ?? -1) > at;
    if (column !== "tangent" && column !== "adjoint") return false;
    const own = first.get(`${column} ${row}`);
    return own === undefined ? at < primal : own > at;
  };
}

/**
 * What a key does: the step that it leads to, or "play", or "leave".
 *
 * @param {string} key
 * @param {number} at  −1 before the first step
 * @param {number} count
 * @returns {number | "play" | "leave" | null}
 */
export function nextStep(key, at, count) {
  if (key === " ") return "play";
  if (key === "Escape") return "leave";
  if (key === "ArrowRight" || key === "ArrowUp") return Math.min(at + 1, count - 1);
  if (key === "ArrowLeft" || key === "ArrowDown") return Math.max(at - 1, 0);
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return null;
}

const IDLE = "Step through the program, then back through its derivative.";
const IDLE_FORWARD = "Step through the program, then its tangents.";

export class PlayerView {
  /**
   * @param {Player} player
   * @param {(step: Step | null, ahead: Ahead | null) => void} changed  called at every step, and with null in the end
   */
  constructor(player, changed) {
    this.player = player;
    this.changed = changed;
    this.at = -1;
    /** @type {ReturnType<typeof setInterval> | null} */
    this.timer = null;
    this.on = listeners();
    const last = player.steps.length - 1;
    this.play = this.#button("play", () => this.toggle());
    this.track = /** @type {HTMLInputElement} */ (html("input", {
      type: "range", class: "adkit-track", min: 0, max: last, step: 1, value: 0, "aria-label": "step of the sweep", "data-focus": "player",
    }));
    const primal = player.steps.filter((step) => step.phase === "primal").length;
    this.track.style.setProperty("--adkit-turn", `${((100 * primal) / Math.max(player.steps.length, 1)).toFixed(2)}%`);
    this.where = html("span", { class: "adkit-where" });
    this.what = html("span", { class: "adkit-what" });
    this.sum = html("span", { class: "adkit-sum" });
    this.element = html("div", { class: "adkit-player", role: "group", "aria-label": "Player of the sweep" },
      html("div", { class: "adkit-buttons" },
        this.#button("back", () => this.go(Math.max(this.at - 1, 0))),
        this.play,
        this.#button("next", () => this.go(Math.min(this.at + 1, last)))),
      this.track,
      html("div", { class: "adkit-said" }, this.where, this.what, this.sum));
    this.on.add(this.track, "input", () => this.go(Number(this.track.value)));
    this.on.add(this.element, "keydown", (event) => this.#key(event));
    this.#show();
  }

  dispose() {
    this.pause();
    this.on.dispose();
  }

  /** @returns {Ahead | null} what is still ahead, null while nothing is played */
  get ahead() {
    return this.at < 0 ? null : ahead(this.player, this.at);
  }

  /** The same steps with other numbers. @param {Player} player */
  update(player) {
    this.player = player;
    this.#show();
  }

  /** @param {string} word @param {() => void} act @returns {HTMLElement} */
  #button(word, act) {
    const button = html("button", { type: "button", class: "adkit-button" }, word);
    this.on.add(button, "click", act);
    return button;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const pressed = event.target instanceof Element && event.target.closest("button") !== null;
    if (event.key === " " && pressed) return; // a button answers the space bar itself
    const to = nextStep(event.key, this.at, this.player.steps.length);
    if (to === null) return;
    event.preventDefault();
    if (to === "play") this.toggle();
    else if (to === "leave") this.leave();
    else this.go(to);
  }

  /** Goes to a step and stays there. @param {number} at */
  go(at) {
    this.pause();
    this.#move(at);
  }

  /** @param {number} at */
  #move(at) {
    this.at = at;
    this.#show();
    this.changed(this.player.steps[at], ahead(this.player, at));
  }

  /** Shows everything again. */
  leave() {
    this.pause();
    if (this.at < 0) return;
    this.at = -1;
    this.#show();
    this.changed(null, null);
  }

  toggle() {
    if (this.timer !== null) this.pause();
    else this.#start();
  }

  #start() {
    const { length } = this.player.steps;
    this.play.textContent = "pause";
    if (this.at < 0 || this.at === length - 1) this.#move(0);
    // Who asked for less motion gets the phases' ends one after the other rather than a moving light.
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.timer = setInterval(() => {
      if (this.at >= length - 1) this.pause();
      else this.#move(still ? this.#phaseEnd() : this.at + 1);
    }, still ? 2000 : pace(length));
  }

  /** @returns {number} the last step of this phase, or of the next one where this is over */
  #phaseEnd() {
    const { steps } = this.player;
    const { phase } = steps[this.at + 1];
    let end = this.at + 1;
    while (end + 1 < steps.length && steps[end + 1].phase === phase) end += 1;
    return end;
  }

  pause() {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "play";
  }

  #show() {
    const idle = this.at < 0;
    const said = idle ? { where: "", what: this.player.mode === "forward" ? IDLE_FORWARD : IDLE, sum: "" } : describe(this.player, this.at);
    const phase = idle ? "" : this.player.steps[this.at].phase;
    this.track.value = String(Math.max(this.at, 0));
    this.track.setAttribute("aria-valuetext", [said.where, said.what, said.sum].filter((part) => part !== "").join("; "));
    this.element.dataset.phase = phase;
    this.where.textContent = said.where;
    this.what.textContent = said.what;
    this.what.className = `adkit-what${phase ? ` adkit-${phase}` : ""}`;
    this.what.title = said.what;
    this.sum.textContent = said.sum;
    this.sum.title = said.sum ? `the sum of adjoint times tangent (in the direction of ${this.player.direction}) over what is live at this step` : "";
  }
}
