/**
 * The only door to the DOM. Notebooks are shown before anybody has trusted them, so the viewer promises to run nothing
 * that a document brings along: elements come from a short list of harmless tags, attributes from a short list of
 * harmless names, and every string from a document ends in a text node or in one of those attributes.
 */

const SVG = "http://www.w3.org/2000/svg";

const HTML_TAGS = new Set([
  "button", "caption", "code", "div", "figcaption", "figure", "h3", "input", "label", "mark", "p", "section", "span", "table",
  "tbody", "td", "th", "thead", "tr",
]);
const SVG_TAGS = new Set(["circle", "clipPath", "defs", "g", "line", "path", "pattern", "rect", "svg", "text", "title"]);
const ATTRIBUTES = new Set([
  "class", "clip-path", "cx", "cy", "d", "fill", "for", "height", "id", "max", "min", "pathLength", "patternUnits", "preserveAspectRatio",
  "r", "role", "rx", "scope", "step", "stroke-width", "tabindex", "text-anchor", "title", "transform", "type", "value", "viewBox", "width",
  "x", "x1", "x2", "y", "y1", "y2",
]);

/**
 * @param {Element} element
 * @param {Record<string, unknown>} attributes  null, undefined and false leave the attribute out
 */
export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (!ATTRIBUTES.has(name) && !name.startsWith("aria-") && !name.startsWith("data-")) {
      throw new TypeError(`the viewer never sets the attribute "${name}"`);
    }
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Record<string, unknown>} attributes
 * @param {Array<Node | string | null>} children
 * @returns {E}
 */
function fill(element, attributes, children) {
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * An HTML element. Strings among the children become text nodes.
 *
 * @example html("span", {class: "adkit-name"}, "loss")
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function html(tag, attributes = {}, ...children) {
  if (!HTML_TAGS.has(tag)) throw new TypeError(`the viewer never makes a <${tag}>`);
  return fill(document.createElement(tag), attributes, children);
}

/**
 * An SVG element; the same rules as {@link html}.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  if (!SVG_TAGS.has(tag)) throw new TypeError(`the viewer never makes a <${tag}>`);
  return /** @type {SVGElement} */ (fill(document.createElementNS(SVG, tag), attributes, children));
}

let lastId = 0;

/** A document-wide unique id, needed where ARIA refers to an element. @returns {string} */
export function uniqueId() {
  lastId += 1;
  return `adkit-${lastId}`;
}

/**
 * Listeners that are taken off together.
 *
 * @example const on = listeners(); on.add(button, "click", run); on.dispose();
 */
export function listeners() {
  const controller = new AbortController();
  return {
    /**
     * @param {EventTarget} target
     * @param {string} type
     * @param {(event: any) => void} handler
     * @param {AddEventListenerOptions} [options]
     */
    add(target, type, handler, options = {}) {
      target.addEventListener(type, handler, { ...options, signal: controller.signal });
    },
    dispose() {
      controller.abort();
    },
  };
}

/**
 * Gives the focus back to the notebook's cell around an element, where its shortcuts and arrow keys work again.
 *
 * @param {Element} element
 */
export function toCell(element) {
  const cell = element.closest(".jp-Cell[tabindex]");
  if (cell instanceof HTMLElement) cell.focus({ preventScroll: true });
}
