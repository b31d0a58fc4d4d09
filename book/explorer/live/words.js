// Cut a sentence into words, each with its word pieces, as trendlib/words.py does.

import { propertyOf } from "./unicode.js";

/**
 * @typedef {import("./unicode.js").PackedRuns} PackedRuns
 * @typedef {import("./tokenizer.js").Token} Token
 * @typedef {object} Word
 * @property {string} text The word as it was typed.
 * @property {number} start Where it begins, in code points.
 * @property {number} end
 * @property {number[]} tokens The positions of its word pieces.
 * @property {boolean} isPunctuation Whether every character is punctuation.
 * @typedef {object} WordTables
 * @property {PackedRuns} classes One letter for each class of characters that the rules name.
 * @property {string} word The rules of Unicode's word boundaries (UAX #29) over these letters: what stands
 *   between two boundaries, as a regular expression.
 * @property {PackedRuns} punctuation "p" for punctuation.
 */

export class WordCutter {
  /** @param {WordTables} tables */
  constructor(tables) {
    this.classOf = propertyOf(tables.classes);
    this.punctuation = propertyOf(tables.punctuation);
    this.rules = new RegExp(tables.word, "g");
  }

  /**
   * Cut at every boundary that is not inside a word piece. White space has no piece, and is no word.
   * @param {string[]} characters The sentence.
   * @param {Token[]} tokens
   * @returns {Word[]}
   */
  cut(characters, tokens) {
    const edges = this.edges(characters, tokens);
    /** @type {Map<number, number[]>} */
    const segments = new Map(); // a segment between two edges -> the tokens in it
    let segment = 0;
    tokens.forEach(({ start }, position) => {
      if (start === null) return;
      while (edges[segment + 1] <= start) segment += 1;
      segments.set(segment, [...segments.get(segment) ?? [], position]);
    });
    return [...segments].map(([place, positions]) => {
      const [start, end] = [edges[place], edges[place + 1]];
      const text = characters.slice(start, end);
      const isPunctuation = text.every((character) => this.punctuation(character) === "p");
      return { text: text.join(""), start, end, tokens: positions, isPunctuation };
    });
  }

  /**
   * @param {string[]} characters
   * @param {Token[]} tokens
   * @returns {number[]} The first and the last boundary, and those that are in no piece.
   */
  edges(characters, tokens) {
    const inside = new Set();
    for (const { start, end } of tokens) {
      if (start === null) continue;
      for (let at = start + 1; at < end; at += 1) inside.add(at);
    }
    const edges = [0];
    // One letter stands for each character, so that places in this text are places in the sentence.
    for (const match of characters.map(this.classOf).join("").matchAll(this.rules)) {
      const end = match.index + match[0].length;
      if (!inside.has(end)) edges.push(end);
    }
    return edges;
  }
}
