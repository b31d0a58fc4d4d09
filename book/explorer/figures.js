// Draw the figures as SVG. Colours are the shades of the book's other figures.

const CELL = 40;
const MOST_WITH_NUMBERS = 16; // a figure of more columns has smaller cells, without numbers
const SMALL_CELL = 24;
const LETTER = 7.4; // the width of a letter of a label, on the average
const LONGEST = 16; // letters of a label

function shortened(text) {
  const letters = Array.from(text);
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : text;
}

function labelWidth(texts) {
  return Math.max(...texts.map((text) => Array.from(text).length)) * LETTER + 16;
}

function label(x, y, text, role, turned) {
  const attributes = { x, y, class: `label ${role}`, "text-anchor": turned ? "start" : "end" };
  if (turned) attributes.transform = `rotate(-55 ${x} ${y})`;
  return svg("text", attributes, text);
}

function cell(x, y, width, height, share, title, number) {
  const place = Math.round(Math.min(1, Math.max(0, share)) * (data.shades.length - 1));
  const [fill, ink] = data.shades[place];
  const box = { x: x + 2, y: y + 2, width: width - 4, height: height - 4, fill, class: "cell" };
  const group = svg("g", {}, svg("title", {}, title), svg("rect", box));
  if (number !== null) {
    const middle = { x: x + width / 2, y: y + height / 2 + 4, fill: ink, class: "number" };
    group.append(svg("text", middle, number));
  }
  return group;
}

function frame(x, y, width, height, kind) {
  return svg("rect", { x: x + 1, y: y + 1, width: width - 2, height: height - 2, class: `frame ${kind}` });
}

function unitLabels(sentence, reading) {
  const roles = sentence.units.map(() => ({ role: "", mark: "" }));
  sentence.words.forEach((word, index) => { roles[word.unit] = markOf(reading, index); });
  return sentence.units.map((unit, place) => {
    const { role, mark } = roles[place];
    return { role, text: mark ? `${mark} ${shortened(unit)}` : shortened(unit) };
  });
}

function drawMatrix(sentence, reading, row, from) {
  const attention = attentionOf(sentence, reading.rows, row);
  const labels = unitLabels(sentence, reading);
  const size = labels.length;
  const most = largestIn(attention, size);
  const side = size > MOST_WITH_NUMBERS ? SMALL_CELL : CELL;
  const left = Math.max(labelWidth(labels.map((each) => each.text)), 70);
  const top = left * 0.82 + 8;
  const bottom = top + size * side + 10;
  const parts = [];
  labels.forEach(({ text, role }, place) => {
    parts.push(label(left + place * side + side / 2, top - 6, text, role, true));
    parts.push(label(left - 6, top + place * side + side / 2 + 4, text, role, false));
    labels.forEach((_, key) => {
      const value = attention(place, key);
      const title = `from ${sentence.units[place]} to ${sentence.units[key]}: ${fixed(value, 3)}`;
      const number = side === CELL ? fixed(value, 2) : null;
      parts.push(cell(left + key * side, top + place * side, side, side, value / most, title, number));
    });
  });
  if (from !== null) parts.push(frame(left, top + from * side, size * side, side, "chosen"));
  parts.push(...sumsLine(sentence, reading, row, { left, bottom, side }));
  parts.push(label(left - 6, top - 22, "to →", "", false), label(left - 6, top - 6, "from ↓", "", false));
  const what = `Attention in ${rowName(reading, row)}, from each word in a row to each word in a column.`;
  return picture(left + size * side + left * 0.6, bottom + 26, what, ...parts);
}

function largestIn(attention, size) {
  const places = [...Array(size).keys()];
  return Math.max(...places.flatMap((query) => places.map((key) => attention(query, key))));
}

