// The forward pass of BERT, in steps: numbers of 64 bits, from weights of 32 bits. Matrices stand row by
// row in one array.

import { gelu } from "./gelu.js";

/**
 * @typedef {Record<string, Float32Array>} Tensors Weights by name.
 * @typedef {object} Shape
 * @property {number} size Coordinates of a token's vector.
 * @property {number} heads
 * @property {number} layers
 * @property {number} inner Coordinates between the two halves of the feed-forward part.
 * @property {number} epsilon What layer normalization adds to the variance.
 */

/**
 * Add the embeddings of token, position and token type, and normalize: hidden state 0.
 * @param {Float32Array[]} rows The tokens' rows of the table of words.
 * @param {Tensors} tensors
 * @param {Shape} shape
 * @returns {Float64Array}
 */
export function embedded(rows, tensors, { size, epsilon }) {
  const states = new Float64Array(rows.length * size);
  rows.forEach((row, token) => {
    const position = tensors.positions.subarray(token * size, (token + 1) * size);
    for (let k = 0; k < size; k += 1) states[token * size + k] = row[k] + tensors.type[k] + position[k];
  });
  return normalized(states, tensors, "norm", epsilon);
}

/**
 * The attention of one layer.
 * @param {Float64Array} states What the layer is given.
 * @param {Tensors} tensors
 * @param {number} layer
 * @param {Shape} shape
 * @returns {Float64Array} Of shape (head, query, key).
 */
export function attentionOfLayer(states, tensors, layer, { size, heads }) {
  const count = states.length / size;
  const width = size / heads;
  const queries = linear(states, tensors, `${layer}.query`, count);
  const keys = linear(states, tensors, `${layer}.key`, count);
  const attention = new Float64Array(heads * count * count);
  for (let head = 0; head < heads; head += 1) {
    for (let query = 0; query < count; query += 1) {
      const start = (head * count + query) * count;
      const row = attention.subarray(start, start + count);
      const from = query * size + head * width;
      for (let key = 0; key < count; key += 1) {
        const to = key * size + head * width;
        let score = 0;
        for (let k = 0; k < width; k += 1) score += queries[from + k] * keys[to + k];
        row[key] = score / Math.sqrt(width);
      }
      softmax(row);
    }
  }
  return attention;
}

/**
 * What one layer returns.
 * @param {Float64Array} states What it is given.
 * @param {Float64Array} attention Its attention.
 * @param {Tensors} tensors
 * @param {number} layer
 * @param {Shape} shape
 * @returns {Float64Array}
 */
export function layerOutput(states, attention, tensors, layer, { size, heads, epsilon }) {
  const count = states.length / size;
  const values = linear(states, tensors, `${layer}.value`, count);
  const attended = linear(mixed(attention, values, heads, count, size), tensors, `${layer}.attended`, count);
  const between = normalized(sum(attended, states), tensors, `${layer}.attended.norm`, epsilon);
  const inner = linear(between, tensors, `${layer}.inner`, count);
  for (let n = 0; n < inner.length; n += 1) inner[n] = gelu(inner[n]);
  const outer = linear(inner, tensors, `${layer}.outer`, count);
  return normalized(sum(outer, between), tensors, `${layer}.outer.norm`, epsilon);
}

/**
 * Multiply vectors with a matrix of weights, of shape (output, input), and add a bias.
 * @param {Float64Array} input Of shape (token, input).
 * @param {Tensors} tensors
 * @param {string} name
 * @param {number} count The number of tokens.
 * @returns {Float64Array} Of shape (token, output).
 */
function linear(input, tensors, name, count) {
  const weights = tensors[`${name}.weight`];
  const bias = tensors[`${name}.bias`];
  const from = input.length / count;
  const to = bias.length;
  const output = new Float64Array(count * to);
  const AT_ONCE = 4; // a weight that has been read serves four tokens
  const whole = count - count % AT_ONCE;
  for (let out = 0; out < to; out += 1) {
    const row = out * from;
    for (let token = 0; token < whole; token += AT_ONCE) {
      const [at0, at1, at2, at3] = [0, 1, 2, 3].map((n) => (token + n) * from);
      let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
      for (let k = 0; k < from; k += 1) {
        const weight = weights[row + k];
        sum0 += weight * input[at0 + k];
        sum1 += weight * input[at1 + k];
        sum2 += weight * input[at2 + k];
        sum3 += weight * input[at3 + k];
      }
      const place = token * to + out;
      output[place] = sum0 + bias[out];
      output[place + to] = sum1 + bias[out];
      output[place + 2 * to] = sum2 + bias[out];
      output[place + 3 * to] = sum3 + bias[out];
    }
    for (let token = whole; token < count; token += 1) {
      let sum0 = 0;
      for (let k = 0; k < from; k += 1) sum0 += weights[row + k] * input[token * from + k];
      output[token * to + out] = sum0 + bias[out];
    }
  }
  return output;
}

/**
 * Give each token the values of the tokens that it attends to.
 * @param {Float64Array} attention
 * @param {Float64Array} values
 * @param {number} heads
 * @param {number} count
 * @param {number} size
 * @returns {Float64Array}
 */
function mixed(attention, values, heads, count, size) {
  const width = size / heads;
  const output = new Float64Array(count * size);
  for (let head = 0; head < heads; head += 1) {
    for (let query = 0; query < count; query += 1) {
      const to = query * size + head * width;
      for (let key = 0; key < count; key += 1) {
        const weight = attention[(head * count + query) * count + key];
        const from = key * size + head * width;
        for (let k = 0; k < width; k += 1) output[to + k] += weight * values[from + k];
      }
    }
  }
  return output;
}

/**
 * @param {Float64Array} row Scores, which become shares of 1.
 */
function softmax(row) {
  let most = -Infinity;
  for (const score of row) most = Math.max(most, score);
  let total = 0;
  for (let key = 0; key < row.length; key += 1) {
    row[key] = Math.exp(row[key] - most);
    total += row[key];
  }
  for (let key = 0; key < row.length; key += 1) row[key] /= total;
}

/**
 * @param {Float64Array} one
 * @param {Float64Array} other
 * @returns {Float64Array} The first one, to which the other was added.
 */
function sum(one, other) {
  for (let n = 0; n < one.length; n += 1) one[n] += other[n];
  return one;
}

/**
 * Layer normalization, in place.
 * @param {Float64Array} states
 * @param {Tensors} tensors
 * @param {string} name
 * @param {number} epsilon
 * @returns {Float64Array}
 */
function normalized(states, tensors, name, epsilon) {
  const gain = tensors[`${name}.gain`];
  const bias = tensors[`${name}.bias`];
  const size = gain.length;
  for (let start = 0; start < states.length; start += size) {
    const vector = states.subarray(start, start + size);
    let mean = 0;
    for (const value of vector) mean += value;
    mean /= size;
    let variance = 0;
    for (const value of vector) variance += (value - mean) ** 2;
    const deviation = Math.sqrt(variance / size + epsilon);
    for (let k = 0; k < size; k += 1) vector[k] = (vector[k] - mean) / deviation * gain[k] + bias[k];
  }
  return states;
}
