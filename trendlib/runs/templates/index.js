"use strict";
const PAGE = Number(document.currentScript.dataset.rows);
const MARKS = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'" };
const box = document.getElementById("search");
const count = document.getElementById("count");
const said = (number) => number.toLocaleString("en");

// What is searched in a row: its texts as they are shown, without the word "notebook" of a link.
function textOf(row) {
  const texts = row.replace(/<a class="soft".*?<\/a>/g, "").replace(/<[^>]*>/g, " ");
  return texts.replace(/&(amp|lt|gt|#34|#39);/g, (mark) => MARKS[mark]).toLowerCase();
}

// A table of the page: of its rows, those that fit are shown, PAGE at a time.
class Listing {
  constructor(section) {
    this.section = section;
    this.rows = JSON.parse(section.querySelector("script").textContent);
    this.texts = this.rows.map(textOf);
    this.pager = section.querySelector(".pages");
    this.input = this.pager.querySelector("input");
    this.buttons = this.pager.querySelectorAll("button");
    this.buttons[0].addEventListener("click", () => this.turn(this.page - 1));
    this.buttons[1].addEventListener("click", () => this.turn(this.page + 1));
    this.input.addEventListener("change", () => this.turn(Number(this.input.value)));
    section.querySelector(".first")?.remove();
  }
  search(words) {
    const fits = (_, place) => words.every((word) => this.texts[place].includes(word));
    this.found = words.length ? this.rows.filter(fits) : this.rows;
    this.show(1);
    return this.found.length;
  }
  turn(page) {
    this.show(page);
    this.section.scrollIntoView();
  }
  show(page) {
    const last = Math.max(1, Math.ceil(this.found.length / PAGE));
    this.page = Math.min(Math.max(1, Math.floor(page) || 1), last);
    const start = (this.page - 1) * PAGE;
    const end = Math.min(start + PAGE, this.found.length);
    this.section.querySelector("tbody").innerHTML = this.found.slice(start, end).join("");
    this.pager.hidden = last === 1;
    this.input.value = this.page;
    this.input.max = last;
    this.buttons[0].ariaDisabled = String(this.page === 1);
    this.buttons[1].ariaDisabled = String(this.page === last);
    this.pager.querySelector("span").textContent =
      `of ${said(last)}: rows ${said(start + 1)} to ${said(end)} of ${said(this.found.length)}`;
  }
}

const listings = Array.from(document.querySelectorAll("section"), (section) => new Listing(section));
const all = listings.reduce((sum, listing) => sum + listing.rows.length, 0);
function search() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = listings.reduce((sum, listing) => sum + listing.search(words), 0);
  count.textContent = words.length ? `${said(found)} of ${said(all)} rows` : "";
}
box.parentElement.hidden = false;
box.addEventListener("input", search);
search();
