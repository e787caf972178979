/** Keys that are pressed in the controls of an explorer belong to the controls, not to the notebook's shortcuts. */

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
  }, { capture: true });
}
