// Draw trends as strips of bars, and read one coordinate after the other off them.

import { book } from "./book.js";
import { html, picture, svg } from "./elements.js";
import { _, fill } from "./messages.js";
import { fixed } from "./numbers.js";

/** @typedef {import("./readings.js").Strip} Strip */
/** @typedef {[string, number[]]} Group The name of a group of coordinates, and its members in order. */

export const WINDOW = 10; // coordinates in the table

/**
 * The coordinates in groups in which the trends behave alike, those with the largest sum first. The
 * last strip is the sum. The book's figures have the same order: see `trendlib/show/coordinates.py`.
 *
 * @param {Strip[]} strips
 * @returns {Group[]}
 */
export function groupsOf(strips) {
  const trends = strips.slice(0, -1);
  const { values: sum } = strips[strips.length - 1];
  const only = trends.map(({ word }) => fill(_("only {word}"), { word }));
  const [grew, mixed, shrank, none] = trends.length > 1
    ? [_("both grew"), _("opposite"), _("both shrank"), _("both undefined")]
    : [_("grew"), _("mixed"), _("shrank"), _("undefined")];
  const kindOf = (/** @type {number} */ place) => {
    const at = trends.map(({ values }) => values[place]);
    const known = at.filter((value) => value !== null);
    if (!known.length) return none;
    if (known.length < trends.length) return only[at.findIndex((value) => value !== null)];
    if (known.every((value) => value > 0)) return grew;
    return known.every((value) => value < 0) ? shrank : mixed;
  };
  /** @type {Map<string, number[]>} */
  const places = new Map([grew, mixed, shrank, ...only, none].map((name) => [name, []]));
  sum.forEach((_value, place) => places.get(kindOf(place))?.push(place));
  for (const members of places.values()) members.sort((one, other) => (sum[other] ?? 0) - (sum[one] ?? 0));
  return [...places].filter(([, members]) => members.length);
}

/**
 * A strip: bars up and down from a middle line, and hatching where there is no number. It is
 * stretched to the width that there is, so that nothing with a shape of its own may stand in it.
 *
 * @param {Strip} strip
 * @param {Group[]} groups
 */
function drawStrip({ name, values }, groups) {
  const order = groups.flatMap(([, places]) => places);
  const [height, middle] = [54, 24];
  const hatching = order.length > 100 ? 4 : 1; // a line every so many coordinates
  /** @type {Record<string, string[]>} */
  const parts = { undefined: [], hatch: [], grew: [], shrank: [] };
  order.forEach((place, x) => {
    const value = values[place];
    if (value === null) {
      parts.undefined.push(`M${x} 0h1v${2 * middle}h-1z`);
      if (x % hatching === 0) parts.hatch.push(`M${x} ${2 * middle}l${hatching} ${-2 * middle}`);
      return;
    }
    const size = Math.min(1, Math.abs(value) / book.trendLimit) * middle;
    const kind = value > 0 ? "grew" : "shrank";
    parts[kind].push(`M${x} ${middle}v${(value > 0 ? -size : size).toFixed(1)}h1V${middle}z`);
  });
  let end = 0;
  const borders = groups.slice(0, -1).map(([, places]) => {
    end += places.length;
    return `M${end} 0v${2 * middle}`;
  });
  const paths = Object.entries(parts).map(([kind, path]) => svg("path", { d: path.join(""), class: kind }));
  const defined = values.filter((value) => value !== null).length;
  const what = fill(_("Trend strip of {name}: {defined} of {all} coordinates are defined."),
    { name, defined, all: order.length });
  const drawn = picture(order.length, height, what, ...paths,
    svg("path", { d: borders.join(""), class: "border" }),
    svg("path", { d: `M0 ${middle}h${order.length}`, class: "zero" }),
    svg("path", { class: "window" }), svg("path", { class: "cross" }));
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.removeAttribute("width");
  drawn.style.minWidth = `${order.length}px`;
  return drawn;
}

/**
 * @param {(number | null)[]} values
 */
function stripText(values) {
  const defined = values.filter((value) => value !== null);
  const sizes = values.map((value) => Math.abs(value ?? 0));
  const largest = sizes.indexOf(Math.max(...sizes));
  const cut = sizes.filter((size) => size > book.trendLimit).length;
  const text = cut
    ? _(", defined in {defined} of {all} coordinates; {cut} cut, the largest {largest} in coordinate {place}")
    : _(", defined in {defined} of {all} coordinates");
  return fill(text, {
    defined: defined.length, all: values.length, cut, largest: fixed(values[largest] ?? 0, 2), place: largest,
  });
}