function sumsLine(sentence, reading, row, { left, bottom, side }) {
  const words = new Map(sentence.words.map((word, index) => [word.unit, index]));
  const texts = sentence.units.map((_, unit) => {
    const received = words.has(unit) ? receivedOf(reading, row, words.get(unit)) : null;
    const text = received === null ? "–" : fixed(received, side === CELL ? 2 : 1);
    const kind = received === null ? "dropped" : "sum";
    return svg("text", { x: left + unit * side + side / 2, y: bottom + 14, class: `number ${kind}` }, text);
  });
  return [label(left - 6, bottom + 14, "received", "", false), ...texts];
}

function drawReceived(sentence, reading) {
  const names = reading.candidates.map((word) => shortened(textOf(sentence, word)));
  const small = names.length > MOST_WITH_NUMBERS;
  const [width, height] = small ? [SMALL_CELL, SMALL_CELL] : [CELL, 28];
  const left = 66;
  const top = (labelWidth(names) + 14) * 0.82 + 8;
  const place = { left, top, width, height, small, right: left + names.length * width };
  const heads = names.map((name, column) => {
    const { role, mark } = markOf(reading, reading.candidates[column]);
    const text = mark ? `${mark} ${name}` : name;
    return label(left + column * width + width / 2, top - 6, text, role, true);
  });
  const rows = reading.received.flatMap((_, row) => receivedRow(sentence, reading, row, place));
  const what = `Received attention: a row for each ${reading.rowKind}, `
    + "a column for each word that can be chosen.";
  const bottom = top + reading.received.length * height;
  return picture(place.right + 200, bottom + 4, what, ...heads, ...rows);
}

function receivedRow(sentence, reading, row, { left, top, width, height, small, right }) {
  const y = top + row * height;
  const most = Math.max(...reading.received.flat());
  const framed = (word, kind) =>
    frame(left + reading.candidates.indexOf(word) * width, y, width, height, kind);
  const cells = reading.received[row].map((value, column) => {
    const word = textOf(sentence, reading.candidates[column]);
    const title = `${word} in ${rowName(reading, row)}: ${fixed(value, 3)}`;
    const number = small ? null : fixed(value, 2);
    return cell(left + column * width, y, width, height, value / most, title, number);
  });
  const isFocusRow = row === reading.focusRow;
  const ballot = ballotsOf(reading).get(row);
  const notes = isFocusRow ? ["names ◆"] : [];
  const frames = [framed(reading.leaders[row], "winner")];
  if (ballot !== undefined) {
    notes.push(`votes for “${shortened(textOf(sentence, ballot))}”`);
    frames.push(framed(ballot, "second"));
  }
  const middle = y + height / 2 + 4;
  const name = label(left - 6, middle, `${reading.rowKind} ${row}`, isFocusRow ? "focus" : "", false);
  const note = svg("text", { x: right + 8, y: middle, class: "label" }, notes.join(", "));
  return [name, ...cells, ...frames, note];
}

function drawVotes(sentence, reading) {
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
    const said = { focus: "the focus word cannot be voted for", related: `${votes}, the related word` };
    return svg("g", { class: "bar" },
      label(left - 6, y + 19, names[place], role, false),
      svg("rect", { x: left, y: y + 5, width: votes * unit, height: 20, class: role || "other" }),
      svg("text", { x: left + votes * unit + 6, y: y + 19, class: "label" }, said[role] ?? `${votes}`));
  });
  const most = Math.max(...shown.map(({ votes }) => votes));
  return picture(left + most * unit + 230, shown.length * height, "Votes for each word, as bars.", ...parts);
}

// The scale of a grid's colours, from 0 to its largest number.
function drawScale(most) {
  const shades = data.shades.map(([fill], place) =>
    svg("rect", { x: 20 + 2 * place, y: 2, width: 2.5, height: 12, fill }));
  const right = 20 + 2 * data.shades.length;
  return picture(right + 60, 16, `Colours: dark is 0, light is ${most}.`,
    label(14, 13, "0", "", false), ...shades, svg("text", { x: right + 6, y: 13, class: "label" }, most));
}

