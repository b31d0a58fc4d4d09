// From attention between tokens to what each word receives, as trendlib/attention.py has it.

/**
 * @typedef {{ tokens: number[] }} Pieces Something made of word pieces: a word.
 */

/**
 * The mean of a layer's heads.
 * @param {Float64Array} attention Of shape (head, query, key).
 * @param {number} heads
 * @returns {Float64Array} Of shape (query, key).
 */
export function meanOfHeads(attention, heads) {
  const square = attention.length / heads;
  const mean = new Float64Array(square);
  for (let n = 0; n < attention.length; n += 1) mean[n % square] += attention[n];
  return mean.map((total) => total / heads);
}

/**
 * Sum the attention that each word receives. Each of a word's pieces counts its share as a query.
 * @param {Float64Array} matrix Of shape (query, key).
 * @param {Pieces[]} words
 * @param {"sum" | "mean"} pieces What a word of several pieces receives.
 * @returns {number[]}
 */
export function receivedByWord(matrix, words, pieces) {
  const count = Math.sqrt(matrix.length);
  const weights = new Float64Array(count).fill(1);
  for (const { tokens } of words) for (const token of tokens) weights[token] = 1 / tokens.length;
  const byToken = new Float64Array(count);
  for (let query = 0; query < count; query += 1) {
    for (let key = 0; key < count; key += 1) byToken[key] += weights[query] * matrix[query * count + key];
  }
  return words.map(({ tokens }) => {
    const share = pieces === "sum" ? 1 : 1 / tokens.length;
    return tokens.reduce((total, token) => total + byToken[token] * share, 0);
  });
}

/**
 * List the tokens of each unit: of each word, and each special token on its own.
 * @param {Pieces[]} words
 * @param {number} count The number of tokens.
 * @returns {number[][]} In the order of the sentence.
 */
export function unitTokens(words, count) {
  const inWords = new Set(words.flatMap(({ tokens }) => tokens));
  const alone = Array.from({ length: count }, (_, token) => [token]).filter(([token]) => !inWords.has(token));
  return [...words.map(({ tokens }) => tokens), ...alone].sort(([one], [other]) => one - other);
}

/**
 * Merge word pieces: the sum over pieces as keys, the mean over pieces as queries.
 * @param {Float64Array} matrix Of shape (query, key), with one of each per token.
 * @param {number[][]} units
 * @returns {Float64Array} The same, with one of each per unit.
 */
export function mergedPieces(matrix, units) {
  const count = Math.sqrt(matrix.length);
  const merged = new Float64Array(units.length ** 2);
  units.forEach((queries, row) => units.forEach((keys, column) => {
    let total = 0;
    for (const query of queries) for (const key of keys) total += matrix[query * count + key] / queries.length;
    merged[row * units.length + column] = total;
  }));
  return merged;
}