/**
 * @param {Strip[]} strips
 * @param {Group[]} groups
 */
export function drawStrips(strips, groups) {
  return strips.map((strip) => {
    const text = html("p", {}, html("strong", {}, strip.name), stripText(strip.values));
    return html("div", { class: "strip" }, text, drawStrip(strip, groups));
  });
}

/**
 * @param {Group[]} groups
 */
export function groupsList(groups) {
  const names = groups.map(([name, places]) => html("li", {}, `${name}: ${places.length}`));
  return html("ul", { class: "groups", "aria-label": _("Groups of coordinates, from left to right") }, ...names);
}

/** @type {number[]} The coordinates, in the order in which the strips that can be read have them. */
let order = [];

/**
 * Draw strips of which single coordinates can be read, with pointer and keyboard.
 *
 * @param {HTMLElement} place
 * @param {Strip[]} strips
 */
export function showStrips(place, strips) {
  const groups = groupsOf(strips);
  order = groups.flatMap(([, places]) => places);
  const blocks = drawStrips(strips, groups);
  for (const block of blocks) {
    const drawn = /** @type {SVGElement} */ (block.querySelector("svg"));
    const reader = html("div", {
      class: "reader", role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": order.length - 1,
      "aria-label": drawn.getAttribute("aria-label") ?? "",
    });
    drawn.replaceWith(reader);
    reader.append(drawn);
  }
  place.replaceChildren(groupsList(groups), ...blocks);
}

/**
 * Mark the coordinate that is read, and at the foot those of the table.
 *
 * @param {HTMLElement} place
 * @param {number} at
 * @param {number | null} coordinate
 */
export function markReading(place, at, coordinate) {
  const position = coordinate === null ? -1 : order.indexOf(coordinate);
  const feet = order.flatMap((each, x) => (each >= at && each < at + WINDOW ? [`M${x} 50h1v4h-1z`] : []));
  for (const reader of place.querySelectorAll(".reader")) {
    reader.querySelector(".window")?.setAttribute("d", feet.join(""));
    reader.querySelector(".cross")?.setAttribute("d", position < 0 ? "" : `M${position + 0.5} 0v54`);
    reader.setAttribute("aria-valuenow", `${Math.max(position, 0)}`);
    reader.setAttribute("aria-valuetext", coordinate === null ? _("no coordinate yet")
      : fill(_("coordinate {place}"), { place: coordinate }));
  }
}

/** @type {Record<string, (position: number, last: number) => number>} */
const STEPS = {
  ArrowRight: (position, last) => Math.min(position + 1, last),
  ArrowUp: (position, last) => Math.min(position + 1, last),
  ArrowLeft: (position) => Math.max(position - 1, 0),
  ArrowDown: (position) => Math.max(position - 1, 0),
  PageUp: (position, last) => Math.min(position + WINDOW, last),
  PageDown: (position) => Math.max(position - WINDOW, 0),
  Home: () => 0,
  End: (_position, last) => last,
};

/**
 * @param {HTMLElement} place
 * @param {(coordinate: number) => void} onRead
 */
export function listenToStrips(place, onRead) {
  const readerOf = (/** @type {Event} */ { target }) => /** @type {Element} */ (target).closest(".reader");
  place.addEventListener("pointermove", (event) => {
    const reader = readerOf(event);
    if (!reader) return;
    const { left, width } = reader.getBoundingClientRect();
    const x = Math.floor(((event.clientX - left) / width) * order.length);
    onRead(order[Math.min(Math.max(x, 0), order.length - 1)]);
  });
  place.addEventListener("keydown", (event) => {
    const reader = readerOf(event);
    const step = STEPS[event.key];
    if (!reader || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const isRead = reader.querySelector(".cross")?.getAttribute("d");
    const position = isRead ? Number(reader.getAttribute("aria-valuenow")) : -1;
    onRead(order[step(position, order.length - 1)]);
  });
}

/**
 * The numbers of one coordinate.
 *
 * @param {Strip[]} strips
 * @param {number} coordinate
 */
export function readingText(strips, coordinate) {
  const numbers = strips.map(({ name, values }) => {
    const value = values[coordinate];
    return `${name} ${value === null ? _("undefined") : fixed(value, 2)}`;
  });
  return fill(_("Coordinate {place}: {numbers}."), { place: coordinate, numbers: numbers.join(_("; ")) });
}
