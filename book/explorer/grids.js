// Grids of which a row can be chosen: by a click anywhere in it, or with the keys at its label.

import { html, within } from "./elements.js";

/** @typedef {import("./figures.js").Grid} Grid */

/**
 * Show a grid, with a button over the label of each row. The buttons are one stop of the tab key.
 *
 * @param {HTMLElement} place
 * @param {Grid} grid
 * @param {string} what What choosing a row does.
 * @param {number | null} chosen
 */
export function showGrid(place, { drawn, rows }, what, chosen) {
  const hadFocus = place.contains(document.activeElement);
  const buttons = rows.map(({ x, y, width, height, text }, row) => {
    const button = html("button", {
      type: "button", "data-row": row, "aria-pressed": `${row === chosen}`, "aria-label": text,
      tabindex: row === (chosen ?? 0) ? 0 : -1,
    });
    Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    return button;
  });
  const focused = hadFocus ? rowOf(document.activeElement) : null;
  const bar = html("div", { class: "rows", role: "toolbar", "aria-orientation": "vertical", "aria-label": what }, ...buttons);
  const own = html("div", { class: "grid" }, drawn, bar);
  place.querySelector(".grid")?.remove();
  place.prepend(own);
  if (focused !== null) within(bar, `[data-row="${focused}"]`).focus({ preventScroll: true });
}

/**
 * @param {HTMLElement} place
 * @param {(row: number) => void} onChoose
 */
export function listenToGrid(place, onChoose) {
  place.addEventListener("click", ({ target }) => {
    const row = rowOf(/** @type {Element} */ (target));
    if (row !== null) onChoose(row);
  });
  place.addEventListener("keydown", (event) => {
    const row = rowOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (row === null || step === undefined) return;
    event.preventDefault();
    /** @type {HTMLElement | null} */
    const next = place.querySelector(`button[data-row="${row + step}"]`);
    next?.focus();
  });
}

/**
 * @param {Element | null} element
 */
function rowOf(element) {
  const row = element?.closest("[data-row]")?.getAttribute("data-row");
  return row ? Number(row) : null;
}
