// Draw the figures as SVG. Colours are the shades of the book's other figures.

import { book } from "./book.js";
import { picture, svg } from "./elements.js";
import { _, fill } from "./messages.js";
import { fixed } from "./numbers.js";
import { ballotsOf, markOf, receivedOf, rowName, shortened, shortRowName, textOf } from "./readings.js";

/** @typedef {import("./readings.js").Sentence} Sentence */
/** @typedef {import("./readings.js").Reading} Reading */
/** @typedef {(query: number, key: number) => number} Attention */
/** @typedef {{ x: number, y: number, width: number, height: number, text: string }} Place */
/** @typedef {{ drawn: SVGElement, rows: Place[] }} Grid A drawing, and where the labels of its rows are. */

const CELL = 40;
const MOST_WITH_NUMBERS = 16; // a figure of more columns has smaller cells, without numbers
const SMALL_CELL = 24;
const MOST_DRAWN = 1600; // so many cells can be elements of their own; of more, a picture is made
const LETTER = 7.4; // the width of a letter of a label, on the average
const WIDE_LETTER = 13.2;
const WIDE = /[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uff60]|[\u{1f000}-\u{3ffff}]/u;

/**
 * @param {string[]} texts
 */
function labelWidth(texts) {
  const widthOf = (/** @type {string} */ text) =>
    Array.from(text).reduce((sum, letter) => sum + (WIDE.test(letter) ? WIDE_LETTER : LETTER), 0);
  return Math.max(...texts.map(widthOf)) + 16;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {string} role
 * @param {boolean} turned
 */
function label(x, y, text, role, turned) {
  /** @type {Record<string, string | number>} */
  const attributes = { x, y, class: `label ${role}`, "text-anchor": turned ? "start" : "end" };
  if (turned) attributes.transform = `rotate(-55 ${x} ${y})`;
  return svg("text", attributes, text);
}

/**
 * @param {number} share
 */
function shadeAt(share) {
  return Math.round(Math.min(1, Math.max(0, share)) * (book.shades.length - 1));
}

/**
 * @typedef {{ x: number, y: number, width: number, height: number, share: number, title: string,
 *   number: string | null, row: number }} Cell
 */

/**
 * A grid of cells, each with a title. Of very many, it is one picture without titles, of a point for
 * each cell, which the table makes up for.
 *
 * @param {number} rows
 * @param {number} columns
 * @param {(row: number, column: number) => Cell} cellAt
 * @param {(row: number, column: number) => number} shareAt
 */
function drawCells(rows, columns, cellAt, shareAt) {
  if (rows * columns > MOST_DRAWN) return [painted(rows, columns, shareAt, cellAt(0, 0))];
  const cells = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) cells.push(cell(cellAt(row, column)));
  }
  return cells;
}

/**
 * @param {Cell} cell
 */
function cell({ x, y, width, height, share, title, number, row }) {
  const [shade, ink] = book.shades[shadeAt(share)];
  const box = { x: x + 2, y: y + 2, width: width - 4, height: height - 4, fill: shade, class: "cell" };
  const group = svg("g", { "data-row": row }, svg("title", {}, title), svg("rect", box));
  if (number !== null) {
    const middle = { x: x + width / 2, y: y + height / 2 + 4, fill: ink, class: "number" };
    group.append(svg("text", middle, number));
  }
  return group;
}

/**
 * @param {number} rows
 * @param {number} columns
 * @param {(row: number, column: number) => number} shareAt
 * @param {Cell} first
 */
function painted(rows, columns, shareAt, { x, y, width, height }) {
  const shades = book.shades.map(([shade]) => [1, 3, 5].map((place) => parseInt(shade.slice(place, place + 2), 16)));
  const points = new ImageData(columns, rows);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const colour = shades[shadeAt(shareAt(row, column))];
      points.data.set([...colour, 255], 4 * (row * columns + column));
    }
  }
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  canvas.getContext("2d")?.putImageData(points, 0, 0);
  return svg("image", {
    x, y, width: width * columns, height: height * rows, preserveAspectRatio: "none",
    class: "painted", href: canvas.toDataURL(),
  });
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {string} kind
 */
