// The data of a sentence, in the form that book/tools/explorer_data.py gives the prepared ones.

import { meanOfHeads, mergedPieces, receivedByWord, unitTokens } from "./attention.js";
import { base64Of } from "./base64.js";
import { candidatesOf, chooseWords, rowNumber } from "./choice.js";
import { attentionSteps, shortest, storedTrend } from "./numbers.js";
import { addTrends, largestShare, logQuotient, meanOverPieces } from "./trend.js";

/**
 * @typedef {import("./choice.js").Choice} Choice
 * @typedef {import("./choice.js").Reading} Reading
 * @typedef {import("./words.js").Word} Word
 * @typedef {object} Rules What the package's readings and rounding are.
 * @property {Reading[]} readings
 * @property {string[]} finalPeriods
 * @property {string} oneWord Why a sentence has no related word.
 * @property {number} attentionStep
 * @property {number[]} attentionPlaces With how many decimals the page writes attentions.
 * @property {number[]} trendPlaces The same of trends.
 * @property {number} leastPlaces How many decimals numbers keep at least.
 * @property {number} largest How many of the largest coordinates the page counts.
 * @typedef {object} Cut A sentence that was cut into tokens and words.
 * @property {string} text
 * @property {string[]} tokens As the vocabulary spells them.
 * @property {Word[]} words
 * @typedef {{ first: Float64Array, last: Float64Array }} States The first and the last hidden state.
 * @typedef {{ word: number, votes: number, mass: number, tied: boolean, decidedBy: string }} RelatedData
 * @typedef {object} ReadingData
 * @property {string} rows
 * @property {"head" | "layer"} rowKind
 * @property {number | null} layer
 * @property {number} focusRow
 * @property {number[]} candidates
 * @property {number[][]} received
 * @property {number[]} leaders
 * @property {{ word: number, received: number, tied: boolean }} focus
 * @property {number[]} votingRows
 * @property {number[]} runnersUp
 * @property {number[]} votes
 * @property {RelatedData | { none: string }} related
 * @property {{ focus: string, related: string | null, sum: string } | null} strips
 * @property {{ count: number, share: number | null } | null} largest
 * @typedef {object} SentenceData
 * @property {string} sentence
 * @property {{ start: number, end: number, pieces: string[], unit: number }[]} words
 * @property {string[]} units
 * @property {Record<string, string>} attentions
 * @property {Record<string, string>} strips
 * @property {Record<string, ReadingData>} readings
 */

/**
 * Describe a sentence by the readings whose attention is known.
 * @param {Cut} cut
 * @param {(Float64Array | undefined)[]} attentions Of each layer; of shape (head, query, key).
 * @param {States | null} states Null before the last layer has been run.
 * @param {number} heads
 * @param {Rules} rules
 * @returns {SentenceData}
 */
export function describeSentence(cut, attentions, states, heads, rules) {
  const units = unitTokens(cut.words, cut.tokens.length);
  const texts = new Map(cut.words.map(({ tokens, text }) => [tokens, text]));
  /** @type {SentenceData} */
  const sentence = {
    sentence: cut.text,
    words: cut.words.map(({ start, end, tokens }) => ({
      start, end, pieces: tokens.map((token) => cut.tokens[token]), unit: units.indexOf(tokens),
    })),
    units: units.map((tokens) => texts.get(tokens) ?? cut.tokens[tokens[0]]),
    attentions: {},
    strips: {},
    readings: {},
  };
  for (const reading of rules.readings) {
    const layer = reading.layer === null ? null : rowNumber(reading.layer, attentions.length);
    const matrices = votingMatrices(attentions, layer, heads);
    if (matrices === null) continue;
    const candidates = candidatesOf(cut.words, reading, rules.finalPeriods);
    const received = matrices.map((matrix) => receivedByWord(matrix, cut.words, reading.pieces));
    const choice = chooseWords(received.map((row) => candidates.map((index) => row[index])), reading);
    const rows = layer === null ? "layers" : `heads of layer ${layer}`;
    sentence.attentions[rows] ??= packedAttention(matrices, units, rules);
    sentence.readings[reading.name] = {
      rows,
      rowKind: layer === null ? "layer" : "head",
      layer,
      ...describeChoice(choice, candidates, rules),
      ...describeTrends(sentence.strips, choice, candidates, cut, states, rules),
    };
  }
  return sentence;
}

