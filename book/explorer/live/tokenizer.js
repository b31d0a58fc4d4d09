// Cut a sentence into word pieces (WordPiece), and say which characters each of them is made of.
// Offsets count code points, as Python does.

import { propertyOf } from "./unicode.js";

/**
 * @typedef {import("./unicode.js").PackedRuns} PackedRuns
 * @typedef {{ id: number, start: number, end: number } | { id: number, start: null, end: null }} Token
 *   A word piece, or a special token, which is made of no characters.
 * @typedef {object} TokenizerTables What the model's own tokenizer does with each character.
 * @property {string[]} vocabulary The tokens, in the order of their ids.
 * @property {number[]} added The ids of special tokens that are no pieces of words.
 * @property {PackedRuns} normal What the normalizer makes of characters that are not in `becomes`: "=" the
 *   same, "-" nothing, "o" the same with white space around it, "h" the letters of a syllable of Hangul.
 * @property {{ characters: string, becomes: string[] }} irregular The others, and what becomes of each.
 * @property {PackedRuns} marks How accents are put in order before most of them are taken away: " " for what
 *   is no accent, "!" for one that stays where it is, and other letters in that order.
 * @property {string} reordered The characters that leave accents over, so that their order counts.
 * @property {PackedRuns} separates "p" for a character that is a piece of its own, "s" for white space.
 * @property {string} unknown The token for words that cannot be made of the vocabulary.
 * @property {string} continues What begins a piece that goes on with a word.
 * @property {number} longest A longer word is unknown.
 * @property {number[]} before The special tokens before a sentence.
 * @property {number[]} after Those after it.
 */

export class Tokenizer {
  /** @param {TokenizerTables} tables */
  constructor(tables) {
    this.tables = tables;
    this.ids = new Map(tables.vocabulary.map((token, id) => [token, id]));
    for (const id of tables.added) this.ids.delete(tables.vocabulary[id]);
    this.unknown = /** @type {number} */ (this.ids.get(tables.unknown));
    this.kindOf = propertyOf(tables.normal);
    this.separates = propertyOf(tables.separates);
    this.markOf = propertyOf(tables.marks);
    this.reordered = new Set(tables.reordered);
    const characters = Array.from(tables.irregular.characters);
    this.irregular = new Map(characters.map((character, n) => [character, tables.irregular.becomes[n]]));
  }

  /**
   * @param {string[]} characters The sentence. A special token typed in it is text like any other.
   * @returns {Token[]}
   */
  tokenize(characters) {
    const special = (/** @type {number} */ id) => ({ id, start: null, end: null });
    return [
      ...this.tables.before.map(special),
      ...this.runs(characters).flatMap((run) => this.pieces(run)),
      ...this.tables.after.map(special),
    ];
  }

  /**
   * Normalize a sentence, and cut it at white space and around punctuation.
   * @param {string[]} characters
   * @returns {Letter[][]}
   */
  runs(characters) {
    /** @type {Letter[][]} */
    const runs = [[]];
    const ordered = characters.some((character) => this.reordered.has(character))
      ? this.inOrder(characters)
      : characters.map((letter, at) => ({ letter, at }));
    for (const { letter: character, at } of ordered) {
      for (const letter of this.normalized(character)) {
        const separates = this.separates(letter);
        if (separates !== " ") runs.push([]);
        if (separates !== "s") /** @type {Letter[]} */ (runs.at(-1)).push({ letter, at });
        if (separates === "p") runs.push([]);
      }
    }
    return runs.filter((run) => run.length > 0);
  }

  /**
   * Take letters and accents apart, and put accents that follow each other in Unicode's order. As in the
   * library tokenizers, a letter's place in the sentence is that of what stood there before.
   * @param {string[]} characters
   * @returns {Letter[]}
   */
  inOrder(characters) {
    const parts = characters.flatMap((character, at) => {
      const isDropped = this.normalized(character) === "" && this.markOf(character) === " ";
      if (isDropped) return [];
      return Array.from(character.normalize("NFD"), (letter, n) => ({ letter, at, isFirst: n === 0 }));
    });
    const places = parts.filter(({ isFirst }) => isFirst).map(({ at }) => at);
    const ordered = [];
    for (let first = 0; first < parts.length;) {
      let end = first + 1;
      if (this.moves(parts[first].letter)) while (end < parts.length && this.moves(parts[end].letter)) end += 1;
      ordered.push(...parts.slice(first, end).sort((one, other) => this.compare(one.letter, other.letter)));
      first = end;
    }
    let place = -1;
    return ordered.map(({ letter, isFirst }) => {
      if (isFirst) place += 1;
      return { letter, at: places[Math.max(place, 0)] };
    });
  }

  /**
   * @param {string} letter
   * @returns {boolean}
   */
  moves(letter) {
    return !" !".includes(this.markOf(letter));
  }

  /**
   * @param {string} one
   * @param {string} other
   * @returns {number}
   */
  compare(one, other) {
    const [mark, otherMark] = [this.markOf(one), this.markOf(other)];
    return mark < otherMark ? -1 : Number(mark > otherMark);
  }

  /**
   * @param {string} character
   * @returns {string} No, one or several letters.
   */
  normalized(character) {
    const irregular = this.irregular.get(character);
    if (irregular !== undefined) return irregular;
    switch (this.kindOf(character)) {
      case "-": return "";
      case "o": return ` ${character} `;
      case "h": return character.normalize("NFD"); // the same in every version of Unicode
      default: return character;
    }
  }

  /**
   * Take the longest piece again and again; a run that cannot be made of pieces is unknown as a whole.
   * @param {Letter[]} run
   * @returns {Token[]}
   */
  pieces(run) {
    const token = (/** @type {number} */ id, /** @type {number} */ first, /** @type {number} */ end) =>
      ({ id, start: run[first].at, end: run[end - 1].at + 1 });
    const unknown = [token(this.unknown, 0, run.length)];
    if (run.length > this.tables.longest) return unknown;
    const found = [];
    for (let first = 0; first < run.length;) {
      const [id, end] = this.longestPiece(run, first);
      if (id === undefined) return unknown;
      found.push(token(id, first, end));
      first = end;
    }
    return found;
  }

  /**
   * @param {Letter[]} run
   * @param {number} first
   * @returns {[number | undefined, number]} The piece that begins here, and where it ends.
   */
  longestPiece(run, first) {
    const prefix = first > 0 ? this.tables.continues : "";
    for (let end = run.length; end > first; end -= 1) {
      const id = this.ids.get(prefix + run.slice(first, end).map(({ letter }) => letter).join(""));
      if (id !== undefined) return [id, end];
    }
    return [undefined, first];
  }
}

/**
 * @typedef {{ letter: string, at: number }} Letter A normalized letter, and the character it is made from.
 */
