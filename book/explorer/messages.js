// What the page says, in the language of its edition. Messages are whole English sentences with
// named parts; those that trendlib says too are word for word the same, and translated once.
import { fixed } from "./numbers.js";


/** @typedef {{ text: string, strong: boolean }} Part */
/** @typedef {Record<string, string | number>} Values */

/** @type {Map<string, string>} */
let translations = new Map();

/**
 * @param {Record<string, string>} messages The edition's translations by message. A message with a
 *   plural has the translation of its singular: no edition needs more than one form.
 */
export function useMessages(messages) {
  translations = new Map(Object.entries(messages));
}

/**
 * @param {string} message
 */
export function _(message) {
  return translations.get(message) ?? message;
}

/**
 * @param {string} one
 * @param {string} many
 * @param {number} count
 */
export function ngettext(one, many, count) {
  return translations.get(one) ?? (count === 1 ? one : many);
}

// "{name}", and as in Python "{name:.3f}" and "{name:.1%}".
const PLACE = /\{(\w+)(?::\.(\d)([f%]))?\}/g;

/**
 * Put values into a message.
 *
 * @param {string} message
 * @param {Values} values
 */
export function fill(message, values) {
  return message.replace(PLACE, (_all, name, places, kind) => written(values[name], places, kind));
}

/**
 * Put values into a message in which `**` stands around what is strong.
 *
 * @param {string} message
 * @param {Values} values
 * @returns {Part[]}
 */
export function filledParts(message, values) {
  return message.split("**")
    .map((text, place) => ({ text: fill(text, values), strong: place % 2 === 1 }))
    .filter(({ text }) => text !== "");
}

/**
 * @param {string | number} value
 * @param {string | undefined} places
 * @param {string | undefined} kind
 */
function written(value, places, kind) {
  if (kind === undefined) return `${value}`;
  if (Number.isNaN(value)) return kind === "%" ? "nan%" : "nan";
  return kind === "%" ? `${fixed(Number(value) * 100, Number(places))}%` : fixed(Number(value), Number(places));
}
