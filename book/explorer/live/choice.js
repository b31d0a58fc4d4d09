// The focus word and the related word, as trendlib/choice.py finds them.

/**
 * @typedef {object} Reading As in trendlib/readings.py, which says what each part means.
 * @property {string} name
 * @property {number | "last" | null} layer
 * @property {number | "last"} focusRow
 * @property {"final period" | "punctuation"} drop
 * @property {"sum" | "mean"} pieces
 * @property {"first" | "attention mass"} ties
 * @typedef {{ index: number, votes: number, mass: number, tied: boolean, decidedBy: string }} Related
 * @typedef {object} Choice Words are told by their index among the candidates.
 * @property {number[][]} received Of shape (row, candidate).
 * @property {number} focusRow
 * @property {number[]} leaders Who leads each row.
 * @property {{ index: number, received: number, tied: boolean }} focus
 * @property {number[]} votingRows The rows that the focus word leads.
 * @property {number[]} runnersUp Whom each of these votes for.
 * @property {number[]} votes For each candidate.
 * @property {Related | null} related Null if the focus word is the only candidate.
 */

/**
 * List the indices of the words that may become focus word or related word.
 * @param {{ text: string, isPunctuation: boolean }[]} words
 * @param {Reading} reading
 * @param {string[]} finalPeriods
 * @returns {number[]}
 */
export function candidatesOf(words, reading, finalPeriods) {
  const all = [...words.keys()];
  if (reading.drop === "punctuation") return all.filter((index) => !words[index].isPunctuation);
  return finalPeriods.includes(words[words.length - 1].text) ? all.slice(0, -1) : all;
}

/**
 * Return a row's number, counted from 0.
 * @param {number | "last"} number
 * @param {number} count
 * @returns {number}
 */
export function rowNumber(number, count) {
  return number === "last" ? count - 1 : number;
}

/**
 * @param {number[][]} received The attention that the candidates receive in each row.
 * @param {Reading} reading
 * @returns {Choice}
 */
export function chooseWords(received, reading) {
  const focusRow = rowNumber(reading.focusRow, received.length);
  const leaders = received.map(placeOfMost);
  const focus = leaders[focusRow];
  const most = received[focusRow][focus];
  const votingRows = [...leaders.keys()].filter((row) => leaders[row] === focus);
  const candidates = [...received[0].keys()];
  const runnersUp = candidates.length === 1 ? [] : votingRows.map((row) => runnerUp(received[row], focus));
  const votes = candidates.map((index) => runnersUp.filter((each) => each === index).length);
  const mass = candidates.map((index) => votingRows.reduce((total, row) => total + received[row][index], 0));
  return {
    received,
    focusRow,
    leaders,
    focus: { index: focus, received: most, tied: received[focusRow].filter((each) => each === most).length > 1 },
    votingRows,
    runnersUp,
    votes,
    related: runnersUp.length > 0 ? winner(votes, mass, reading.ties) : null,
  };
}

/**
 * @param {number[]} values
 * @returns {number} The place of the largest; of several, the first.
 */
function placeOfMost(values) {
  return values.indexOf(Math.max(...values));
}

/**
 * @param {number[]} row
 * @param {number} focus
 * @returns {number}
 */
function runnerUp(row, focus) {
  return placeOfMost(row.map((value, index) => index === focus ? -Infinity : value));
}

/**
 * @param {number[]} votes
 * @param {number[]} mass
 * @param {"first" | "attention mass"} ties
 * @returns {Related}
 */
function winner(votes, mass, ties) {
  const most = Math.max(...votes);
  const equal = [...votes.keys()].filter((index) => votes[index] === most);
  let [best, decidedBy] = [equal, "position"];
  if (ties === "attention mass") {
    const largest = Math.max(...equal.map((index) => mass[index]));
    best = equal.filter((index) => mass[index] === largest);
    if (best.length === 1) decidedBy = ties;
  }
  const [index] = best;
  const tied = equal.length > 1;
  return { index, votes: most, mass: mass[index], tied, decidedBy: tied ? decidedBy : "votes" };
}
