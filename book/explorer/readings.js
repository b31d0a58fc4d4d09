// Read the data of a sentence: see book/tools/explorer_data.py, which makes those of the prepared ones.

import { bytesOf } from "./live/base64.js";
import { _, fill } from "./messages.js";

/**
 * @typedef {{ start: number, end: number, pieces: string[], unit: number }} Word
 * @typedef {{ word: number, votes: number, mass: number, tied: boolean, decidedBy: string }} Found
 * @typedef {{ focus: string, related: string | null, sum: string }} StripKeys
 * @typedef {{ count: number, share: number | null }} Largest
 * @typedef {{
 *   rows: string, rowKind: "head" | "layer", layer: number | null, focusRow: number,
 *   candidates: number[], received: number[][], leaders: number[],
 *   focus: { word: number, received: number, tied: boolean },
 *   votingRows: number[], runnersUp: number[], votes: number[],
 *   related: Found | { none: string }, strips: StripKeys | null, largest: Largest | null,
 * }} Reading
 * @typedef {{ model: string, coordinates: number, row: number, attention: number[][] }} Printed
 * @typedef {{
 *   sentence: string, words: Word[], units: string[], attentions: Record<string, string>,
 *   strips: Record<string, string>, readings: Record<string, Reading>, printed?: Printed,
 * }} Sentence A sentence of which only the first layer has been run has only some readings, and no
 *   strips; one that an article printed has what was printed.
 * @typedef {{ name: string, word: string, values: (number | null)[] }} Strip
 */

/** @type {Map<string, DataView>} */
const unpackedLast = new Map(); // what the sentences that are shown hold

/**
 * @param {string} packed
 * @returns {DataView}
 */
export function unpacked(packed) {
  const known = unpackedLast.get(packed);
  if (known) return known;
  const view = new DataView(bytesOf(packed).buffer);
  if (unpackedLast.size > 30) unpackedLast.clear();
  unpackedLast.set(packed, view);
  return view;
}

/**
 * @param {Reading} reading
 * @returns {Found | null}
 */
export function relatedOf({ related }) {
  return "none" in related ? null : related;
}

/**
 * The coordinates of a strip; null where undefined.
 *
 * @param {Sentence} sentence
 * @param {string} key
 */
export function stripOf(sentence, key) {
  const view = unpacked(sentence.strips[key]);
  return Array.from({ length: view.byteLength / 4 }, (_each, place) => {
    const value = view.getFloat32(4 * place, true);
    return Number.isNaN(value) ? null : value;
  });
}

/**
 * The strips of a view, each with the words that name it; none if they are not known.
 *
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @returns {Strip[]}
 */
export function stripsOf(sentence, reading) {
  if (reading.strips === null) return [];
  const { focus, related, sum } = reading.strips;
  const found = relatedOf(reading);
  const strips = [wordStrip(sentence, reading, reading.focus.word, focus, _("“{word}” (focus word)"))];
  if (related !== null && found !== null) {
    strips.push(wordStrip(sentence, reading, found.word, related, _("“{word}” (related word)")));
  }
  strips.push({ name: _("Sentence embedding"), word: "", values: stripOf(sentence, sum) });
  return strips;
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} word
 * @param {string} key
 * @param {string} name
 */
function wordStrip(sentence, reading, word, key, name) {
  return {
    name: fill(name, { word: textOf(sentence, word) }),
    word: labelOf(sentence, reading, word),
    values: stripOf(sentence, key),
  };
}

/**
 * @param {Sentence} sentence
 * @param {number} word
 */
export function textOf(sentence, word) {
  let texts = wordTexts.get(sentence);
  if (texts === undefined) {
    // Offsets count characters as Python does; JavaScript counts some of them twice.
    const letters = Array.from(sentence.sentence);
    texts = sentence.words.map(({ start, end }) => letters.slice(start, end).join(""));
    wordTexts.set(sentence, texts);
  }
  return texts[word];
}

/** @type {WeakMap<Sentence, string[]>} */
const wordTexts = new WeakMap();

/**
 * Whether the candidates have the same word twice.
 *
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} word
 */
export function isRepeated(sentence, reading, word) {
  const text = textOf(sentence, word);
  return reading.candidates.filter((other) => textOf(sentence, other) === text).length > 1;
}

/**
 * A word that the sentence repeats gets its number, so that the two can be told apart.
 *
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} word
 */
export function labelOf(sentence, reading, word) {
  const text = shortened(textOf(sentence, word));
  return isRepeated(sentence, reading, word) ? `${text} (${word})` : text;
}

const LONGEST = 16; // letters of a label

/**
 * @param {string} text
 */
export function shortened(text) {
  const letters = Array.from(text);
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : text;
}

/**
 * What a word is in a reading, also told by a mark: colour alone would not do.
 *
 * @param {Reading} reading
 * @param {number} word
 */
export function markOf(reading, word) {
  if (word === reading.focus.word) return { role: "focus", mark: "◆", said: _("focus") };
  if (word === relatedOf(reading)?.word) return { role: "related", mark: "◇", said: _("related") };
  return { role: "", mark: "", said: "" };
}

/**
 * @param {Reading} reading
 * @param {number} row
 */
export function rowName(reading, row) {
  if (reading.layer === null) return fill(_("layer {row}, the mean of its heads"), { row });
  return fill(_("head {row} of layer {layer}"), { row, layer: reading.layer });
}

/**
 * @param {Reading} reading
 * @param {number} row
 */
export function shortRowName(reading, row) {
  return fill(reading.layer === null ? _("layer {row}") : _("head {row}"), { row });
}

/**
 * The words that come second in the rows that the focus word leads, by row.
 *
 * @param {Reading} reading
 */
export function ballotsOf(reading) {
  return new Map(reading.runnersUp.map((word, place) => [reading.votingRows[place], word]));
}

/**
 * @param {Reading} reading
 * @param {number} row
 * @param {number} word
 */
export function receivedOf(reading, row, word) {
  const column = reading.candidates.indexOf(word);
  return column < 0 ? null : reading.received[row][column];
}
