// What scrolls by itself must be reachable from the keyboard: long outputs, wide tables, equations.
const SCROLLING =
  ".tag_output_scroll > .cell_output, .pst-scrollable-table-container, div.math";

function letTheKeyboardIn() {
  for (const each of document.querySelectorAll(SCROLLING)) {
    const scrolls =
      each.scrollHeight > each.clientHeight || each.scrollWidth > each.clientWidth;
    each.tabIndex = scrolls ? 0 : -1;
  }
}

window.addEventListener("load", letTheKeyboardIn);
window.addEventListener("resize", letTheKeyboardIn);
