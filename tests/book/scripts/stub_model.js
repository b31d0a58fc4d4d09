// A model that computes nothing: it knows the prepared sentences, and waits until a test lets it go on.

import { LiveError } from "../../../book/explorer/live/errors.js";

/** @typedef {import("../../../book/explorer/readings.js").Sentence} Sentence */
/** @typedef {"words" | "all"} Step */
/** @typedef {{ bytes: number, of: number, step: Step }} Progress */

/** @type {Record<string, Error>} */
const REFUSED = {
  "": new LiveError("blank", ""),
  "...": new LiveError("only punctuation", ""),
  "zzz": new LiveError("no known word", "", { unknown: "[UNK]" }),
  "long": new LiveError("too long", "", { tokens: 300, most: 256 }),
  "lost": new LiveError("file missing", "", { file: "layer-3.js" }),
  "broken": new LiveError("file damaged", "", { file: "layer-3.js" }),
  "odd": new Error("something odd"),
  "alone": new LiveError("no worker", ""),
};

const gates = { words: Promise.withResolvers(), all: Promise.withResolvers() };

/** @param {Sentence} sentence */
function firstLayer(sentence) {
  const readings = Object.entries(sentence.readings).filter(([, { layer }]) => layer === 0)
    .map(([name, reading]) => [name, { ...reading, strips: null, largest: null }]);
  return { ...sentence, strips: {}, readings: Object.fromEntries(readings) };
}

const seen = { gates, base: "", loads: /** @type {object[]} */ ([]), texts: /** @type {string[]} */ ([]) };

export class LiveModel {
  /**
   * @param {{ steps: Record<string, number> }} live
   * @param {string} base
   */
  constructor(live, base) {
    this.live = live;
    seen.base = base;
    Object.assign(globalThis, { stub: seen });
  }

  /** @param {{ step: Step, whole: boolean, onProgress: (progress: Progress) => void }} options */
  async load({ step, whole, onProgress }) {
    seen.loads.push({ step, whole });
    const of = this.live.steps[step];
    onProgress({ bytes: of / 5, of, step });
    await gates[step].promise;
    onProgress({ bytes: of, of, step });
  }

  /**
   * @param {string} text
   * @param {{ onWords: (sentence: Sentence) => void }} options
   */
  async explore(text, { onWords }) {
    seen.texts.push(text);
    if (text in REFUSED) throw REFUSED[text];
    /** @type {Record<string, Sentence>} */
    const all = JSON.parse(document.querySelector("#te-data")?.textContent ?? "").sentences;
    const found = Object.values(all).find(({ sentence, printed }) => sentence === text && !printed);
    if (found === undefined) throw new Error(`the stub does not know ${text}`);
    await gates.words.promise;
    onWords(firstLayer(found));
    await gates.all.promise;
    return found;
  }
}
