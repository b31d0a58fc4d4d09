// A sentence in an address. The book's theme takes what is after "#" for a CSS selector, so that it
// may hold letters, digits, hyphens and underscores only. So a space is written as "_", and whatever
// else is no letter or digit of English by the numbers of its characters: "apple." is "apple-2e-".

const TYPED = /^(?:[A-Za-z0-9_]|-[0-9a-f]+(?:_[0-9a-f]+)*-)*/;

/**
 * @param {string} text
 */
export function encoded(text) {
  return text
    .replace(/[^A-Za-z0-9 ]+/gu, (run) => `-${Array.from(run, numberOf).join("_")}-`)
    .replaceAll(" ", "_");
}

/**
 * @param {string} letter
 */
function numberOf(letter) {
  return (letter.codePointAt(0) ?? 0).toString(16);
}

/**
 * Read what `encoded` wrote; null if it did not write that.
 *
 * @param {string} address
 */
export function decoded(address) {
  try {
    const text = address.replace(/-([0-9a-f_]+)-|_/g, (_all, numbers) =>
      (numbers ? String.fromCodePoint(...numbers.split("_").map((/** @type {string} */ each) => parseInt(each, 16))) : " "));
    return encoded(text) === address ? text : null;
  } catch {
    return null; // no such character
  }
}

/**
 * Split an address into names and values, which two hyphens part. A sentence may hold two hyphens,
 * but none of its own ends it: a hyphen begins a number there.
 *
 * @param {string} address
 * @returns {Map<string, string>}
 */
export function partsOf(address) {
  const parts = new Map();
  let left = address.replace(/^#/, "");
  while (left) {
    const [name] = left.split("-", 1);
    const rest = left.slice(name.length + 1);
    const value = name.endsWith("typed") ? (TYPED.exec(rest)?.[0] ?? "") : rest.split("--", 1)[0];
    parts.set(name, value);
    left = rest.slice(value.length).replace(/^-*/, "");
  }
  return parts;
}
