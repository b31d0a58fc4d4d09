// What the build gave the page: sentences, colours, the model's files, and the edition's language.

import { byId } from "./elements.js";
import { _, fill, useMessages } from "./messages.js";
import { unpacked } from "./readings.js";

/** @typedef {import("./readings.js").Sentence} Sentence */
/**
 * @typedef {{
 *   provenance: { model: string, dtype: string },
 *   attentionStep: number, trendLimit: number, shades: [string, string][],
 *   readings: { name: string, note: string, ties: string }[],
 *   groups: { name: string, sentences: string[] }[],
 *   sentences: Record<string, Sentence>,
 *   live: any,
 * }} Book
 */

/** @type {Book} */
export const book = JSON.parse(byId("data").textContent ?? "");
useMessages(JSON.parse(byId("messages").textContent ?? ""));

/** @type {Map<string, Sentence>} */
export const sentences = new Map(Object.entries(book.sentences));
export const readingNames = book.readings.map(({ name }) => name);

/**
 * Where the numbers of a sentence are from, in a caption.
 *
 * @param {Sentence} sentence
 */
export function sourceOf({ printed }) {
  if (printed) return fill(_("Model: {model}, as the article printed it."), { model: printed.model });
  return fill(_("Model: {model}, {dtype}."), book.provenance);
}

/**
 * One matrix of a sentence, as a function of query and key; null if the page does not have it.
 *
 * @param {Sentence} sentence
 * @param {string} rows
 * @param {number} row
 * @returns {((query: number, key: number) => number) | null}
 */
export function attentionOf(sentence, rows, row) {
  const { printed, attentions, units: { length: size } } = sentence;
  if (printed) return row === printed.row ? (query, key) => printed.attention[query][key] : null;
  const view = unpacked(attentions[rows]);
  return (query, key) => view.getUint16(2 * ((row * size + query) * size + key), true) * book.attentionStep;
}