// The coordinates in groups in which the trends behave alike, those with the largest sum first. The
// last strip is the sum. The book's figures have the same order: see `trendlib/show/coordinates.py`.
function groupsOf(strips) {
  const trends = strips.slice(0, -1);
  const { values: sum } = strips.at(-1);
  const all = trends.length > 1 ? "both " : "";
  const at = (place) => trends.map(({ values }) => values[place]);
  const kindOf = (place) => {
    const known = at(place).filter((value) => value !== null);
    if (!known.length) return `${all}undefined`;
    if (known.length < trends.length) return `only ${trends[at(place).findIndex((value) => value !== null)].word}`;
    if (known.every((value) => value > 0)) return `${all}grew`;
    return known.every((value) => value < 0) ? `${all}shrank` : all ? "opposite" : "mixed";
  };
  const names = [`${all}grew`, all ? "opposite" : "mixed", `${all}shrank`,
    ...trends.map(({ word }) => `only ${word}`), `${all}undefined`];
  const places = new Map(names.map((name) => [name, []]));
  sum.forEach((_, place) => places.get(kindOf(place)).push(place));
  for (const members of places.values()) members.sort((one, other) => (sum[other] ?? 0) - (sum[one] ?? 0));
  return [...places].filter(([, members]) => members.length);
}

// A strip: bars up and down from a middle line, and hatching where there is no number. It is
// stretched to the width that there is, so that nothing with a shape of its own may stand in it.
// The ten coordinates of the table below have a mark at the foot.
function drawStrip(strip, groups, at) {
  const order = groups.flatMap(([, places]) => places);
  const [height, middle] = [54, 24];
  const parts = { undefined: [], hatch: [], grew: [], shrank: [], window: [] };
  order.forEach((place, x) => {
    const value = strip.values[place];
    if (place >= at && place < at + 10) parts.window.push(`M${x} 50h1v4h-1z`);
    if (value === null) {
      parts.undefined.push(`M${x} 0h1v${2 * middle}h-1z`);
      if (x % 4 === 0) parts.hatch.push(`M${x} ${2 * middle}l4 ${-2 * middle}`);
      return;
    }
    const size = Math.min(1, Math.abs(value) / data.trendLimit) * middle;
    const kind = value > 0 ? "grew" : "shrank";
    parts[kind].push(`M${x} ${middle}v${(value > 0 ? -size : size).toFixed(1)}h1V${middle}z`);
  });
  const ends = groups.map(([, places]) => places.length).map((_, last, sizes) =>
    sizes.slice(0, last + 1).reduce((one, other) => one + other));
  const borders = ends.slice(0, -1).map((x) => `M${x} 0v${2 * middle}`);
  const defined = strip.values.filter((value) => value !== null).length;
  const what = `Trend strip of ${strip.name}: ${defined} of ${order.length} coordinates are defined.`;
  const drawn = picture(order.length, height, what,
    ...Object.entries(parts).map(([kind, paths]) => svg("path", { d: paths.join(""), class: kind })),
    svg("path", { d: borders.join(""), class: "border" }),
    svg("path", { d: `M0 ${middle}h${order.length}`, class: "zero" }));
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.removeAttribute("width");
  drawn.style.minWidth = `${order.length}px`;
  return drawn;
}

function stripText(values) {
  const defined = values.filter((value) => value !== null);
  const sizes = values.map((value) => Math.abs(value ?? 0));
  const largest = sizes.indexOf(Math.max(...sizes));
  const cut = sizes.filter((size) => size > data.trendLimit).length;
  const beyond = cut ? `; ${cut} cut, the largest ${fixed(values[largest], 2)} in coordinate ${largest}` : "";
  return `, defined in ${defined.length} of ${values.length} coordinates${beyond}`;
}

function drawStrips(strips, at) {
  const groups = groupsOf(strips);
  const blocks = strips.map((strip) => {
    const text = html("p", {}, html("strong", {}, strip.name), stripText(strip.values));
    return html("div", { class: "strip" }, text, drawStrip(strip, groups, at));
  });
  const names = groups.map(([name, places]) => html("li", {}, `${name}: ${places.length}`));
  return [html("ul", { class: "groups", "aria-label": "Groups of coordinates, from left to right" }, ...names), ...blocks];
}
