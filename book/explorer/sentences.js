// Write sentences with their words marked, and list them for choosing.

import { readingOf } from "./address.js";
import { book, sentences } from "./book.js";
import { html } from "./elements.js";
import { _, fill } from "./messages.js";
import { markOf, relatedOf, textOf } from "./readings.js";

/** @typedef {import("./readings.js").Sentence} Sentence */
/** @typedef {import("./readings.js").Reading} Reading */

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
export function markedSentence(sentence, reading) {
  const letters = Array.from(sentence.sentence);
  /** @type {(string | Node)[]} */
  const parts = [];
  let end = 0;
  sentence.words.forEach((word, index) => {
    parts.push(letters.slice(end, word.start).join(""));
    const text = textOf(sentence, index);
    const { role, mark, said } = markOf(reading, index);
    const named = html("span", { class: "role" }, `${mark} ${said}`);
    parts.push(role ? html("mark", { class: role }, html("span", { class: "word" }, text), named) : text);
    end = word.end;
  });
  return [...parts, letters.slice(end).join("")];
}

/**
 * List all sentences, the reader's own first.
 *
 * @param {HTMLElement} list
 */
export function listSentences(list) {
  const prepared = new Set(book.groups.flatMap((group) => group.sentences));
  const own = [...sentences.keys()].filter((name) => !prepared.has(name));
  const groups = book.groups.map((group) => ({ ...group, name: _(group.name) }));
  if (own.length) groups.unshift({ name: _("Your sentences"), sentences: own.reverse() });
  list.replaceChildren(...groups.map((group) => html("optgroup", { label: group.name },
    ...group.sentences.map((name) => html("option", { value: name })))));
}

/**
 * Say at each sentence of a list how its related word came about.
 *
 * @param {HTMLElement} list
 * @param {string} reading
 */
export function nameOptions(list, reading) {
  for (const option of list.querySelectorAll("option")) {
    if (option.value) option.textContent = optionText(option.value, reading);
  }
}

/**
 * @param {string} name
 * @param {string} readingName
 */
function optionText(name, readingName) {
  const sentence = /** @type {Sentence} */ (sentences.get(name));
  if (sentence.printed) return _("Printed in the article (bert-base-uncased)");
  const found = relatedOf(readingOf(sentence, readingName));
  let text = "{sentence}";
  if (found === null) text = _("{sentence} (no related word)");
  else if (found.tied && found.decidedBy === "position") text = _("{sentence} (tie, the first one wins)");
  else if (found.tied) text = _("{sentence} (tie, more attention wins)");
  return fill(text, { sentence: sentence.sentence });
}
