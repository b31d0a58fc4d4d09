// Cut a sentence into tokens and words, and refuse what trendlib/model/encoder.py refuses.

import { LiveError } from "./errors.js";
import { Tokenizer } from "./tokenizer.js";
import { WordCutter } from "./words.js";

/**
 * @typedef {import("./tokenizer.js").Token} Token
 * @typedef {import("./tokenizer.js").TokenizerTables} TokenizerTables
 * @typedef {import("./words.js").Word} Word
 * @typedef {import("./words.js").WordTables} WordTables
 * @typedef {{ tokenizer: TokenizerTables, words: WordTables, space: string }} TextTables `space` is the
 *   white space of Python.
 */

const HALF_PAIR = /\p{Surrogate}/u;

export class SentenceCutter {
  /** @param {TextTables} tables */
  constructor(tables) {
    this.tokenizer = new Tokenizer(tables.tokenizer);
    this.words = new WordCutter(tables.words);
    this.space = new Set(tables.space);
  }

  /**
   * @param {string} text
   * @param {number} most The largest number of tokens.
   * @returns {{ text: string, ids: number[], tokens: string[], offsets: Token[], words: Word[] }}
   */
  cut(text, most) {
    if (HALF_PAIR.test(text)) {
      throw new LiveError("not text", "the sentence has half of a surrogate pair: type or copy it again");
    }
    const characters = Array.from(text);
    if (characters.every((character) => this.space.has(character))) {
      throw new LiveError("blank", "the sentence is empty or only white space: write at least one word");
    }
    const offsets = this.tokenizer.tokenize(characters);
    if (offsets.length > most) {
      throw new LiveError(
        "too long",
        `the sentence has ${offsets.length} tokens, including the special ones, but the model has room for `
          + `${most}: split the text`,
        { tokens: offsets.length, most },
      );
    }
    const words = this.words.cut(characters, offsets);
    this.checkWords(words, offsets);
    const ids = offsets.map(({ id }) => id);
    return { text, ids, tokens: ids.map((id) => this.tokenizer.tables.vocabulary[id]), offsets, words };
  }

  /**
   * @param {Word[]} words
   * @param {Token[]} tokens
   */
  checkWords(words, tokens) {
    const real = words.filter(({ isPunctuation }) => !isPunctuation);
    if (real.length === 0) {
      throw new LiveError(
        "only punctuation",
        "no word in the sentence, only punctuation or invisible characters: write at least one word",
      );
    }
    const { unknown } = this.tokenizer;
    if (real.every((word) => word.tokens.every((token) => tokens[token].id === unknown))) {
      throw new LiveError(
        "no known word",
        "the model's vocabulary does not know any word of the sentence: use at least one word that it knows",
        { unknown: this.tokenizer.tables.unknown },
      );
    }
  }
}
