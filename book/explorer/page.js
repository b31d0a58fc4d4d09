// Keep what the reader has chosen, in the address too, and show it.

const ids = data.groups.flatMap(({ sentences }) => sentences);
const readingNames = data.readings.map(({ name }) => name);
const shown = { sentence: null, reading: null }; // what the parts that change seldom show

// What is shown before anything is chosen. A row of null is the one that names the focus word.
function startOf(sentence) {
  return { sentence, reading: readingNames[0], row: null, from: null, at: 0 };
}

const MOST_SAID = 8; // of a long sentence's words, the table has all

let state = startOf(ids[0]);

// Only what differs from the start stands in an address; a sentence always does. The book's theme
// takes what is after "#" for a CSS selector, so that it may hold letters, figures and hyphens only.
function addressOf(view) {
  const usual = startOf(null);
  const chosen = Object.entries(view).filter(([name, value]) => value !== usual[name]);
  return `#${chosen.map(([name, value]) => `${name}-${value}`).join("--")}`;
}

function askedIn(address) {
  const parts = address.replace(/^#/, "").split("--").map((part) => part.split("-"));
  return new Map(parts.map(([name, ...value]) => [name, value.join("-")]));
}

// Read a view from an address; what the page does not have is said, and left as at the start.
function viewIn(address) {
  const asked = askedIn(address);
  const problems = [];
  const choose = (name, choices, otherwise) => {
    if (!asked.has(name)) return otherwise;
    const found = choices.find((choice) => `${choice}` === asked.get(name));
    if (found === undefined) problems.push(`no ${name} “${asked.get(name)}”`);
    return found ?? otherwise;
  };
  const view = startOf(choose("sentence", ids, ids[0]));
  view.reading = choose("reading", readingNames, view.reading);
  const sentence = data.sentences[view.sentence];
  const reading = sentence.readings[view.reading];
  view.row = choose("row", [...reading.received.keys()], null);
  view.from = choose("from", [...sentence.units.keys()], null);
  view.at = choose("at", Array.from({ length: coordinates() }, (_, place) => place), 0);
  return { view, problems };
}

function coordinates() {
  const sentence = data.sentences[ids[0]];
  return bytes(Object.values(sentence.strips)[0]).byteLength / 4;
}

function change(changes) {
  state = { ...state, ...changes };
  history.replaceState(null, "", addressOf(state));
  show([]);
}

// The page has other anchors too, such as its headings'.
function isView(address) {
  return [...askedIn(address).keys()].some((name) => name in startOf(null));
}

function followAddress() {
  const { view, problems } = viewIn(location.hash);
  state = view;
  show(problems);
}

function show(problems) {
  const sentence = data.sentences[state.sentence];
  const reading = sentence.readings[state.reading];
  const row = state.row ?? reading.focusRow;
  const strips = stripsOf(sentence, reading);
  showProblems(problems);
  showControls(sentence, reading, row);
  showSentence(sentence, reading);
  showMatrix(sentence, reading, row);
  if (shown.sentence !== sentence || shown.reading !== reading) {
    showReceived(sentence, reading);
    showVotes(sentence, reading);
  }
  showStrips(strips);
  Object.assign(shown, { sentence, reading });
}

function showProblems(problems) {
  const box = byId("problem");
  box.hidden = problems.length === 0;
  const text = `The address of this page asks for something that does not exist: ${problems.join("; ")}. Please choose below.`;
  say(box, box.hidden ? "" : text);
}

function showControls(sentence, reading, row) {
  if (shown.reading?.name !== state.reading) {
    for (const option of byId("sentence").querySelectorAll("option")) {
      const outcome = outcomeOf(data.sentences[option.value].readings[state.reading]);
      option.textContent = data.sentences[option.value].sentence + (outcome && ` (${outcome})`);
    }
  }
  if (shown.sentence !== sentence) {
    fillOverview(byId("overview"), state.sentence, sentence);
    const units = sentence.units.map((unit, place) => html("option", { value: place }, unit));
    byId("from").replaceChildren(html("option", { value: "" }, "all words"), ...units);
  }
  if (shown.reading !== reading) {
    const rows = reading.received.map((_, place) => {
      const names = place === reading.focusRow ? " (names the focus word)" : "";
      return html("option", { value: place }, rowName(reading, place) + names);
    });
    byId("row").replaceChildren(...rows);
  }
  byId("sentence").value = state.sentence;
  byId("row").value = row;
  byId("from").value = state.from ?? "";
  byId("at").value = state.at;
  byId("link").href = addressOf(state);
  byId("readings").querySelector(`[value="${state.reading}"]`).checked = true;
  const { name, note } = data.readings.find((each) => each.name === state.reading);
  say(byId("note"), `The reading “${name}”: ${note}.`);
  byId("overview").querySelectorAll("tbody tr").forEach((line, place) => {
    const link = line.querySelector("a");
    if (readingNames[place] === state.reading) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
}

function showSentence(sentence, reading) {
  const letters = Array.from(sentence.sentence);
  const parts = [];
  let end = 0;
  sentence.words.forEach((word, index) => {
    parts.push(letters.slice(end, word.start).join(""));
    const text = textOf(sentence, index);
    const { role, mark } = markOf(reading, index);
    const said = html("span", { class: "role" }, `${mark} ${role}`);
    parts.push(role ? html("mark", { class: role }, html("span", { class: "word" }, text), said) : text);
    end = word.end;
  });
  byId("shown").replaceChildren(...parts, letters.slice(end).join(""));
  const split = sentence.words.filter(({ pieces }) => pieces.length > 1);
  const pieces = split.map((word) => `${sentence.units[word.unit]} = ${word.pieces.join(" ")}`);
  say(byId("pieces"), pieces.length ? `Word pieces: ${pieces.join("; ")}` : "No word is split into pieces.");
  // The only markup in the data: the package writes it, with the sentence in it escaped.
  byId("marks").innerHTML = sentence.marks;
  if (shown.reading !== reading) byId("summary").innerHTML = reading.texts.join("");
}

function showMatrix(sentence, reading, row) {
  const figure = byId("matrix");
  const most = fixed(largestIn(attentionOf(sentence, reading.rows, row), sentence.units.length), 2);
  const drawn = drawMatrix(sentence, reading, row, state.from);
  figure.querySelector(".wide").replaceChildren(drawn, drawScale(most));
  say(figure.querySelector(".looks"), looksText(sentence, reading, row));
  fillMatrix(figure.querySelector("table"), sentence, reading, row);
}

function looksText(sentence, reading, row) {
  if (state.from === null) return "";
  const attention = attentionOf(sentence, reading.rows, row);
  const shares = sentence.units.map((unit, key) => ({ unit, share: attention(state.from, key) }))
    .sort((one, other) => other.share - one.share)
    .slice(0, MOST_SAID)
    .map(({ unit, share }) => `${fixed(share, 3)} to “${unit}”`);
  const where = `From “${sentence.units[state.from]}” in ${rowName(reading, row)}`;
  return `${where}, the largest first: ${shares.join(", ")}.`;
}

function showReceived(sentence, reading) {
  const figure = byId("received");
  const most = fixed(Math.max(...reading.received.flat()), 2);
  figure.querySelector(".wide").replaceChildren(drawReceived(sentence, reading), drawScale(most));
  const dropped = sentence.words.map((_, index) => index)
    .filter((index) => !reading.candidates.includes(index))
    .map((index) => `“${textOf(sentence, index)}”`);
  const left = dropped.length ? ` Left out, because they are not candidates: ${dropped.join(", ")}.` : "";
  say(figure.querySelector("figcaption"), "A solid frame marks the word that is first in its row, a "
    + `dashed frame the word that is second where the focus word is first.${left} ${source}`);
  fillReceived(figure.querySelector("table"), sentence, reading);
}

function showVotes(sentence, reading) {
  const figure = byId("votes");
  const { votingRows } = reading;
  const { ties } = data.readings.find((each) => each.name === state.reading);
  const taken = ties === "first" ? "the first of them wins" : "the one with more attention wins";
  const led = `${votingRows.length} of ${reading.received.length} ${reading.rowKind}s`;
  figure.querySelector(".wide").replaceChildren(drawVotes(sentence, reading));
  say(figure.querySelector(".decided"), decidedText(reading));
  say(figure.querySelector("figcaption"), `The focus word is first in ${led}, and these vote. If `
    + `votes are equal, ${taken}. Attention mass is what a word receives in these ${reading.rowKind}s together. ${source}`);
  fillVotes(figure.querySelector("table"), sentence, reading);
}

function decidedText({ related, votingRows }) {
  if (related.none) return `No related word: ${related.none}.`;
  const tie = related.tied ? "; another word has as many votes" : "";
  return `Decided by ${related.decidedBy}: ${related.votes} of ${votingRows.length} votes, `
    + `attention mass ${fixed(related.mass, 3)}${tie}.`;
}

function showStrips(strips) {
  const figure = byId("strips");
  const limit = fixed(data.trendLimit, 1);
  figure.querySelector(".wide").replaceChildren(...drawStrips(strips, state.at));
  say(figure.querySelector("figcaption"), "Coordinates stand in groups in which the trends "
    + "behave alike, sorted by the sum. Bars go up where the last vector is larger than the first, down "
    + "where it is smaller; hatched is undefined, which is not zero. All sentences have one scale; bars "
    + `beyond ±${limit} are cut. Marks at the foot are the ten coordinates of the table below. ${source}`);
  fillCoordinates(byId("coordinates"), strips, state.at);
}

function build() {
  const groups = data.groups.map(({ name, sentences }) => html("optgroup", { label: name },
    ...sentences.map((id) => html("option", { value: id }, data.sentences[id].sentence))));
  byId("sentence").replaceChildren(...groups);
  const radios = readingNames.map((name) => html("label", {},
    html("input", { type: "radio", name: "te-reading", value: name, autocomplete: "off" }), ` ${name}`));
  byId("readings").replaceChildren(...radios);
  byId("at").max = coordinates() - 1;
}

function listen() {
  const on = (id, changes) =>
    byId(id).addEventListener("change", ({ target }) => change(changes(target.value)));
  on("sentence", (sentence) => ({ sentence, from: null }));
  on("readings", (reading) => ({ reading, row: null }));
  on("row", (row) => ({ row: Number(row) }));
  on("from", (from) => ({ from: from === "" ? null : Number(from) }));
  on("at", (at) => ({ at: within(Math.trunc(Number(at)) || 0, coordinates() - 1) }));
  window.addEventListener("hashchange", () => isView(location.hash) && followAddress());
}

function within(number, most) {
  return Math.min(Math.max(number, 0), most);
}

build();
listen();
followAddress();
