// Keep what the reader has chosen, in the address too, and show it.

import { addressOf, coordinatesOf, isView, readingOf, startOf, typedIn, typedName, viewIn } from "./address.js";
import { attentionOf, book, readingNames, sentences, sourceOf } from "./book.js";
import { startBox } from "./box.js";
import { showBeside } from "./compare.js";
import { byId, control, html, paragraph, say, tableIn, within } from "./elements.js";
import { drawMatrix, drawReceived, drawScale, drawVotes, largestIn, mostReceived } from "./figures.js";
import { listenToGrid, showGrid } from "./grids.js";
import { _, fill } from "./messages.js";
import { fixed } from "./numbers.js";
import { relatedOf, rowName, stripsOf, textOf } from "./readings.js";
import { listSentences, markedSentence, nameOptions } from "./sentences.js";
import { listenToStrips, markReading, readingText, showStrips, WINDOW } from "./strips.js";
import { fillCoordinates, fillMatrix, fillOverview, fillReceived, fillVotes } from "./tables.js";
import { marksTexts, quoted, textsOf } from "./texts.js";

/** @typedef {import("./readings.js").Sentence} Sentence */
/** @typedef {import("./readings.js").Reading} Reading */
/** @typedef {import("./readings.js").Strip} Strip */
/** @typedef {import("./address.js").View} View */

const MOST_SAID = 8; // of a long sentence's words, the table has all
const MOST_AT_ONCE = 40; // of a sentence with more words and special tokens, parts are drawn in turn
const SETTLED = 250; // milliseconds without a change, after which the address is written

/** @type {{ sentence: Sentence | null, reading: Reading | null, row: number | null, count: number }} */
const shown = { sentence: null, reading: null, row: null, count: 0 }; // what most changes leave alone
/** @type {Strip[]} */
let strips = [];
let state = startOf([...sentences.keys()][0]);
let waiting = ""; // an address with a sentence of its author's that has not been run here yet
/** @type {ReturnType<typeof setTimeout> | undefined} */
let writing;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let drawing;

/**
 * @param {Partial<View>} changes
 */
function change(changes) {
  state = { ...state, ...changes };
  waiting = "";
  writeAddress();
  show([]);
}

function writeAddress() {
  clearTimeout(writing);
  const address = addressOf(state);
  history.replaceState(null, "", address);
  showLink();
}

function showLink() {
  byId("link").setAttribute("href", waiting || addressOf(state));
}

function followAddress() {
  const unknown = typedIn(location.hash).filter((text) => !sentences.has(typedName(text)));
  waiting = unknown.length ? location.hash : "";
  const { view, problems } = viewIn(location.hash);
  if (waiting) box.offer(unknown);
  state = waiting ? startOf([...sentences.keys()][0]) : view;
  show(waiting ? [] : problems);
}

/**
 * Show a sentence that the reader typed, with the choices of the link that brought it, if one did.
 * It comes twice: when its words are known, and when its trends are. Whoever looks at another one by
 * then goes on to do so.
 *
 * @param {Sentence} sentence
 */
function showTyped(sentence) {
  const name = typedName(sentence.sentence);
  const before = sentences.get(name);
  const isFollowing = before !== undefined && !coordinatesOf(before) && coordinatesOf(sentence) > 0;
  sentences.set(name, sentence);
  const texts = typedIn(waiting);
  if (texts.includes(sentence.sentence)) state = viewIn(waiting).view;
  else if (state.sentence !== name && !isFollowing) state = { ...state, sentence: name, row: null, from: null };
  if (texts.every((text) => sentences.get(typedName(text))?.readings[state.reading]?.strips)) waiting = "";
  if (!waiting) writeAddress();
  show([]);
}

/**
 * @param {string[]} problems
 */
function show(problems) {
  const sentence = /** @type {Sentence} */ (sentences.get(state.sentence));
  const reading = readingOf(sentence, state.reading);
  const row = state.row ?? reading.focusRow;
  const isNew = shown.sentence !== sentence || shown.reading !== reading;
  if (isNew) strips = stripsOf(sentence, reading);
  showProblems(problems);
  showControls(sentence, reading, row);
  const parts = [() => showMatrix(sentence, reading, row)];
  if (isNew) {
    showSentence(sentence, reading);
    parts.push(() => showVotes(sentence, reading), () => showTrends(sentence, reading));
  }
  if (isNew || shown.row !== row) parts.push(() => showReceived(sentence, reading, row));
  parts.push(showComparison, () => {
    if (strips.length) showCoordinates(sentence);
    Object.assign(shown, { sentence, reading, row });
  });
  drawInTurn(parts, sentence.units.length > MOST_AT_ONCE);
}

