/** Which rows of a long table have to exist, given how far it is scrolled. Arithmetic only. */

/** Height of one list row in pixels; style.css receives it as --adkit-row. */
export const ROW_HEIGHT = 26;

/** Rows kept ready above and below the visible ones. */
export const OVERSCAN = 18;

/**
 * @typedef {object} Range
 * @property {number} first  first row to build
 * @property {number} end    one past the last row to build
 */

/**
 * @example visibleRange({scrollTop: 2600, viewport: 520, total: 5000})  // {first: 82, end: 138}
 * @param {{scrollTop: number, viewport: number, total: number, rowHeight?: number, overscan?: number}} state
 * @returns {Range}
 */
export function visibleRange({ scrollTop, viewport, total, rowHeight = ROW_HEIGHT, overscan = OVERSCAN }) {
  const lastTop = Math.max(0, total * rowHeight - viewport);
  const top = Math.min(Math.max(0, scrollTop), lastTop);
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const end = Math.min(total, Math.ceil((top + viewport) / rowHeight) + overscan);
  return { first, end };
}

/**
 * The scroll position, nearest to the present one, at which a row is wholly visible.
 *
 * @param {{index: number, scrollTop: number, viewport: number, rowHeight?: number}} state
 * @returns {number}
 */
export function scrollToShow({ index, scrollTop, viewport, rowHeight = ROW_HEIGHT }) {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight;
  return bottom > scrollTop + viewport ? bottom - viewport : scrollTop;
}
