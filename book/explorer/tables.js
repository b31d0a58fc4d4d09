// Fill the tables, which say in numbers what the figures show.

import { addressOf, startOf } from "./address.js";
import { attentionOf, book, sourceOf } from "./book.js";
import { html } from "./elements.js";
import { _, fill } from "./messages.js";
import { fixed } from "./numbers.js";
import { ballotsOf, markOf, relatedOf, rowName, shortRowName, textOf } from "./readings.js";
import { WINDOW } from "./strips.js";
import { tieCell } from "./texts.js";

/** @typedef {import("./readings.js").Sentence} Sentence */
/** @typedef {import("./readings.js").Reading} Reading */
/** @typedef {import("./readings.js").Strip} Strip */
/** @typedef {string | null | Node} Cell What is undefined is null. */

const NUMBER = /^-?[0-9.]+$/;
const MOST_FILLED = 1600; // cells; larger tables are filled when they are opened

/**
 * @param {HTMLTableElement} table
 * @param {string} caption
 * @param {string[]} head
 * @param {Cell[][]} rows
 */
function fillTable(table, caption, head, rows) {
  const heads = head.map((text) => html("th", { scope: "col" }, text));
  const cell = (/** @type {Cell} */ text) => {
    if (text === null) return html("td", { class: "undefined" }, _("undefined"));
    const isNumber = typeof text === "string" && NUMBER.test(text);
    return html("td", isNumber ? { class: "number" } : {}, text);
  };
  const body = rows.map(([name, ...cells]) =>
    html("tr", {}, html("th", { scope: "row" }, name ?? ""), ...cells.map(cell)));
  table.replaceChildren(html("caption", {}, caption),
    html("thead", {}, html("tr", {}, ...heads)), html("tbody", {}, ...body));
}

/**
 * Fill a table that the reader has to open; a large one only then.
 *
 * @param {HTMLTableElement} table
 * @param {number} cells
 * @param {() => void} fillIt
 */
function whenOpened(table, cells, fillIt) {
  const fold = /** @type {HTMLDetailsElement} */ (table.closest("details"));
  fold.ontoggle = null;
  if (fold.open || cells <= MOST_FILLED) {
    fillIt();
    return;
  }
  table.replaceChildren();
  fold.ontoggle = () => {
    fold.ontoggle = null;
    fillIt();
  };
}

/**
 * @param {HTMLTableElement} table
 * @param {string} name
 * @param {Sentence} sentence
 */
export function fillOverview(table, name, sentence) {
  const known = book.readings.filter((each) => each.name in sentence.readings);
  const rows = known.map((each) => {
    const reading = sentence.readings[each.name];
    const { related } = reading;
    const found = relatedOf(reading);
    const link = html("a", { href: addressOf({ ...startOf(name), reading: each.name }) }, each.name);
    const cells = found === null || "none" in related
      ? [fill(_("none: {reason}"), { reason: "none" in related ? _(related.none) : "" }), "–", "–"]
      : [
        textOf(sentence, found.word),
        fill(_("{votes} of {led}"), { votes: found.votes, led: reading.votingRows.length }),
        tieCell(found),
      ];
    return [link, textOf(sentence, reading.focus.word), ...cells];
  });
  const head = [_("reading"), _("focus word"), _("related word"), _("votes"), _("tied")];
  fillTable(table, sourceOf(sentence), head, rows);
}

/**
 * @param {HTMLTableElement} table
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} row
 */
export function fillMatrix(table, sentence, reading, row) {
  const attention = attentionOf(sentence, reading.rows, row);
  if (attention === null) {
    table.replaceChildren();
    return;
  }
  whenOpened(table, sentence.units.length ** 2, () => {
    const rows = sentence.units.map((unit, query) =>
      [unit, ...sentence.units.map((_unit, key) => fixed(attention(query, key), 3))]);
    const caption = fill(_("Attention in {row}. {source}"), { row: rowName(reading, row), source: sourceOf(sentence) });
    fillTable(table, caption, [_("from \\ to"), ...sentence.units], rows);
  });
}

/**
 * @param {HTMLTableElement} table
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
export function fillReceived(table, sentence, reading) {
  whenOpened(table, reading.received.length * reading.candidates.length, () => {
    const names = reading.candidates.map((word) => textOf(sentence, word));
    const ballots = ballotsOf(reading);
    const rows = reading.received.map((values, row) => {
      const ballot = ballots.get(row);
      return [
        shortRowName(reading, row),
        ...values.map((value) => fixed(value, 3)),
        textOf(sentence, reading.leaders[row]),
        ballot === undefined ? "–" : textOf(sentence, ballot),
      ];
    });
    const caption = fill(_("Received attention. {source}"), { source: sourceOf(sentence) });
    fillTable(table, caption, [_("row"), ...names, _("first"), _("votes for")], rows);
  });
}

/**
 * @param {HTMLTableElement} table
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
export function fillVotes(table, sentence, reading) {
  const rows = reading.candidates.map((word, column) =>
    [textOf(sentence, word), `${reading.votes[column]}`, markOf(reading, word).said || "–"]);
  const caption = fill(_("Votes. {source}"), { source: sourceOf(sentence) });
  fillTable(table, caption, [_("word"), _("votes"), _("chosen as")], rows);
}

/**
 * @param {HTMLTableElement} table
 * @param {Sentence} sentence
 * @param {Strip[]} strips
 * @param {number} at
 * @param {number | null} coordinate
 */
export function fillCoordinates(table, sentence, strips, at, coordinate) {
  const count = Math.min(WINDOW, strips[0].values.length - at);
  const rows = Array.from({ length: count }, (_each, place) => [
    `${at + place}`,
    ...strips.map(({ values }) => {
      const value = values[at + place];
      return value === null ? null : fixed(value, 2);
    }),
  ]);
  fillTable(table, sourceOf(sentence), [_("coordinate"), ...strips.map(({ name }) => name)], rows);
  const read = coordinate === null ? null : table.tBodies[0].rows[coordinate - at];
  read?.cells[0].setAttribute("aria-current", "true");
}
