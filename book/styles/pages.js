// A long output scrolls by itself: let the keyboard reach it.
document.addEventListener("DOMContentLoaded", () => {
  for (const output of document.querySelectorAll(".tag_output_scroll > .cell_output")) {
    output.tabIndex = 0;
    output.setAttribute("role", "region");
    output.setAttribute("aria-label", "Long output");
  }
});
