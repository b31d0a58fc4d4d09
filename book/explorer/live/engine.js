// The model, as far as its files have arrived, and what it finds in a sentence. It runs in a worker.

import { bytesOf, crc32 } from "./base64.js";
import { LiveError, superseded } from "./errors.js";
import { attentionOfLayer, embedded, layerOutput } from "./forward.js";
import { rowFileName, rowFileNumber } from "./names.js";
import { describeSentence } from "./sentence.js";
import { SentenceCutter } from "./text.js";

/**
 * @typedef {import("./forward.js").Shape} Shape
 * @typedef {import("./forward.js").Tensors} Tensors
 * @typedef {import("./sentence.js").Rules} Rules
 * @typedef {import("./sentence.js").SentenceData} SentenceData
 * @typedef {Record<string, { at: number, shape: number[] }>} Places Where in a file each tensor begins.
 * @typedef {{ size: number, crc32: number, tensors: Places }} FileData The size of the script that holds a
 *   file, the checksum of its bytes, and what is where in them.
 * @typedef {object} LiveData What the page's data say of the model: see book/tools/live_files.py.
 * @property {string} model
 * @property {Shape & { positions: number }} config
 * @property {Record<string, FileData>} files All but those of the rows of the table of words.
 * @property {string[][]} layerFiles Those of each layer.
 * @property {number} rowsPerFile
 * @property {number} rowFiles How many files these rows are in.
 * @property {number[]} known The ids of the tokens whose rows are in the file "words".
 * @property {{ words: number, all: number, rows: number }} steps
 * @property {Rules} rules
 * @typedef {{ isThere: boolean, promise: Promise<void>, resolve: () => void }} Arrival
 * @typedef {object} Exploring
 * @property {(names: string[]) => void} need Asks for files.
 * @property {(sentence: SentenceData) => void} onWords Gets what the first layer's attention says.
 */

export class Engine {
  /** @param {LiveData} live */
  constructor(live) {
    this.live = live;
    /** @type {Tensors} */
    this.tensors = {};
    /** @type {Map<number, Float32Array>} */
    this.rows = new Map();
    /** @type {number[]} */
    this.checksums = []; // of the files of rows
    /** @type {SentenceCutter | null} */
    this.cutter = null;
    /** @type {Map<string, Arrival>} */
    this.arrivals = new Map();
    this.newest = 0;
  }

  /**
   * Take a file that has been loaded, and check it.
   * @param {string} name
   * @param {string} content In base64.
   */
  take(name, content) {
    const arrival = this.arrival(name);
    if (arrival.isThere) return;
    const bytes = checked(name, content, this.checksum(name));
    if (name === "text") this.takeText(bytes);
    else if (name in this.live.files) this.takeTensors(this.live.files[name].tensors, bytes);
    else this.takeRows(rowFileNumber(name) * this.live.rowsPerFile, new Float32Array(bytes.buffer));
    arrival.isThere = true;
    arrival.resolve();
  }

  /**
   * Find the words and the trends of a sentence.
   * @param {string} text
   * @param {Exploring} exploring
   * @returns {Promise<SentenceData>}
   */
  async explore(text, { need, onWords }) {
    const mine = this.newest += 1;
    await this.arrived("text");
    const cut = /** @type {SentenceCutter} */ (this.cutter).cut(text, this.live.config.positions);
    const files = this.filesOf(cut.ids);
    need(files.filter((name) => !this.arrival(name).isThere));
    await this.arrived("words", ...files);
    this.checkNewest(mine);
    const { config, rules } = this.live;
    const first = embedded(cut.ids.map((id) => this.row(id)), this.tensors, config);
    const attentions = new Array(config.layers);
    attentions[0] = attentionOfLayer(first, this.tensors, 0, config);
    onWords(describeSentence(cut, Array.from(attentions), null, config.heads, rules));
    let last = first;
    for (let layer = 0; layer < config.layers; layer += 1) {
      await this.arrived(...this.live.layerFiles[layer]);
      await nextTask(); // in which a newer sentence may be asked for
      this.checkNewest(mine);
      attentions[layer] ??= attentionOfLayer(last, this.tensors, layer, config);
      last = layerOutput(last, attentions[layer], this.tensors, layer, config);
    }
    return describeSentence(cut, attentions, { first, last }, config.heads, rules);
  }

  /**
   * @param {Uint8Array} bytes
   */
  takeText(bytes) {
    const { checksums, ...tables } = JSON.parse(new TextDecoder().decode(bytes));
    this.checksums = checksums;
    this.cutter = new SentenceCutter(tables);
  }

  /**
   * @param {Places} places
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  takeTensors(places, bytes) {
    for (const [name, { at, shape }] of Object.entries(places)) {
      const length = shape.reduce((product, side) => product * side, 1);
      this.tensors[name] = new Float32Array(bytes.buffer, at, length);
    }
    if ("known" in places) this.live.known.forEach((id, n) => this.takeRow(id, this.tensors.known, n));
  }

  /**
   * @param {number} first The id of the first one.
   * @param {Float32Array} rows
   */
  takeRows(first, rows) {
    for (let n = 0; n < rows.length / this.live.config.size; n += 1) this.takeRow(first + n, rows, n);
  }

  /**
   * @param {number} id
   * @param {Float32Array} rows
   * @param {number} place
   */
  takeRow(id, rows, place) {
    const { size } = this.live.config;
    this.rows.set(id, rows.subarray(place * size, (place + 1) * size));
  }

  /**
   * @param {number} id
   * @returns {Float32Array}
   */
  row(id) {
    return /** @type {Float32Array} */ (this.rows.get(id));
  }

  /**
   * Name the files that hold the rows of tokens.
   * @param {number[]} ids
   * @returns {string[]}
   */
  filesOf(ids) {
    const others = ids.filter((id) => !this.live.known.includes(id));
    return [...new Set(others.map((id) => rowFileName(Math.floor(id / this.live.rowsPerFile))))];
  }

  /**
   * @param {string} name
   * @returns {number}
   */
  checksum(name) {
    return this.live.files[name]?.crc32 ?? this.checksums[rowFileNumber(name)];
  }

  /** @param {string[]} names */
  async arrived(...names) {
    await Promise.all(names.map((name) => this.arrival(name).promise));
  }

  /**
   * @param {string} name
   * @returns {Arrival}
   */
  arrival(name) {
    const known = this.arrivals.get(name);
    if (known) return known;
    const arrival = { isThere: false, ...resolvable() };
    this.arrivals.set(name, arrival);
    return arrival;
  }

  /** @param {number} mine */
  checkNewest(mine) {
    if (mine !== this.newest) throw superseded();
  }
}

/**
 * @param {string} name
 * @param {string} content
 * @param {number} checksum
 * @returns {Uint8Array<ArrayBuffer>}
 */
function checked(name, content, checksum) {
  const damaged = new LiveError(
    "file damaged",
    `the model's file ${name} is damaged: load it again, or build the book again`,
    { file: name },
  );
  let bytes;
  try {
    bytes = bytesOf(content);
  } catch {
    throw damaged;
  }
  if (crc32(bytes) !== checksum) throw damaged;
  return bytes;
}

/** @returns {{ promise: Promise<void>, resolve: () => void }} */
function resolvable() {
  let resolve = () => {};
  const promise = /** @type {Promise<void>} */ (new Promise((done) => resolve = () => done(undefined)));
  return { promise, resolve };
}

/** @returns {Promise<void>} */
function nextTask() {
  return new Promise((done) => setTimeout(done));
}
