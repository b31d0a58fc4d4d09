// Load the model's files. Each is a script that calls `trendLive(name, base64)`: a page that is opened from
// a file may load scripts, and nothing else.

import { LiveError } from "./errors.js";

/**
 * @typedef {Map<string, (content: string) => void>} Receivers
 * @typedef {{ trendLive?: (name: string, content: string) => void, trendLiveReceivers?: Receivers }} PageScope
 */

/**
 * @param {string} address
 * @param {string} name
 * @returns {Promise<string>} What is in the file, in base64.
 */
export function loadFile(address, name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const receivers = receiversOfPage();
    const end = (/** @type {LiveError} */ error) => {
      script.remove();
      receivers.delete(name);
      reject(error); // does nothing if the content is there
    };
    receivers.set(name, resolve);
    script.onload = () => end(new LiveError(
      "file damaged",
      `the model's file ${name} is damaged: load it again, or build the book again`,
      { file: name },
    ));
    script.onerror = () => end(new LiveError(
      "file missing",
      `the model's file ${name} cannot be loaded: check the connection, or build the book again`,
      { file: name },
    ));
    script.src = address;
    document.head.append(script);
  });
}

/**
 * Who gets what the scripts bring.
 * @returns {Receivers}
 */
function receiversOfPage() {
  const page = /** @type {PageScope} */ (/** @type {unknown} */ (globalThis));
  const receivers = page.trendLiveReceivers ??= new Map();
  page.trendLive = (name, content) => receivers.get(name)?.(content);
  return receivers;
}
