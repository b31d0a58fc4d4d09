// The model as the page sees it: loads its files, and hands them and the sentences to a worker, so that the
// page never waits for arithmetic.

import { LiveError, superseded } from "./errors.js";
import { loadFile } from "./files.js";
import { rowFileName } from "./names.js";

/**
 * @typedef {import("./engine.js").LiveData} LiveData
 * @typedef {import("./sentence.js").SentenceData} SentenceData
 * @typedef {import("./worker.js").Answer} Answer
 * @typedef {import("./worker.js").Asked} Asked
 * @typedef {"words" | "all"} Step
 * @typedef {{ bytes: number, of: number, step: Step | "rows" }} Progress
 * @typedef {{ number: number, onWords: (sentence: SentenceData) => void,
 *   resolve: (sentence: SentenceData) => void, reject: (error: LiveError) => void }} Exploration
 * @typedef {{ resolve: () => void, reject: (error: LiveError) => void }} Waiting
 */

const LAYERS_AT_ONCE = 2;
const ROWS_AT_ONCE = 6; // browsers ask one host for so many files

export class LiveModel {
  /**
   * @param {LiveData} live
   * @param {string} base The address of the folder of the model's files, with a slash at its end.
   * @param {string} workerSource The script of the worker.
   */
  constructor(live, base, workerSource) {
    this.live = live;
    this.base = base;
    this.workerSource = workerSource;
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {Map<string, Promise<void>>} */
    this.files = new Map(); // those that are there, or on their way
    /** @type {Map<string, Waiting>} */
    this.unchecked = new Map();
    /** @type {Exploration | null} */
    this.exploration = null;
    this.explorations = 0;
  }

  /**
   * Load the model, or what is missing of it.
   * @param {object} options
   * @param {Step} [options.step] "words" is what the first layer's readings need.
   * @param {boolean} [options.whole] Load the rows of all tokens too, so that no sentence needs others.
   * @param {(progress: Progress) => void} [options.onProgress]
   * @returns {Promise<void>}
   */
  async load({ step = "all", whole = false, onProgress = () => {} } = {}) {
    const words = ["text", "words"];
    const rows = Array.from({ length: this.live.rowFiles }, (_, file) => rowFileName(file));
    /** @type {[Step | "rows", string[], number][]} */
    const steps = [["words", words, words.length]];
    if (step === "all") steps.push(["all", this.live.layerFiles.flat(), LAYERS_AT_ONCE]);
    if (whole) steps.push(["rows", rows, ROWS_AT_ONCE]);
    const missing = steps.flatMap(([, names]) => names).filter((name) => !this.files.has(name));
    const of = missing.reduce((total, name) => total + this.sizeOf(name), 0);
    let bytes = 0;
    for (const [name, files, atOnce] of steps) {
      onProgress({ bytes, of, step: name });
      await inTurn(files, atOnce, async (file) => {
        const isNew = missing.includes(file);
        await this.file(file);
        if (isNew) onProgress({ bytes: bytes += this.sizeOf(file), of, step: name });
      });
    }
  }

  /**
   * Find the words and the trends of a sentence. A sentence that is still being explored is given up.
   * @param {string} text
   * @param {object} options
   * @param {(sentence: SentenceData) => void} [options.onWords] Gets the readings of the first layer, as soon
   *   as its attention is known.
   * @returns {Promise<SentenceData>}
   */
  explore(text, { onWords = () => {} } = {}) {
    this.exploration?.reject(superseded());
    return new Promise((resolve, reject) => {
      const number = this.explorations += 1;
      this.exploration = { number, onWords, resolve, reject };
      try {
        this.ask({ type: "explore", number, text });
      } catch (error) {
        reject(error);
      }
    });
  }

  /**
   * @param {string} name
   * @returns {number} How many bytes are loaded.
   */
  sizeOf(name) {
    return this.live.files[name]?.size ?? this.live.steps.rows / this.live.rowFiles;
  }

  /**
   * Load a file, and wait until the worker has checked it. One that fails is loaded again the next time.
   * @param {string} name
   * @returns {Promise<void>}
   */
  file(name) {
    const begun = this.files.get(name);
    if (begun) return begun;
    const loading = this.loadAndCheck(name);
    this.files.set(name, loading);
    loading.catch(() => this.files.delete(name));
    return loading;
  }

  /** @param {string} name */
  async loadAndCheck(name) {
    const content = await loadFile(`${this.base}${name}.js`, name);
    const checked = new Promise((resolve, reject) => {
      this.unchecked.set(name, { resolve: () => resolve(undefined), reject });
    });
    this.ask({ type: "file", name, content });
    await checked;
  }

  /** @param {Asked} asked */
  ask(asked) {
    this.worker ??= this.start();
    this.worker.postMessage(asked);
  }

  /** @returns {Worker} */
  start() {
    try {
      const source = new Blob([this.workerSource], { type: "text/javascript" });
      const worker = new Worker(URL.createObjectURL(source));
      worker.onmessage = (/** @type {MessageEvent<Answer>} */ { data: answer }) => this.hear(answer);
      worker.onerror = () => this.failAll(noWorker());
      worker.postMessage({ type: "open", live: this.live });
      return worker;
    } catch {
      throw noWorker();
    }
  }

  /** @param {Answer} answer */
  hear(answer) {
    if (answer.type === "file") {
      const waiting = this.unchecked.get(answer.name);
      this.unchecked.delete(answer.name);
      if (answer.error) waiting?.reject(errorOf(answer.error));
      else waiting?.resolve();
      return;
    }
    const exploration = this.exploration;
    if (exploration?.number !== answer.number) return; // another one has taken its place
    if (answer.type === "need") this.bring(answer.names, exploration);
    else if (answer.type === "words") exploration.onWords(answer.sentence);
    else if (answer.type === "done") exploration.resolve(answer.sentence);
    else exploration.reject(errorOf(answer.error));
  }

  /**
   * @param {string[]} names
   * @param {Exploration} exploration Which needs these files.
   */
  async bring(names, exploration) {
    try {
      await Promise.all(names.map((name) => this.file(name)));
    } catch (error) {
      exploration.reject(/** @type {LiveError} */ (error));
    }
  }

  /** @param {LiveError} error */
  failAll(error) {
    for (const waiting of this.unchecked.values()) waiting.reject(error);
    this.unchecked.clear();
    this.exploration?.reject(error);
  }
}

/**
 * Do something with each name, with a few of them at once.
 * @param {string[]} names
 * @param {number} atOnce
 * @param {(name: string) => Promise<void>} task
 */
async function inTurn(names, atOnce, task) {
  const waiting = names.values();
  const work = async () => {
    for (const name of waiting) await task(name);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/**
 * @param {import("./worker.js").Told} told
 * @returns {LiveError}
 */
function errorOf({ kind, message, values }) {
  return new LiveError(kind, message, values);
}

/** @returns {LiveError} */
function noWorker() {
  return new LiveError(
    "no worker",
    "the browser cannot run the model beside the page: try a newer one, or another one",
  );
}
