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

// Write a number with so many decimals, as trendlib.show.numbers.fixed does. Both round the number
// itself; but of two that are equally near, toFixed takes the larger one, and Python the even one.
function fixed(value, places) {
  const size = Math.abs(value);
  const isHalfway = (size * 2 ** (places + 1)) % 2 === 1;
  const larger = size.toFixed(places);
  const text = isHalfway && larger.at(-1) % 2 ? (size * (1 - Number.EPSILON)).toFixed(places) : larger;
  return value < 0 && Number(text) ? `-${text}` : text;
}

// The coordinates of a strip; null where undefined.
function stripOf(sentence, key) {
  const view = bytes(sentence.strips[key]);
  return Array.from({ length: view.byteLength / 4 }, (_, place) => {
    const value = view.getFloat32(4 * place, true);
    return Number.isNaN(value) ? null : value;
  });
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
  return related.decidedBy === "position" ? "tie, the first one wins" : "tie, more attention wins";
}
