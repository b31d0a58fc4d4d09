// What is said about a sentence, as trendlib/show/report.py says it.

import { _, fill, filledParts, ngettext } from "./messages.js";
import { isRepeated, relatedOf, rowName, stripOf, textOf } from "./readings.js";

/** @typedef {import("./messages.js").Part} Part */
/** @typedef {import("./readings.js").Sentence} Sentence */
/** @typedef {import("./readings.js").Reading} Reading */
/** @typedef {import("./readings.js").Found} Found */
/** @typedef {import("./readings.js").Word} Word */

/**
 * All sentences about what a reading found; those about trends only when these are known.
 *
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
export function textsOf(sentence, reading) {
  const texts = [focusText(sentence, reading), relatedText(sentence, reading)];
  if (reading.strips !== null && reading.largest !== null) texts.push(trendText(sentence, reading));
  return texts;
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
function focusText(sentence, reading) {
  const { word, received, tied } = reading.focus;
  const place = reading.layer === null
    ? fill(_("layer {row}"), { row: reading.focusRow }) : rowName(reading, reading.focusRow);
  const text = filledParts(
    _("The focus word is **{word}**. It receives {received:.3f} in {place}; a fair share would be 1."),
    { word: nameOf(sentence, reading, word), place, received },
  );
  return tied ? [...text, plain(_(" Another word receives exactly as much; the first one wins."))] : text;
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
function relatedText(sentence, reading) {
  const { related } = reading;
  if ("none" in related) return [plain(fill(_("There is no related word: {reason}."), { reason: _(related.none) }))];
  const led = reading.votingRows.length;
  const word = nameOf(sentence, reading, related.word);
  const text = [
    plain(leadsText(sentence, reading)),
    ...filledParts(ngettext(
      " The related word is **{word}**, which comes second there.",
      " The related word is **{word}**, which comes second in {votes} of these {led}.",
      led,
    ), { word, votes: related.votes, led }),
  ];
  return related.tied ? [...text, plain(tieText(related))] : text;
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
function leadsText(sentence, reading) {
  const all = reading.received.length;
  const text = reading.layer === null
    ? ngettext("{focus} comes first in the only layer.", "{focus} comes first in {led} of the {all} layers.", all)
    : ngettext("{focus} comes first in the only head.", "{focus} comes first in {led} of the {all} heads.", all);
  return fill(text, { focus: nameOf(sentence, reading, reading.focus.word), led: reading.votingRows.length, all });
}

/**
 * @param {Found} related
 */
function tieText({ decidedBy }) {
  return decidedBy === "position"
    ? _(" Another word has as many votes; the first one wins, as in the article.")
    : _(" Another word has as many votes; the one that receives more attention in these wins.");
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
function trendText(sentence, reading) {
  const keys = /** @type {NonNullable<Reading["strips"]>} */ (reading.strips);
  const { count, share } = /** @type {NonNullable<Reading["largest"]>} */ (reading.largest);
  const carried = ngettext(
    " The largest coordinate makes up {carried:.1%} of the embedding's squared length.",
    " The {count} largest coordinates make up {carried:.1%} of the embedding's squared length.",
    count,
  );
  const focus = stripOf(sentence, keys.focus);
  const values = {
    focus: nameOf(sentence, reading, reading.focus.word),
    share: definedShare(focus),
    all: focus.length,
    count,
    carried: share ?? NaN,
  };
  const found = relatedOf(reading);
  if (keys.related === null || found === null) {
    return [plain(fill(_("The trend of {focus} is defined in {share:.1%} of the {all} coordinates. Without a related word, this trend alone is the embedding.") + carried, values))];
  }
  const related = stripOf(sentence, keys.related);
  return [plain(fill(
    _("The trend of {focus} is defined in {share:.1%} of the {all} coordinates, that of {related} in {other:.1%}. In {both} coordinates both are defined, in {one} only one of them, and in {neither} neither.") + carried,
    { ...values, related: nameOf(sentence, reading, found.word), other: definedShare(related), ...overlap(focus, related) },
  ))];
}

/**
 * @param {(number | null)[]} values
 */
function definedShare(values) {
  return values.filter((value) => value !== null).length / values.length;
}

/**
 * @param {(number | null)[]} focus
 * @param {(number | null)[]} related
 */
function overlap(focus, related) {
  const defined = focus.map((value, place) => Number(value !== null) + Number(related[place] !== null));
  const count = (/** @type {number} */ wanted) => defined.filter((each) => each === wanted).length;
  return { both: count(2), one: count(1), neither: count(0) };
}

/**
 * Quote a word; one that the sentence repeats, with its number.
 *
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} number
 */
function nameOf(sentence, reading, number) {
  const word = quoted(textOf(sentence, number));
  return isRepeated(sentence, reading, number)
    ? fill(_("{word} (word {number}, counted from 0)"), { word, number }) : word;
}

/**
 * @param {string} text
 */
export function quoted(text) {
  return `“${text}”`;
}

/**
 * @param {string} text
 * @returns {Part}
 */
function plain(text) {
  return { text, strong: false };
}

const BEGINS = "\u2581"; // how Unigram writes that a word begins
const SPACE = "\u0120"; // how byte-level BPE writes a space

/**
 * Explain how the pieces of split words are written, with a sentence for each way that occurs.
 *
 * @param {Sentence} sentence
 */
export function marksTexts(sentence) {
  /** @type {Map<string, string>} */
  const found = new Map();
  sentence.words.forEach(({ pieces }, index) => {
    if (pieces.length > 1) {
      for (const [kind, text] of marksOf(textOf(sentence, index), pieces)) {
        if (!found.has(kind)) found.set(kind, text);
      }
    }
  });
  return [...found.values()];
}

/**
 * @param {string} word
 * @param {string[]} pieces
 * @returns {[string, string][]}
 */
function marksOf(word, pieces) {
  /** @type {[string, string][]} */
  const marks = [];
  const begins = (/** @type {string} */ mark) => pieces[0].startsWith(mark) && !word.startsWith(mark);
  if (pieces.slice(1).some((piece) => piece.startsWith("##"))) {
    marks.push(["##", _("“##” marks a piece that goes on with the word.")]);
  }
  if (begins(BEGINS)) marks.push([BEGINS, fill(_("“{mark}” marks where a word begins."), { mark: BEGINS })]);
  if (begins(SPACE)) marks.push([SPACE, fill(_("“{mark}” stands for the space before a word."), { mark: SPACE })]);
  const inBytes = byteLetters(word);
  if (word !== inBytes && inBytes === pieces.join("").replace(/^\u0120/, "")) {
    const values = { pieces: quoted(inBytes), word: quoted(word) };
    marks.push(["bytes", fill(_("{pieces} is {word}, written byte by byte."), values)]);
  }
  return marks;
}

/**
 * Write a text as byte-level BPE does: bytes that are visible characters in Latin-1 stand for
 * themselves, the others for the letters from U+0100 on.
 *
 * @param {string} text
 */
function byteLetters(text) {
  const isVisible = (/** @type {number} */ byte) =>
    (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  const others = [...Array(256).keys()].filter((byte) => !isVisible(byte));
  return Array.from(new TextEncoder().encode(text),
    (byte) => String.fromCharCode(isVisible(byte) ? byte : 0x100 + others.indexOf(byte))).join("");
}

/**
 * How a tie was decided, as a cell of a table.
 *
 * @param {Found} related
 */
export function tieCell({ tied, decidedBy }) {
  if (!tied) return _("no");
  return decidedBy === "position" ? _("yes; the first one wins") : _("yes; more attention wins");
}
