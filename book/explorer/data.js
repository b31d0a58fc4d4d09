// Read the page's data: see book/tools/explorer_data.py, which makes it.

const data = JSON.parse(byId("data").textContent);
const source = `Model: ${data.provenance.model}, ${data.provenance.dtype}.`;

function bytes(packed) {
  const text = atob(packed);
  return new DataView(Uint8Array.from(text, (character) => character.charCodeAt(0)).buffer);
}

// One matrix of a sentence, as a function of query and key.
function attentionOf(sentence, rows, row) {
  const view = bytes(sentence.attentions[rows]);
  const size = sentence.units.length;
  return (query, key) => {
    const place = (row * size + query) * size + key;
    return view.getUint16(2 * place, true) * data.attentionStep;
  };
}

// The coordinates of a strip; null where undefined.
function stripOf(sentence, key) {
  const view = bytes(sentence.strips[key]);
  return Array.from({ length: view.byteLength / 2 }, (_, place) => {
    const value = half(view.getUint16(2 * place, true));
    return Number.isNaN(value) ? null : value;
  });
}

// A number of half precision, from its bits: a sign, five of the exponent, ten of the fraction.
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
}

// The strips of a view, each with the words that name it.
function stripsOf(sentence, reading) {
  const { focus, related, sum } = reading.strips;
  const named = (word, role) => `“${textOf(sentence, word)}” (${role} word)`;
  const stripFor = (word, role, key) => ({ name: named(word, role), word: labelOf(sentence, reading, word), key });
  const strips = [stripFor(reading.focus.word, "focus", focus)];
  if (related !== null) strips.push(stripFor(reading.related.word, "related", related));
  strips.push({ name: "Sentence embedding", key: sum });
  return strips.map((strip) => ({ ...strip, values: stripOf(sentence, strip.key) }));
}

function textOf(sentence, word) {
  const { start, end } = sentence.words[word];
  // Offsets count characters as Python does; JavaScript counts some of them twice.
  return Array.from(sentence.sentence).slice(start, end).join("");
}

// A word that the sentence repeats gets its number, so that the two can be told apart.
function labelOf(sentence, reading, word) {
  const text = textOf(sentence, word);
  const same = reading.candidates.filter((other) => textOf(sentence, other) === text);
  return same.length > 1 ? `${shortened(text)} (${word})` : shortened(text);
}

// What a word is in a reading, also told by a mark: colour alone would not do.
function markOf(reading, word) {
  if (word === reading.focus.word) return { role: "focus", mark: "◆" };
  if (word === reading.related.word) return { role: "related", mark: "◇" };
  return { role: "", mark: "" };
}

function rowName(reading, row) {
  const where = reading.layer === null ? ", the mean of its heads" : ` of layer ${reading.layer}`;
  return `${reading.rowKind} ${row}${where}`;
}

// The words that come second in the rows that the focus word leads, by row.
function ballotsOf(reading) {
  return new Map(reading.runnersUp.map((word, place) => [reading.votingRows[place], word]));
}

function receivedOf(reading, row, word) {
  const column = reading.candidates.indexOf(word);
  return column < 0 ? null : reading.received[row][column];
}

// In a few words, how a sentence's related word came about.
function outcomeOf(reading) {
  const { related } = reading;
  if (related.none) return "no related word";
  if (!related.tied) return "";
  return related.decidedBy === "position" ? "tie, the first is taken" : `tie, ${related.decidedBy} decides`;
}
