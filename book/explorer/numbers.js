// How numbers are written. The same rule holds in trendlib/show/numbers.py.

/**
 * Write a number with so many decimals, as `fixed` in Python does. Both round the number itself; but
 * of two that are equally near, toFixed takes the larger one, and Python the even one.
 *
 * @param {number} value
 * @param {number} places
 */
export function fixed(value, places) {
  const size = Math.abs(value);
  const isHalfway = (size * 2 ** (places + 1)) % 2 === 1;
  const larger = size.toFixed(places);
  const isOdd = Number(larger.at(-1)) % 2 === 1;
  const text = isHalfway && isOdd ? (size * (1 - Number.EPSILON)).toFixed(places) : larger;
  return value < 0 && Number(text) ? `-${text}` : text;
}

/**
 * Write the size of files.
 *
 * @param {number} bytes
 */
export function megabytes(bytes) {
  const size = bytes / 1e6;
  return `${fixed(size, size < 9.95 ? 1 : 0)} MB`;
}
