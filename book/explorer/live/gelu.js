// The activation of BERT's feed-forward part, which needs the error function: as exact as numbers of 64
// bits allow, since trends are compared with those of the package.

const STEP = 1 / 16; // between the points at which the error function is known
const LAST = 6; // from here on it is 1
const TERMS = 10; // of the Taylor series around the nearest point, at most half a step away

/** @type {Float64Array | null} */
let series = null;

/**
 * @param {number} x
 * @returns {number}
 */
export function gelu(x) {
  return x * 0.5 * (1 + erf(x * Math.SQRT1_2));
}

/**
 * @param {number} x
 * @returns {number}
 */
export function erf(x) {
  const size = Math.abs(x);
  if (!(size < LAST)) return Math.sign(x);
  series ??= taylorSeries();
  const point = Math.round(size / STEP);
  const away = size - point * STEP;
  const first = point * TERMS;
  let value = series[first + TERMS - 1];
  for (let n = TERMS - 2; n >= 0; n -= 1) value = value * away + series[first + n];
  return x < 0 ? -value : value;
}

/**
 * The coefficients of the Taylor series around each point. The derivative of erf is a Gaussian, whose
 * own derivatives are Hermite polynomials times it: H(n + 1) = 2 x H(n) - 2 n H(n - 1).
 * @returns {Float64Array}
 */
function taylorSeries() {
  const points = Math.round(LAST / STEP) + 1;
  const all = new Float64Array(points * TERMS);
  for (let point = 0; point < points; point += 1) {
    const x = point * STEP;
    all[point * TERMS] = exactErf(x);
    let [before, hermite] = [0, 1];
    let factor = 2 / Math.sqrt(Math.PI) * Math.exp(-x * x); // with the sign, over a factorial
    for (let n = 1; n < TERMS; n += 1) {
      all[point * TERMS + n] = factor * hermite / n;
      [before, hermite] = [hermite, 2 * x * hermite - 2 * (n - 1) * before];
      factor /= -n;
    }
  }
  return all;
}

/**
 * The error function: near 0 a sum of terms that are all positive, so that nothing cancels; elsewhere 1
 * less what is left to 1, a continued fraction.
 * @param {number} x
 * @returns {number}
 */
function exactErf(x) {
  const gaussian = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x >= 2) {
    let fraction = 0;
    for (let n = 100; n > 0; n -= 1) fraction = n / 2 / (x + fraction);
    return 1 - gaussian / (x + fraction);
  }
  const terms = [x];
  for (let n = 1; terms[n - 1] > 1e-20; n += 1) terms.push(terms[n - 1] * 2 * x * x / (2 * n + 1));
  return 2 * gaussian * terms.reduceRight((total, term) => total + term, 0); // the smallest first
}