/**
 * The matrices that vote: the heads of a layer, or the layers, each the mean of its heads.
 * @param {(Float64Array | undefined)[]} attentions
 * @param {number | null} layer
 * @param {number} heads
 * @returns {Float64Array[] | null} Null if they are not known yet.
 */
function votingMatrices(attentions, layer, heads) {
  const needed = layer === null ? attentions : [attentions[layer]];
  const known = needed.filter((attention) => attention !== undefined);
  if (known.length < needed.length) return null;
  if (layer === null) return known.map((attention) => meanOfHeads(attention, heads));
  const [attention] = known;
  const square = attention.length / heads;
  return Array.from({ length: heads }, (_, head) => attention.subarray(head * square, (head + 1) * square));
}

/**
 * @param {Float64Array[]} matrices
 * @param {number[][]} units
 * @param {Rules} rules
 * @returns {string}
 */
function packedAttention(matrices, units, { attentionStep, attentionPlaces }) {
  const square = units.length ** 2;
  const steps = new Uint16Array(matrices.length * square);
  matrices.forEach((matrix, row) => {
    steps.set(attentionSteps(mergedPieces(matrix, units), attentionStep, attentionPlaces), row * square);
  });
  return base64Of(new Uint8Array(steps.buffer));
}

/**
 * @param {Choice} choice
 * @param {number[]} candidates The indices of the candidates among the words.
 * @param {Rules} rules
 */
function describeChoice(choice, candidates, { attentionPlaces, leastPlaces, oneWord }) {
  const short = (/** @type {number} */ value) => shortest(value, attentionPlaces, leastPlaces);
  const wordAt = (/** @type {number} */ index) => candidates[index];
  const { focus, related } = choice;
  return {
    focusRow: choice.focusRow,
    candidates,
    received: choice.received.map((row) => row.map(short)),
    leaders: choice.leaders.map(wordAt),
    focus: { word: wordAt(focus.index), received: short(focus.received), tied: focus.tied },
    votingRows: choice.votingRows,
    runnersUp: choice.runnersUp.map(wordAt),
    votes: choice.votes,
    related: related === null ? { none: oneWord } : {
      word: wordAt(related.index),
      votes: related.votes,
      mass: short(related.mass),
      tied: related.tied,
      decidedBy: related.decidedBy,
    },
  };
}

/**
 * Compute the trends of the chosen words, and keep them by the words that they belong to.
 * @param {Record<string, string>} strips Gets the trends.
 * @param {Choice} choice
 * @param {number[]} candidates
 * @param {Cut} cut
 * @param {States | null} states
 * @param {Rules} rules
 * @returns {Pick<ReadingData, "strips" | "largest">}
 */
function describeTrends(strips, { focus, related }, candidates, { words, tokens }, states, rules) {
  if (states === null) return { strips: null, largest: null };
  const chosen = [focus, ...(related === null ? [] : [related])].map(({ index }) => candidates[index]);
  const size = states.first.length / tokens.length;
  const trends = chosen.map((word) => logQuotient(
    meanOverPieces(states.first, words[word].tokens, size),
    meanOverPieces(states.last, words[word].tokens, size),
  ));
  const total = addTrends(trends);
  chosen.forEach((word, place) => strips[stripKey([word])] = packedTrend(trends[place], rules));
  strips[stripKey(chosen)] = packedTrend(total, rules);
  return {
    strips: {
      focus: stripKey(chosen.slice(0, 1)),
      related: stripKey(chosen.slice(1)) || null,
      sum: stripKey(chosen),
    },
    largest: largestShare(total, rules.largest),
  };
}

/**
 * @param {Float64Array} trend
 * @param {Rules} rules
 * @returns {string}
 */
function packedTrend(trend, { trendPlaces }) {
  return base64Of(new Uint8Array(storedTrend(trend, trendPlaces).buffer));
}

/**
 * The key of a word's trend, or of the sum of two words' trends.
 * @param {number[]} words
 * @returns {string}
 */
function stripKey(words) {
  return words.toSorted((one, other) => one - other).join("+");
}
