// Trends, and their sum, as trendlib/trend.py and trendlib/embedding.py compute them. A coordinate where a
// trend is undefined holds NaN.

/**
 * Average the vectors of a word's pieces.
 * @param {Float64Array} states Of shape (token, coordinate).
 * @param {number[]} tokens
 * @param {number} size
 * @returns {Float64Array}
 */
export function meanOverPieces(states, tokens, size) {
  const mean = new Float64Array(size);
  for (const token of tokens) for (let k = 0; k < size; k += 1) mean[k] += states[token * size + k];
  return mean.map((total) => total / tokens.length);
}

/**
 * The log quotient of each coordinate: defined where both numbers are finite, not 0 and of one sign.
 * @param {Float64Array} first The static vector.
 * @param {Float64Array} last The contextual one.
 * @returns {Float64Array}
 */
export function logQuotient(first, last) {
  return first.map((from, k) => {
    const to = last[k];
    const isDefined = Number.isFinite(from) && Number.isFinite(to) && from !== 0
      && Math.sign(from) === Math.sign(to);
    return isDefined ? Math.log(Math.abs(to)) - Math.log(Math.abs(from)) : NaN;
  });
}

/**
 * Add two trends: defined where at least one is.
 * @param {Float64Array[]} trends One, or two.
 * @returns {Float64Array}
 */
export function addTrends(trends) {
  return trends.reduce((total, trend) => total.map((value, k) => {
    if (Number.isNaN(value)) return trend[k];
    return Number.isNaN(trend[k]) ? value : value + trend[k];
  }));
}

/**
 * The share of a vector's squared length that its largest coordinates make up.
 * @param {Float64Array} vector
 * @param {number} most How many of them to count, where there are so many.
 * @returns {{ count: number, share: number | null }}
 */
export function largestShare(vector, most) {
  const squares = vector.filter((value) => !Number.isNaN(value)).map((value) => value * value);
  squares.sort((one, other) => other - one);
  const count = Math.min(most, squares.length);
  const total = squares.reduce((sum, square) => sum + square, 0);
  const largest = squares.subarray(0, count).reduce((sum, square) => sum + square, 0);
  return { count, share: total > 0 ? largest / total : null };
}
