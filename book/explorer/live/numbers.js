// Round numbers as trendlib/show/numbers.py and book/tools/explorer_data.py round them.

import { fixed } from "../numbers.js";

/**
 * Round a number as much as possible without changing how it is written with so many decimals.
 * @param {number} value
 * @param {readonly number[]} places With how many decimals it is written, here and there.
 * @param {number} least How many decimals to keep at least.
 * @returns {number}
 */
export function shortest(value, places, least) {
  for (let digits = least; digits < 16; digits += 1) {
    const rounded = Number(fixed(value, digits));
    if (isWrittenAs(value, rounded, places)) return rounded;
  }
  return value;
}

/**
 * Say whether two numbers are written in the same way.
 * @param {number} one
 * @param {number} other
 * @param {readonly number[]} places
 * @returns {boolean}
 */
export function isWrittenAs(one, other, places) {
  return places.every((count) => {
    const scale = 10 ** count;
    // Far from the middle between two decimals, both end at the same one; this is nearly always so.
    const fromMiddle = Math.abs(Math.abs(one * scale) % 1 - 0.5);
    const apart = Math.abs(one - other) * scale;
    return fromMiddle > 2 * apart + 1e-6 || fixed(one, count) === fixed(other, count);
  });
}

/**
 * Count attentions in steps, so that what the page writes is what the figures write.
 * @param {Float64Array} attention
 * @param {number} step
 * @param {readonly number[]} places
 * @returns {Uint16Array<ArrayBuffer>}
 */
export function attentionSteps(attention, step, places) {
  return Uint16Array.from(attention, (value) => {
    const steps = roundedEven(value / step);
    if (isWrittenAs(value, steps * step, places)) return steps;
    return steps + Math.sign(value / step - steps);
  });
}

/**
 * @param {number} value A number that is not negative.
 * @returns {number}
 */
function roundedEven(value) {
  const below = Math.floor(value);
  if (value - below === 0.5) return below % 2 === 0 ? below : below + 1;
  return Math.round(value);
}

/**
 * Round trends to 32 bits, to numbers that are written the same.
 * @param {Float64Array} values NaN where undefined.
 * @param {readonly number[]} places
 * @returns {Float32Array<ArrayBuffer>}
 */
export function storedTrend(values, places) {
  return Float32Array.from(values, (value) => {
    const stored = Math.fround(value);
    if (Number.isNaN(value) || isWrittenAs(value, stored, places)) return stored;
    return neighbour(stored, stored > value ? -1 : 1); // on the other side of the number itself
  });
}

/**
 * Return the next number of 32 bits, downwards or upwards.
 * @param {number} stored
 * @param {-1 | 1} direction
 * @returns {number}
 */
function neighbour(stored, direction) {
  if (stored === 0) return direction * 2 ** -149;
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, stored);
  view.setInt32(0, view.getInt32(0) + (stored > 0 ? direction : -direction));
  return view.getFloat32(0);
}
