// What is shown, and how it stands in the page's address.

import { readingNames, sentences } from "./book.js";
import { _, fill } from "./messages.js";
import { unpacked } from "./readings.js";
import { decoded, encoded, partsOf } from "./typed.js";

/** @typedef {import("./readings.js").Sentence} Sentence */
/**
 * @typedef {{
 *   sentence: string, reading: string, row: number | null, from: number | null, at: number,
 *   coordinate: number | null, beside: string | null,
 * }} View A row of null is the one that names the focus word.
 */

const OWN = "typed:"; // with a colon, which the name of no prepared sentence has

/**
 * The name of a sentence that a reader typed.
 *
 * @param {string} text
 */
export function typedName(text) {
  return OWN + text;
}

/**
 * What is shown before anything is chosen.
 *
 * @param {string} sentence
 * @returns {View}
 */
export function startOf(sentence) {
  return { sentence, reading: readingNames[0], row: null, from: null, at: 0, coordinate: null, beside: null };
}

/**
 * Write a view as an address. Only what differs from the start stands there; a sentence always does.
 *
 * @param {View} view
 */
export function addressOf(view) {
  const usual = startOf("");
  const names = /** @type {(keyof View)[]} */ (Object.keys(usual));
  const chosen = names.filter((name) => view[name] !== usual[name]);
  return `#${chosen.map((name) => partOf(name, `${view[name]}`)).join("--")}`;
}

/**
 * @param {string} name
 * @param {string} value
 */
function partOf(name, value) {
  if (!value.startsWith(OWN)) return `${name}-${value}`;
  return `${name === "sentence" ? "" : name}typed-${encoded(value.slice(OWN.length))}`;
}

/**
 * The page has other anchors too, such as its headings'.
 *
 * @param {string} address
 */
export function isView(address) {
  const known = [...Object.keys(startOf("")), "typed", "besidetyped"];
  return [...partsOf(address).keys()].some((name) => known.includes(name));
}

/**
 * The sentences that an address holds, those of its author.
 *
 * @param {string} address
 */
export function typedIn(address) {
  const parts = partsOf(address);
  return ["typed", "besidetyped"].flatMap((name) => decoded(parts.get(name) ?? "") || []);
}

/**
 * Read a view from an address; what the page does not have is said, and left as at the start.
 *
 * @param {string} address
 * @returns {{ view: View, problems: string[] }}
 */
export function viewIn(address) {
  const asked = partsOf(address);
  /** @type {string[]} */
  const problems = [];
  /**
   * @template Choice
   * @param {string} name
   * @param {Iterable<Choice>} choices
   * @param {Choice} otherwise
   * @returns {Choice}
   */
  const choose = (name, choices, otherwise) => {
    const value = asked.get(name);
    if (value === undefined) return otherwise;
    for (const choice of choices) if (`${choice}` === value) return choice;
    problems.push(problemOf(name, value));
    return otherwise;
  };
  const sentenceIn = (/** @type {string} */ name, /** @type {string} */ typed) => {
    const value = asked.get(typed);
    if (value === undefined) return choose(name, sentences.keys(), "");
    const text = decoded(value);
    if (!text) problems.push(problemOf(name, value));
    const known = typedName(text ?? "");
    return sentences.has(known) ? known : "";
  };
  const [first] = sentences.keys();
  const view = startOf(sentenceIn("sentence", "typed") || first);
  view.reading = choose("reading", readingNames, view.reading);
  const sentence = /** @type {Sentence} */ (sentences.get(view.sentence));
  const reading = readingOf(sentence, view.reading);
  view.row = choose("row", reading.received.keys(), null);
  view.from = choose("from", sentence.units.keys(), null);
  const places = Array(coordinatesOf(sentence)).keys();
  view.at = choose("at", [...places], 0);
  view.coordinate = choose("coordinate", Array(coordinatesOf(sentence)).keys(), null);
  view.beside = sentenceIn("beside", "besidetyped") || null;
  return { view, problems };
}

/**
 * @param {string} name
 * @param {string} value
 */
function problemOf(name, value) {
  /** @type {Record<string, string>} */
  const problems = {
    sentence: _("no sentence “{value}”"),
    beside: _("no sentence “{value}”"),
    reading: _("no reading “{value}”"),
    row: _("no row “{value}”"),
    from: _("no word “{value}”"),
    at: _("no coordinate “{value}”"),
    coordinate: _("no coordinate “{value}”"),
  };
  return fill(problems[name], { value });
}

/**
 * The reading of a sentence, or the first that the page has of it.
 *
 * @param {Sentence} sentence
 * @param {string} name
 */
export function readingOf(sentence, name) {
  return sentence.readings[name] ?? Object.values(sentence.readings)[0];
}

/**
 * @param {Sentence} sentence
 */
export function coordinatesOf(sentence) {
  const [packed] = Object.values(sentence.strips);
  return packed === undefined ? 0 : unpacked(packed).byteLength / 4;
}
