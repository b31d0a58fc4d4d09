// Make elements. Text is always set as text, so that a sentence shows as it was typed.

/** @typedef {import("./messages.js").Part} Part */
/** @typedef {Record<string, string | number>} Attributes */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function html(tag, attributes = {}, ...children) {
  return withParts(document.createElement(tag), attributes, children);
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  return withParts(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * @template {Element} Made
 * @param {Made} element
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 * @returns {Made}
 */
function withParts(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  element.append(...children);
  return element;
}

/**
 * @param {number} width
 * @param {number} height
 * @param {string} label
 * @param {...Node} children
 */
export function picture(width, height, label, ...children) {
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return svg("svg", { ...size, role: "img", "aria-label": label }, ...children);
}

/**
 * A paragraph with its strong parts.
 *
 * @param {Part[]} parts
 */
export function paragraph(parts) {
  const nodes = parts.map(({ text, strong }) => (strong ? html("strong", {}, text) : text));
  return html("p", {}, ...nodes);
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(`te-${id}`));
}

/**
 * What the reader fills in or chooses.
 *
 * @param {string} id
 * @returns {HTMLInputElement}
 */
export function control(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/**
 * @param {Element} place
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function within(place, selector) {
  return /** @type {HTMLElement} */ (place.querySelector(selector));
}

/**
 * @param {Element} place
 * @returns {HTMLTableElement}
 */
export function tableIn(place) {
  return /** @type {HTMLTableElement} */ (place.querySelector("table"));
}

/**
 * A screen reader reads a live region again when it changes, even to the same text.
 *
 * @param {Element} region
 * @param {string} text
 */
export function say(region, text) {
  if (region.textContent !== text) region.textContent = text;
}