/**
 * Draw the parts of the page; those of a long sentence one after the other, so that the page answers
 * in between. If something else is to be shown meanwhile, all is drawn anew.
 *
 * @param {(() => void)[]} parts
 * @param {boolean} isLong
 */
function drawInTurn(parts, isLong) {
  clearTimeout(drawing);
  const next = () => {
    parts.shift()?.();
    if (parts.length && isLong) drawing = setTimeout(next);
    else if (parts.length) next();
  };
  next();
}

/**
 * @param {string[]} problems
 */
function showProblems(problems) {
  const place = byId("problem");
  place.hidden = problems.length === 0;
  say(place, place.hidden ? "" : fill(
    _("The address of this page asks for something that does not exist: {problems}. Please choose below."),
    { problems: problems.join(_("; ")) },
  ));
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} row
 */
function showControls(sentence, reading, row) {
  if (shown.count !== sentences.size) {
    listSentences(control("sentence"));
    listSentences(control("beside"));
    control("beside").prepend(html("option", { value: "" }, _("no other sentence")));
    shown.count = sentences.size;
    shown.reading = null;
  }
  if (shown.reading === null || byId("note").dataset.reading !== state.reading || shown.sentence !== sentence) {
    nameOptions(control("sentence"), state.reading);
    nameOptions(control("beside"), state.reading);
  }
  if (shown.sentence !== sentence) {
    fillOverview(tableIn(byId("overview")), state.sentence, sentence);
    const units = sentence.units.map((unit, place) => html("option", { value: place }, unit));
    byId("from").replaceChildren(html("option", { value: "" }, _("all words")), ...units);
  }
  if (shown.reading !== reading) showRows(reading);
  control("sentence").value = state.sentence;
  control("beside").value = state.beside ?? "";
  control("row").value = `${row}`;
  control("from").value = `${state.from ?? ""}`;
  showLink();
  showReadings(sentence, reading);
}

/**
 * @param {Reading} reading
 */
