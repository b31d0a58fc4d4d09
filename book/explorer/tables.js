// Fill the tables, which say in numbers what the figures show.

const NUMBER = /^-?[0-9.]+$/;

function fillTable(table, caption, head, rows) {
  const heads = head.map((text) => html("th", { scope: "col" }, text));
  const cell = (text) =>
    (text === null ? html("td", { class: "undefined" }, "undefined")
      : html("td", NUMBER.test(text) ? { class: "number" } : {}, text));
  const body = rows.map(([name, ...cells]) =>
    html("tr", {}, html("th", { scope: "row" }, name), ...cells.map(cell)));
  table.replaceChildren(html("caption", {}, caption),
    html("thead", {}, html("tr", {}, ...heads)), html("tbody", {}, ...body));
}

function fillOverview(table, id, sentence) {
  const rows = data.readings.map(({ name }) => {
    const reading = sentence.readings[name];
    const { related } = reading;
    const link = html("a", { href: addressOf({ ...startOf(id), reading: name }) }, name);
    const found = related.none ? [`none: ${related.none}`, "–"]
      : [textOf(sentence, related.word), `${related.votes} of ${reading.votingRows.length}`];
    const tie = related.none ? "–" : outcomeOf(reading) || "no";
    return [link, textOf(sentence, reading.focus.word), ...found, tie];
  });
  fillTable(table, source, ["Reading", "Focus word", "Related word", "Votes", "Tie"], rows);
}

function fillMatrix(table, sentence, reading, row) {
  const attention = attentionOf(sentence, reading.rows, row);
  const rows = sentence.units.map((unit, query) =>
    [unit, ...sentence.units.map((_, key) => fixed(attention(query, key), 3))]);
  const caption = `Attention in ${rowName(reading, row)}. ${source}`;
  fillTable(table, caption, ["from \\ to", ...sentence.units], rows);
}

function fillReceived(table, sentence, reading) {
  const names = reading.candidates.map((word) => textOf(sentence, word));
  const ballots = ballotsOf(reading);
  const rows = reading.received.map((values, row) => [
    `${reading.rowKind} ${row}`,
    ...values.map((value) => fixed(value, 3)),
    textOf(sentence, reading.leaders[row]),
    ballots.has(row) ? textOf(sentence, ballots.get(row)) : "–",
  ]);
  fillTable(table, `Received attention. ${source}`, ["Row", ...names, "First", "Votes for"], rows);
}

function fillVotes(table, sentence, reading) {
  const rows = reading.candidates.map((word, column) =>
    [textOf(sentence, word), `${reading.votes[column]}`, markOf(reading, word).role || "–"]);
  fillTable(table, `Votes. ${source}`, ["Word", "Votes", "Chosen as"], rows);
}

function fillCoordinates(table, strips, at) {
  const count = Math.min(10, strips[0].values.length - at);
  const rows = Array.from({ length: count }, (_, place) => [
    `${at + place}`,
    ...strips.map(({ values }) => values[at + place] === null ? null : fixed(values[at + place], 2)),
  ]);
  fillTable(table, source, ["Coordinate", ...strips.map(({ name }) => name)], rows);
}
