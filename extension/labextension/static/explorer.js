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

const WATCH = 2000;

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
      const wanted = panel.querySelector(".adkit-explorer-shown")?.textContent ?? "";
      const picture = panel.closest(".jp-OutputArea")?.querySelector(".adkit .adkit-answer .adkit-output");
      const stale = isStale(wanted, picture?.textContent ?? undefined);
      panel.classList.toggle("adkit-explorer-is-stale", stale && suspects.has(panel));
      if (stale) suspects.add(panel);
      else suspects.delete(panel);
    }
  }, WATCH);
  return () => clearInterval(timer);
}
