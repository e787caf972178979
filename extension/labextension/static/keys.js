/** What a key means, as functions from state to state. No DOM. */

/** Keys that the viewer answers itself; the notebook's own shortcuts must not see these while it has the focus. */
const OURS = new Set([
  "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", "Enter", " ", "Escape",
  "+", "-", "0",
]);

/**
 * Whether the viewer answers this key press, rather than the notebook.
 *
 * @param {{key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, shiftKey?: boolean}} event
 * @returns {boolean}
 */
export function isOurs(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.shiftKey && event.key !== "+") return false;
  return OURS.has(event.key);
}

/**
 * The tab that a key leads to (WAI-ARIA tabs: the arrows wrap around), or null where the key means nothing here.
 *
 * @param {string} key
 * @param {number} index
 * @param {number} count
 * @returns {number | null}
 */
export function nextTab(key, index, count) {
  if (key === "ArrowRight") return (index + 1) % count;
  if (key === "ArrowLeft") return (index + count - 1) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return null;
}

/**
 * @typedef {object} RowMove
 * @property {number} [to]      index of the row that becomes the current one
 * @property {boolean} [toggle] open or close the current fold
 * @property {boolean} [leave]  nothing is current any more
 */

/**
 * What a key does in the list (WAI-ARIA treegrid).
 *
 * @param {string} key
 * @param {{index: number, count: number, page: number, fold: boolean, open: boolean, parent: number}} state
 *     index is −1 where no row is current; parent is the row index of the enclosing fold or −1
 * @returns {RowMove | null}
 */
export function nextRow(key, { index, count, page, fold, open, parent }) {
  const clamp = (/** @type {number} */ i) => ({ to: Math.min(Math.max(i, 0), count - 1) });
  if (count === 0) return null;
  if (key === "ArrowDown") return clamp(index + 1);
  if (key === "ArrowUp") return clamp(index < 0 ? count - 1 : index - 1);
  if (key === "Home") return clamp(0);
  if (key === "End") return clamp(count - 1);
  if (key === "PageDown") return clamp(index + page);
  if (key === "PageUp") return clamp(index - page);
  if (key === "Escape") return { leave: true };
  if (index < 0) return null;
  if (key === "Enter" || key === " ") return fold ? { toggle: true } : {};
  if (key === "ArrowRight") return fold ? (open ? clamp(index + 1) : { toggle: true }) : {};
  if (key === "ArrowLeft") return fold && open ? { toggle: true } : parent >= 0 ? clamp(parent) : {};
  return null;
}

/**
 * The box that lies next in the direction of an arrow key. Distance across the direction counts double, so that a
 * neighbour straight ahead wins over a nearer one far to the side.
 *
 * @param {string} key
 * @param {Array<{id: string, x: number, y: number, w: number, h: number}>} boxes
 * @param {string | null} id  the present box; without one, the first
 * @returns {string | null}
 */
export function nextBox(key, boxes, id) {
  if (boxes.length === 0) return null;
  if (key === "Home") return boxes[0].id;
  if (key === "End") return boxes[boxes.length - 1].id;
  const axis = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  if (!axis) return null;
  const from = boxes.find((box) => box.id === id);
  if (!from) return boxes[0].id;
  let best = from.id;
  let least = Infinity;
  for (const box of boxes) {
    const dx = box.x + box.w / 2 - from.x - from.w / 2;
    const dy = box.y + box.h / 2 - from.y - from.h / 2;
    const ahead = dx * axis[0] + dy * axis[1];
    const across = Math.abs(dx * axis[1]) + Math.abs(dy * axis[0]);
    if (ahead > 0.5 && ahead + 2 * across < least) {
      least = ahead + 2 * across;
      best = box.id;
    }
  }
  return best;
}
