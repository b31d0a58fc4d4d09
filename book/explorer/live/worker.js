// The worker: takes files and sentences from the page, and answers with what the model finds.

import { Engine } from "./engine.js";
import { LiveError } from "./errors.js";

/**
 * @typedef {import("./engine.js").LiveData} LiveData
 * @typedef {import("./sentence.js").SentenceData} SentenceData
 * @typedef {{ kind: import("./errors.js").ErrorKind, message: string, values: Record<string, string | number> }} Told
 * @typedef {{ type: "open", live: LiveData } | { type: "file", name: string, content: string }
 *   | { type: "explore", number: number, text: string }} Asked
 * @typedef {{ type: "file", name: string, error: Told | null } | { type: "need", number: number, names: string[] }
 *   | { type: "words", number: number, sentence: SentenceData }
 *   | { type: "done", number: number, sentence: SentenceData }
 *   | { type: "refused", number: number, error: Told }} Answer
 */

/** @type {Engine} */
let engine;

self.onmessage = (/** @type {MessageEvent<Asked>} */ { data: asked }) => {
  if (asked.type === "open") engine = new Engine(asked.live);
  else if (asked.type === "file") takeFile(asked.name, asked.content);
  else exploreText(asked.number, asked.text);
};

/** @param {Answer} message */
function answer(message) {
  self.postMessage(message);
}

/**
 * @param {string} name
 * @param {string} content
 */
function takeFile(name, content) {
  let error = null;
  try {
    engine.take(name, content);
  } catch (thrown) {
    error = told(thrown);
  }
  answer({ type: "file", name, error });
}

/**
 * @param {number} number
 * @param {string} text
 */
async function exploreText(number, text) {
  try {
    const sentence = await engine.explore(text, {
      need: (names) => answer({ type: "need", number, names }),
      onWords: (words) => answer({ type: "words", number, sentence: words }),
    });
    answer({ type: "done", number, sentence });
  } catch (thrown) {
    answer({ type: "refused", number, error: told(thrown) });
  }
}

/**
 * An error as it can be sent to the page.
 * @param {unknown} thrown
 * @returns {Told}
 */
function told(thrown) {
  if (!(thrown instanceof LiveError)) return { kind: "unexpected", message: `${thrown}`, values: {} };
  const { kind, message, values } = thrown;
  return { kind, message, values };
}
