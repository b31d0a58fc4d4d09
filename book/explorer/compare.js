// Two sentences side by side: the words that are chosen, the votes, and the strips.

import { readingOf } from "./address.js";
import { sentences, sourceOf } from "./book.js";
import { html, paragraph } from "./elements.js";
import { drawVotes } from "./figures.js";
import { _, fill } from "./messages.js";
import { stripsOf } from "./readings.js";
import { markedSentence } from "./sentences.js";
import { drawStrips, groupsOf } from "./strips.js";
import { textsOf } from "./texts.js";

/** @typedef {import("./readings.js").Sentence} Sentence */

/**
 * @param {HTMLElement} place
 * @param {string[]} names
 * @param {string} reading
 */
export function showBeside(place, names, reading) {
  const both = names.map((name) => /** @type {Sentence} */ (sentences.get(name)));
  place.replaceChildren(...both.map((sentence) => column(sentence, reading)));
}

/**
 * @param {Sentence} sentence
 * @param {string} name
 */
function column(sentence, name) {
  const reading = readingOf(sentence, name);
  const strips = stripsOf(sentence, reading);
  const text = sentence.sentence;
  const trends = strips.length ? drawStrips(strips, groupsOf(strips))
    : [html("p", {}, _("Its trends are not known yet: they need all layers."))];
  return html("section", { "aria-label": text },
    html("p", { class: "sentence" }, ...markedSentence(sentence, reading)),
    ...textsOf(sentence, reading).map(paragraph),
    html("div", { class: "wide", tabindex: 0, role: "region", "aria-label": fill(_("Votes in “{sentence}”"), { sentence: text }) },
      drawVotes(sentence, reading)),
    html("div", { class: "wide", tabindex: 0, role: "region", "aria-label": fill(_("Trend strips of “{sentence}”"), { sentence: text }) },
      ...trends),
    html("p", { class: "soft" }, sourceOf(sentence)));
}
