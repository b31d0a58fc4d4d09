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

// A strip: bars up and down from a middle line, and grey columns where there is no number. It is
// stretched to the width that there is, so that nothing with a shape of its own may stand in it.
function drawStrip(strip, at) {
  const { values } = strip;
  const [height, middle] = [48, 24];
  const up = [], down = [], gaps = [];
  values.forEach((value, place) => {
    if (value === null) return gaps.push(`M${place} 0h1v${height}h-1z`);
    const size = Math.min(1, Math.abs(value) / data.trendLimit) * middle;
    return value > 0
      ? up.push(`M${place} ${middle}v${(-size).toFixed(1)}h1V${middle}z`)
      : down.push(`M${place} ${middle}v${size.toFixed(1)}h1V${middle}z`);
  });
  const defined = values.length - gaps.length;
  const what = `Trend strip of ${strip.name}: ${defined} of ${values.length} coordinates are defined.`;
  const drawn = picture(values.length, height, what,
    svg("path", { d: gaps.join(""), class: "undefined" }),
    svg("path", { d: up.join(""), class: "up" }),
    svg("path", { d: down.join(""), class: "down" }),
    svg("path", { d: `M0 ${middle}h${values.length}`, class: "zero" }),
    svg("rect", { x: at, y: 0, width: Math.min(10, values.length - at), height, class: "window" }));
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.removeAttribute("width");
  drawn.style.minWidth = `${values.length}px`;
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
  const blocks = strips.map((strip) => {
    const text = html("p", {}, html("strong", {}, strip.name), stripText(strip.values));
    return html("div", { class: "strip" }, text, drawStrip(strip, at));
  });
  const count = strips[0].values.length;
  const ticks = Array.from({ length: Math.ceil(count / 100) }, (_, place) => {
    const tick = html("span", {}, `${place * 100}`);
    tick.style.left = `${(place * 10000) / count}%`;
    return tick;
  });
  const axis = html("div", { class: "axis", "aria-hidden": "true" }, ...ticks);
  axis.style.minWidth = `${count}px`;
  return [...blocks, axis];
}