function frame(x, y, width, height, kind) {
  return svg("rect", { x: x + 1, y: y + 1, width: width - 2, height: height - 2, class: `frame ${kind}` });
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
function unitLabels(sentence, reading) {
  const roles = sentence.units.map(() => ({ role: "", mark: "" }));
  sentence.words.forEach((word, index) => { roles[word.unit] = markOf(reading, index); });
  return sentence.units.map((unit, place) => {
    const { role, mark } = roles[place];
    return { role, text: mark ? `${mark} ${shortened(unit)}` : shortened(unit) };
  });
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} row
 * @param {number | null} from
 * @param {Attention} attention
 * @returns {Grid}
 */
export function drawMatrix(sentence, reading, row, from, attention) {
  const labels = unitLabels(sentence, reading);
  const size = labels.length;
  const most = largestIn(attention, size);
  const side = size > MOST_WITH_NUMBERS ? SMALL_CELL : CELL;
  const left = Math.max(labelWidth(labels.map((each) => each.text)), 90);
  const top = left * 0.82 + 8;
  const bottom = top + size * side + 10;
  /** @type {Place[]} */
  const rows = [];
  const heads = labels.map(({ text, role }, query) => {
    const y = top + query * side;
    rows.push({ x: 0, y, width: left - 2, height: side, text: sentence.units[query] });
    return [
      label(left + query * side + side / 2, top - 6, text, role, true),
      label(left - 6, y + side / 2 + 4, text, role, false),
    ];
  });
  const cellAt = (/** @type {number} */ query, /** @type {number} */ key) => {
    const value = attention(query, key);
    const title = fill(_("from {query} to {key}: {value}"),
      { query: sentence.units[query], key: sentence.units[key], value: fixed(value, 3) });
    const number = side === CELL ? fixed(value, 2) : null;
    const place = { x: left + key * side, y: top + query * side, width: side, height: side };
    return { ...place, share: value / most, title, number, row: query };
  };
  const cells = drawCells(size, size, cellAt, (query, key) => attention(query, key) / most);
  const parts = [...heads.flat(), ...cells];
  if (from !== null) parts.push(frame(left, top + from * side, size * side, side, "chosen"));
  parts.push(...sumsLine(sentence, reading, row, { left, bottom, side }));
  parts.push(label(left - 6, top - 22, _("to →"), "", false), label(left - 6, top - 6, _("from ↓"), "", false));
  const what = fill(_("Attention in {row}, from each word in a row to each word in a column."),
    { row: rowName(reading, row) });
  return { drawn: picture(left + size * side + left * 0.6, bottom + 26, what, ...parts), rows };
}

/**
 * @param {Attention} attention
 * @param {number} size
 */
export function largestIn(attention, size) {
  let largest = 0;
  for (let query = 0; query < size; query += 1) {
    for (let key = 0; key < size; key += 1) largest = Math.max(largest, attention(query, key));
  }
  return largest;
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} row
 * @param {{ left: number, bottom: number, side: number }} place
 */
function sumsLine(sentence, reading, row, { left, bottom, side }) {
  const words = new Map(sentence.words.map((word, index) => [word.unit, index]));
  const texts = sentence.units.map((_unit, unit) => {
    const word = words.get(unit);
    const received = word === undefined ? null : receivedOf(reading, row, word);
    const text = received === null ? "–" : fixed(received, side === CELL ? 2 : 1);
    const kind = received === null ? "dropped" : "sum";
    return svg("text", { x: left + unit * side + side / 2, y: bottom + 14, class: `number ${kind}` }, text);
  });
  return [label(left - 6, bottom + 14, _("received"), "", false), ...texts];
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @returns {Grid}
 */
export function drawReceived(sentence, reading) {
  const names = reading.candidates.map((word) => shortened(textOf(sentence, word)));
  const small = names.length > MOST_WITH_NUMBERS;
  const [width, height] = small ? [SMALL_CELL, SMALL_CELL] : [CELL, 28];
  const left = 72;
  const top = (labelWidth(names) + 14) * 0.82 + 8;
  const most = mostReceived(reading);
  const place = { left, top, width, height, small, most, right: left + names.length * width };
  const heads = names.map((name, column) => {
    const { role, mark } = markOf(reading, reading.candidates[column]);
    const text = mark ? `${mark} ${name}` : name;
    return label(left + column * width + width / 2, top - 6, text, role, true);
  });
  const cells = drawCells(reading.received.length, names.length,
    (row, column) => receivedCell(sentence, reading, row, column, place),
    (row, column) => reading.received[row][column] / most);
  const rows = reading.received.flatMap((_values, row) => receivedRow(sentence, reading, row, place));
  const what = reading.layer === null
    ? _("Received attention: a row for each layer, a column for each word that can be chosen.")
    : _("Received attention: a row for each head, a column for each word that can be chosen.");
  const bottom = top + reading.received.length * height;
  return {
    drawn: picture(place.right + 200, bottom + 4, what, ...heads, ...cells, ...rows),
    rows: reading.received.map((_values, row) => ({
      x: 0, y: top + row * height, width: left - 2, height, text: rowName(reading, row),
    })),
  };
}

/**
 * @typedef {{ left: number, top: number, width: number, height: number, small: boolean, most: number,
 *   right: number }} ReceivedPlace
 */

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} row
 * @param {number} column
 * @param {ReceivedPlace} place
 * @returns {Cell}
 */
function receivedCell(sentence, reading, row, column, { left, top, width, height, small, most }) {
  const value = reading.received[row][column];
  return {
    x: left + column * width,
    y: top + row * height,
    width,
    height,
    share: value / most,
    title: fill(_("{word} in {row}: {value}"), {
      word: textOf(sentence, reading.candidates[column]), row: rowName(reading, row), value: fixed(value, 3),
    }),
    number: small ? null : fixed(value, 2),
    row,
  };
}

/**
 * @param {Reading} reading
 */
export function mostReceived({ received }) {
  return Math.max(...received.map((values) => Math.max(...values)));
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} row
 * @param {ReceivedPlace} place
 */
function receivedRow(sentence, reading, row, { left, top, width, height, right }) {
  const y = top + row * height;
  const framed = (/** @type {number} */ word, /** @type {string} */ kind) =>
    frame(left + reading.candidates.indexOf(word) * width, y, width, height, kind);
  const isFocusRow = row === reading.focusRow;
  const ballot = ballotsOf(reading).get(row);
  const notes = isFocusRow ? [_("names ◆")] : [];
  const frames = [framed(reading.leaders[row], "winner")];
  if (ballot !== undefined) {
    notes.push(fill(_("votes for “{word}”"), { word: shortened(textOf(sentence, ballot)) }));
    frames.push(framed(ballot, "second"));
  }
  const middle = y + height / 2 + 4;
  const name = label(left - 8, middle, shortRowName(reading, row), isFocusRow ? "focus" : "", false);
  const note = svg("text", { x: right + 8, y: middle, class: "label" }, notes.join(_(", ")));
  return [name, ...frames, note];
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
export function drawVotes(sentence, reading) {
  const shown = reading.candidates.map((word, column) => ({ word, votes: reading.votes[column] }))
    .filter(({ word, votes }) => votes > 0 || word === reading.focus.word);
  const names = shown.map(({ word }) => {
    const { mark } = markOf(reading, word);
    return `${mark} ${shortened(textOf(sentence, word))}`.trim();
  });
  const left = labelWidth(names);
  const [unit, height] = [18, 30];
  const parts = shown.map(({ word, votes }, place) => {
    const { role } = markOf(reading, word);
    const y = place * height;
    /** @type {Record<string, string>} */
    const said = {
      focus: _("the focus word cannot be voted for"),
      related: fill(_("{votes}, the related word"), { votes }),
    };
    return svg("g", { class: "bar" },
      label(left - 6, y + 19, names[place], role, false),
      svg("rect", { x: left, y: y + 5, width: votes * unit, height: 20, class: role || "other" }),
      svg("text", { x: left + votes * unit + 6, y: y + 19, class: "label" }, said[role] ?? `${votes}`));
  });
  const most = Math.max(...shown.map(({ votes }) => votes));
  return picture(left + most * unit + 230, shown.length * height, _("Votes for each word, as bars."), ...parts);
}

/**
 * The scale of a grid's colours, from 0 to its largest number.
 *
 * @param {string} most
 */
export function drawScale(most) {
  const shades = book.shades.map(([shade], place) =>
    svg("rect", { x: 20 + 2 * place, y: 2, width: 2.5, height: 12, fill: shade }));
  const right = 20 + 2 * book.shades.length;
  return picture(right + 60, 16, fill(_("Colours: dark is 0, light is {most}."), { most }),
    label(14, 13, "0", "", false), ...shades, svg("text", { x: right + 6, y: 13, class: "label" }, most));
}