function showRows(reading) {
  const rows = reading.received.map((_values, place) => {
    const name = rowName(reading, place);
    const text = place === reading.focusRow ? fill(_("{row} (names the focus word)"), { row: name }) : name;
    return html("option", { value: place }, text);
  });
  byId("row").replaceChildren(...rows);
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
function showReadings(sentence, reading) {
  /** @type {NodeListOf<HTMLInputElement>} */
  const choices = byId("readings").querySelectorAll("input");
  for (const choice of choices) {
    choice.checked = choice.value === state.reading;
    choice.disabled = !(choice.value in sentence.readings);
  }
  const { name, note } = /** @type {(typeof book.readings)[0]} */ (book.readings.find((each) => each.name === state.reading));
  byId("note").dataset.reading = name;
  say(byId("note"), fill(_("The reading “{name}”: {note}."), { name, note: _(note) }));
  const [first] = Object.keys(sentence.readings);
  const lacking = sentence.printed ? _("The article printed nothing for the reading “{name}”: this is “{first}”.")
    : _("The reading “{name}” needs all layers. Until they are there, this is “{first}”.");
  say(byId("lacking"), sentence.readings[name] === reading ? "" : fill(lacking, { name, first }));
  for (const link of byId("overview").querySelectorAll("a")) {
    if (link.textContent === name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
function showSentence(sentence, reading) {
  byId("shown").replaceChildren(...markedSentence(sentence, reading));
  const split = sentence.words.filter(({ pieces }) => pieces.length > 1)
    .map((word) => `${sentence.units[word.unit]} = ${word.pieces.join(" ")}`);
  say(byId("pieces"), split.length ? fill(_("Word pieces: {pieces}"), { pieces: split.join(_("; ")) })
    : _("No word is split into pieces."));
  say(byId("marks"), marksTexts(sentence).join(" "));
  byId("summary").replaceChildren(...textsOf(sentence, reading).map(paragraph));
  say(byId("source"), sentence.printed ? _("These are the numbers that the article printed. What it did not print is left out here.") : "");
  const { model } = sentence.printed ?? book.provenance;
  say(byId("model"), model);
  byId("format").hidden = sentence.printed !== undefined;
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} row
 */
function showMatrix(sentence, reading, row) {
  const figure = byId("matrix");
  const attention = attentionOf(sentence, reading.rows, row);
  const place = within(figure, ".wide");
  for (const part of figure.children) /** @type {HTMLElement} */ (part).hidden = attention === null;
  byId("unprinted").hidden = attention !== null;
  fillMatrix(tableIn(figure), sentence, reading, row);
  if (attention === null) return;
  const most = fixed(largestIn(attention, sentence.units.length), 2);
  showGrid(place, drawMatrix(sentence, reading, row, state.from, attention),
    _("Words: choose the one from which attention goes"), state.from);
  within(place, ".scale").replaceChildren(drawScale(most));
  say(within(figure, ".looks"), looksText(sentence, reading, row, attention));
  say(within(figure, "figcaption"), fill(_("A row shows where a word looks, and adds up to 1. The last line has the sum of each column, the word's received attention; with the reading “mean-pieces”, the sum for a word of several pieces is divided by their number. ◆ marks the focus word, ◇ the related word. Click a word, or choose it with the arrow keys and Enter, to read where it looks. {source}"), { source: sourceOf(sentence) }));
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} row
 * @param {(query: number, key: number) => number} attention
 */
function looksText(sentence, reading, row, attention) {
  const { from } = state;
  if (from === null) return "";
  const shares = sentence.units.map((unit, key) => ({ unit, share: attention(from, key) }))
    .sort((one, other) => other.share - one.share)
    .slice(0, MOST_SAID)
    .map(({ unit, share }) => fill(_("{share} to “{word}”"), { share: fixed(share, 3), word: unit }));
  return fill(_("From “{word}” in {row}, the largest first: {shares}."), {
    word: sentence.units[from], row: rowName(reading, row), shares: shares.join(_(", ")),
  });
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 * @param {number} row
 */
function showReceived(sentence, reading, row) {
  const figure = byId("received");
  const place = within(figure, ".wide");
  const what = reading.layer === null ? _("Layers: choose the one whose matrix is shown") : _("Heads: choose the one whose matrix is shown");
  showGrid(place, drawReceived(sentence, reading), what, row);
  within(place, ".scale").replaceChildren(drawScale(fixed(mostReceived(reading), 2)));
  const dropped = sentence.words.map((_word, index) => index)
    .filter((index) => !reading.candidates.includes(index))
    .map((index) => quoted(textOf(sentence, index)));
  const left = dropped.length
    ? fill(_(" Left out, because they are not candidates: {words}."), { words: dropped.join(_(", ")) }) : "";
  say(within(figure, "figcaption"), fill(_("A solid frame marks the word that is first in its row, a dashed frame the word that is second where the focus word is first. Click a row, or choose it with the arrow keys and Enter, to see its matrix above.{left} {source}"), { left, source: sourceOf(sentence) }));
  fillReceived(tableIn(figure), sentence, reading);
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
function showVotes(sentence, reading) {
  const figure = byId("votes");
  within(figure, ".wide").replaceChildren(drawVotes(sentence, reading));
  say(within(figure, ".decided"), decidedText(reading));
  const texts = reading.layer === null ? {
    first: _("The focus word is first in {led} of {all} layers, and these vote. If votes are equal, the first of them wins. Attention mass is what a word receives in these layers together. {source}"),
    mass: _("The focus word is first in {led} of {all} layers, and these vote. If votes are equal, the one with more attention wins. Attention mass is what a word receives in these layers together. {source}"),
  } : {
    first: _("The focus word is first in {led} of {all} heads, and these vote. If votes are equal, the first of them wins. Attention mass is what a word receives in these heads together. {source}"),
    mass: _("The focus word is first in {led} of {all} heads, and these vote. If votes are equal, the one with more attention wins. Attention mass is what a word receives in these heads together. {source}"),
  };
  const isFirst = book.readings.find(({ name }) => sentence.readings[name] === reading)?.ties === "first";
  say(within(figure, "figcaption"), fill(isFirst ? texts.first : texts.mass, {
    led: reading.votingRows.length, all: reading.received.length, source: sourceOf(sentence),
  }));
  fillVotes(tableIn(figure), sentence, reading);
}

/**
 * @param {Reading} reading
 */
function decidedText(reading) {
  const { related, votingRows } = reading;
  if ("none" in related) return fill(_("No related word: {reason}."), { reason: _(related.none) });
  /** @type {Record<string, string>} */
  const texts = {
    votes: _("Decided by votes: {votes} of {led} votes, attention mass {mass}."),
    position: _("Decided by position: {votes} of {led} votes, attention mass {mass}; another word has as many votes."),
    "attention mass": _("Decided by attention mass: {votes} of {led} votes, attention mass {mass}; another word has as many votes."),
  };
  return fill(texts[related.decidedBy], { votes: related.votes, led: votingRows.length, mass: fixed(related.mass, 3) });
}

/**
 * @param {Sentence} sentence
 * @param {Reading} reading
 */
function showTrends(sentence, reading) {
  const figure = byId("strips");
  const known = strips.length > 0;
  byId("trends").hidden = !known;
  byId("later").hidden = known;
  if (!known) return;
  const limit = fixed(book.trendLimit, 1);
  showStrips(within(figure, ".wide"), strips);
  const text = _("Coordinates stand in groups in which the trends behave alike, sorted by the sum. Bars go up where the last vector is larger than the first, down where it is smaller; hatched is undefined, which is not zero. All sentences have one scale; bars beyond ±{limit} are cut. Marks at the foot are the ten coordinates of the table below. Point at a strip, or use the arrow keys in it, to read one coordinate. {source}");
  const printed = _(" The article printed the first {shown} of {all} coordinates.");
  const first = sentence.printed
    ? fill(printed, { shown: strips[0].values.length, all: sentence.printed.coordinates }) : "";
  say(within(figure, "figcaption"), fill(text, { limit, source: sourceOf(sentence) }) + first);
  say(byId("strips-of"), relatedOf(reading) ? _("The two trends and their sum") : _("The trend, which is the embedding"));
  control("at").max = `${coordinatesOf(sentence) - 1}`;
}

/**
 * @param {Sentence} sentence
 */
function showCoordinates(sentence) {
  const { coordinate } = state;
  markReading(within(byId("strips"), ".wide"), state.at, coordinate);
  say(byId("read"), coordinate === null ? "" : readingText(strips, coordinate));
  control("at").value = `${state.at}`;
  fillCoordinates(/** @type {HTMLTableElement} */ (byId("coordinates")), sentence, strips, state.at, coordinate);
}

/**
 * Read one coordinate. This comes with every move of the pointer, so that the rest is left alone.
 *
 * @param {number} coordinate
 */
function readCoordinate(coordinate) {
  if (coordinate === state.coordinate) return;
  const isInTable = coordinate >= state.at && coordinate < state.at + WINDOW;
  state = { ...state, coordinate, at: isInTable ? state.at : coordinate - (coordinate % WINDOW) };
  waiting = "";
  showCoordinates(/** @type {Sentence} */ (sentences.get(state.sentence)));
  clearTimeout(writing);
  writing = setTimeout(writeAddress, SETTLED);
}

function showComparison() {
  const names = state.beside === null ? [] : [state.sentence, state.beside];
  showBeside(byId("columns"), names, state.reading);
}

function build() {
  const radios = readingNames.map((name) => html("label", {},
    html("input", { type: "radio", name: "te-reading", value: name, autocomplete: "off" }), ` ${name}`));
  byId("readings").replaceChildren(...radios);
}

/**
 * @param {string} id
 * @param {(value: string) => Partial<View>} changes
 */
function listenTo(id, changes) {
  byId(id).addEventListener("change", ({ target }) => change(changes(/** @type {HTMLInputElement} */ (target).value)));
}

function listen() {
  listenTo("sentence", (sentence) => ({ sentence, from: null, row: null }));
  listenTo("beside", (beside) => ({ beside: beside || null }));
  listenTo("readings", (reading) => ({ reading, row: null }));
  listenTo("row", (row) => ({ row: Number(row) }));
  listenTo("from", (from) => ({ from: from === "" ? null : Number(from) }));
  listenTo("at", (at) => {
    const last = strips[0].values.length - 1;
    return { at: Math.min(Math.max(Math.trunc(Number(at)) || 0, 0), last), coordinate: null };
  });
  listenToGrid(within(byId("received"), ".wide"), (row) => change({ row }));
  listenToGrid(within(byId("matrix"), ".wide"), (from) => change({ from: from === state.from ? null : from }));
  listenToStrips(within(byId("strips"), ".wide"), readCoordinate);
  globalThis.addEventListener("hashchange", () => isView(location.hash) && followAddress());
}

build();
const box = startBox(showTyped);
listen();
followAddress();
