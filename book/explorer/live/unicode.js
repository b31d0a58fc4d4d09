// Look characters up in tables that book/tools/live_files.py makes of the libraries that Python uses,
// so that a browser's own version of Unicode does not matter.

/**
 * A property of characters: `starts` are differences of code points, each the first one of a run of
 * characters that have the value at the same place of `values`.
 * @typedef {{ starts: number[], values: string }} PackedRuns
 */

/**
 * Read a property of one letter, as a function of a character.
 * @param {PackedRuns} packed
 * @returns {(character: string) => string}
 */
export function propertyOf({ starts, values }) {
  let start = 0;
  const firsts = Uint32Array.from(starts, (more) => start += more);
  return (character) => {
    const code = /** @type {number} */ (character.codePointAt(0));
    let low = 0;
    let high = firsts.length;
    while (high - low > 1) { // firsts[low] <= code < firsts[high]
      const middle = (low + high) >> 1;
      if (firsts[middle] <= code) low = middle;
      else high = middle;
    }
    return values[low];
  };
}
