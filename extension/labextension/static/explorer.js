/** Keys that are pressed in the controls of an explorer belong to the controls, not to the notebook's shortcuts. */

import { html, toCell } from "./dom.js";

/**
 * Whether a key pressed in a control means something there: any that neither leaves it nor is a shortcut elsewhere.
 *
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean}} event
 * @returns {boolean}
 */
export function isForControl(event) {
  return !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Escape" && event.key !== "Tab";
}

/**
 * Marks the element that has the focus, before the notebook (which listens on the document) hears of the key.
 *
 * @param {EventTarget} target  where keys arrive first: the window
 */
export function keepKeys(target) {
  target.addEventListener("keydown", (event) => {
    const element = event.target;
    if (!(element instanceof Element) || !element.closest(".adkit-explorer")) return;
    element.toggleAttribute("data-lm-suppress-shortcuts", isForControl(/** @type {KeyboardEvent} */ (event)));
    if (/** @type {KeyboardEvent} */ (event).key === "Escape") toCell(element);
  }, { capture: true });
}

const WATCH = 2000;
const STALE = "This page was loaded again since the cell ran, so the picture below does not follow.";

/**
 * Whether a picture shows something other than what its controls were last used for. After a page was loaded again the kernel still
 * answers the controls, but the notebook does not know any more which output is to be updated.
 *
 * @param {string} wanted  what the kernel showed last
 * @param {string | undefined} seen  what stands on the page; undefined without a picture
 * @returns {boolean}
 */
export function isStale(wanted, seen) {
  return wanted !== "" && seen !== undefined && wanted !== seen;
}

/** What the number fields beside a slider are, in their order; the rest are indices. */
const FIELDS = [(/** @type {string} */ name) => `value of ${name}`, (/** @type {string} */ name) => `lowest ${name} of the slider`,
  (/** @type {string} */ name) => `highest ${name} of the slider`];

/**
 * Gives sliders and number fields, which ipywidgets leaves nameless, the names by which a screen reader tells them.
 *
 * @param {Element} panel
 */
export function nameControls(panel) {
  for (const slider of panel.querySelectorAll(".widget-slider")) {
    const name = slider.querySelector(".widget-label")?.textContent ?? "";
    slider.querySelectorAll(".noUi-handle").forEach((handle) => handle.setAttribute("aria-label", name));
    slider.parentElement?.querySelectorAll("input[type=number]").forEach((field, i) => {
      const title = i < FIELDS.length ? FIELDS[i](name) : `index of ${name.split("[")[0]} along axis ${i - FIELDS.length}`;
      field.setAttribute("aria-label", title);
      field.setAttribute("title", title);
    });
  }
}

/** Shows, or takes away, the sentence that a picture does not follow, and the button that mends it. @param {Element} panel @param {boolean} stale */
function tell(panel, stale) {
  panel.classList.toggle("adkit-explorer-is-stale", stale);
  const told = panel.querySelector(".adkit-explorer-stale");
  if (!stale) told?.remove();
  if (!stale || told) return;
  const again = html("button", { type: "button", class: "jupyter-button" }, "Run the cell again");
  again.addEventListener("click", () => runAgain(panel));
  panel.append(html("div", { class: "adkit-explorer-stale", role: "status" }, html("span", {}, STALE), again));
}

/**
 * Runs the cell of a panel as its shortcut does, Ctrl Enter: a renderer has no other way to the notebook's commands.
 *
 * @param {Element} panel
 */
function runAgain(panel) {
  toCell(panel);
  const cell = panel.closest(".jp-Cell");
  const enter = { key: "Enter", code: "Enter", keyCode: 13, ctrlKey: true, bubbles: true, cancelable: true };
  cell?.dispatchEvent(new KeyboardEvent("keydown", enter));
}

/**
 * Has explorers say so when their pictures no longer follow; a difference counts when it is seen twice, since pictures come a moment
 * after the words.
 *
 * @param {Document} page
 * @returns {() => void} ends it
 */
export function watchPictures(page) {
  /** @type {WeakSet<Element>} */
  const suspects = new WeakSet();
  const timer = setInterval(() => {
    for (const panel of page.querySelectorAll(".adkit-explorer")) {
      nameControls(panel);
      const wanted = panel.querySelector(".adkit-explorer-shown")?.textContent ?? "";
      const picture = panel.closest(".jp-OutputArea")?.querySelector(".adkit .adkit-answer .adkit-output");
      const stale = isStale(wanted, picture?.textContent ?? undefined);
      tell(panel, stale && suspects.has(panel));
      if (stale) suspects.add(panel);
      else suspects.delete(panel);
    }
  }, WATCH);
  return () => clearInterval(timer);
}
