// What scrolls by itself must be reachable from the keyboard: long outputs, wide tables, equations.
const SCROLLING =
  ".tag_output_scroll > .cell_output, .pst-scrollable-table-container, div.math";

// A box, or what is in it, gets another size when a fold opens, a sidebar moves or a font arrives.
function watchWhatScrolls() {
  const watcher = new ResizeObserver((changes) => {
    for (const { target } of changes) {
      const box = /** @type {HTMLElement | null} */ (target.closest(SCROLLING));
      if (box) markScrolling(box);
    }
  });
  for (const box of document.querySelectorAll(SCROLLING)) {
    for (const part of [box, ...box.children]) watcher.observe(part);
  }
}

/** @param {HTMLElement} box */
function markScrolling(box) {
  const wide = box.scrollWidth > box.clientWidth + 1;
  box.tabIndex = wide || box.scrollHeight > box.clientHeight + 1 ? 0 : -1;
  const beyond = box.scrollWidth - box.clientWidth - box.scrollLeft;
  box.classList.toggle("goes-on-left", wide && box.scrollLeft > 1);
  box.classList.toggle("goes-on-right", wide && beyond > 1);
}

// Long names in tables and signatures break after a sign, and checksums every eight characters.
const SIGN = /[_./-](?=[a-z_])/gi;
const CHECKSUM = /^[0-9a-f]{32,}$/;

function letLongNamesBreak() {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  /** @type {Text[]} */
  const found = [];
  while (texts.nextNode()) {
    const text = /** @type {Text} */ (texts.currentNode);
    const isLong = /[^\s]{20,}/.test(text.data);
    if (isLong && text.parentElement?.closest("td, th, dt.sig, h2")) found.push(text);
  }
  for (const text of found) text.replaceWith(...withBreaks(text.data));
}

/**
 * @param {string} text
 * @returns {(string | HTMLElement)[]} The text's parts, with a place to break between each two.
 */
function withBreaks(text) {
  const places = CHECKSUM.test(text.trim())
    ? Array.from({ length: Math.floor(text.length / 8) }, (_, place) => 8 * (place + 1))
    : Array.from(text.matchAll(SIGN), (sign) => sign.index + 1);
  const starts = [0, ...places];
  return starts.flatMap((start, place) => [
    ...(place ? [document.createElement("wbr")] : []),
    text.slice(start, starts[place + 1]),
  ]);
}

document.addEventListener("DOMContentLoaded", () => {
  letLongNamesBreak();
  watchWhatScrolls();
});
// This event does not bubble.
document.addEventListener("scroll", ({ target }) => {
  if (target instanceof HTMLElement && target.matches(SCROLLING)) markScrolling(target);
}, true);
