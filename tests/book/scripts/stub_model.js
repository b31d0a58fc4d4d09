// A model that computes nothing: it knows the prepared sentences, and waits until a test lets it go on.

class StubError extends Error {
  constructor(kind, values = {}) {
    super(kind);
    Object.assign(this, { kind, values });
  }
}

const REFUSED = {
  "": new StubError("blank"),
  "...": new StubError("only punctuation"),
  "zzz": new StubError("no known word", { unknown: "[UNK]" }),
  "long": new StubError("too long", { tokens: 300, most: 256 }),
  "lost": new StubError("file missing", { file: "layer-3.js" }),
  "broken": new StubError("file damaged", { file: "layer-3.js" }),
  "odd": new Error("something odd"),
};

const gates = {};
for (const step of ["words", "all"]) {
  gates[step] = {};
  gates[step].passed = new Promise((resolve) => { gates[step].open = resolve; });
}

function firstLayer(sentence) {
  const readings = Object.entries(sentence.readings).filter(([, { layer }]) => layer === 0)
    .map(([name, reading]) => [name, { ...reading, strips: null, largest: null }]);
  return { ...sentence, strips: {}, readings: Object.fromEntries(readings) };
}

export class LiveModel {
  constructor(live, base) {
    this.live = live;
    globalThis.stub = { gates, base, loads: [], texts: [] };
  }

  async load({ step, whole, onProgress }) {
    globalThis.stub.loads.push({ step, whole });
    const of = this.live.steps[step];
    onProgress({ bytes: of / 5, of, step });
    await gates[step].passed;
    onProgress({ bytes: of, of, step });
  }

  async explore(text, { onWords }) {
    globalThis.stub.texts.push(text);
    if (text in REFUSED) throw REFUSED[text];
    const all = JSON.parse(document.querySelector("#te-data").textContent).sentences;
    const found = Object.values(all).find(({ sentence, printed }) => sentence === text && !printed);
    await gates.words.passed;
    onWords(firstLayer(found));
    await gates.all.passed;
    return found;
  }
}
