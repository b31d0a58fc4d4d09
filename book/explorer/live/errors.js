// Why a sentence cannot be explored, as trendlib/errors.py tells it.

/**
 * @typedef {"not text" | "blank" | "only punctuation" | "no known word" | "too long" | "file missing"
 *   | "file damaged" | "superseded" | "no worker" | "unexpected"} ErrorKind
 */

export class LiveError extends Error {
  /**
   * @param {ErrorKind} kind
   * @param {string} message What is wrong, and what to do; the page says it in the reader's language.
   * @param {Record<string, string | number>} values What the message names.
   */
  constructor(kind, message, values = {}) {
    super(message);
    this.name = "LiveError";
    this.kind = kind;
    this.values = values;
  }
}

/** @returns {LiveError} */
export function superseded() {
  return new LiveError("superseded", "another sentence was asked for");
}
