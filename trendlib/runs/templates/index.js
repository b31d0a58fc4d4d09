"use strict";
const box = document.getElementById("search");
const rows = Array.from(document.querySelectorAll("tbody tr"));
const texts = rows.map((row) => row.textContent.toLowerCase());
const count = document.getElementById("count");
function search() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, place) => {
    const fits = words.every((word) => texts[place].includes(word));
    row.hidden = !fits;
    shown += fits;
  });
  count.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
}
box.parentElement.hidden = false;
box.addEventListener("input", search);
search();
