// The box for a sentence of the reader's own. Nothing is loaded before the reader asks for it.

import { book } from "./book.js";
import { byId, control, say } from "./elements.js";
import { LiveModel } from "./live/model.js";
import { _, fill } from "./messages.js";
import { megabytes } from "./numbers.js";

/** @typedef {import("./readings.js").Sentence} Sentence */
/** @typedef {{ kind?: string, message: string, values?: Record<string, string | number> }} Refusal */
/** @typedef {{ bytes: number, of: number }} Progress */
/** @typedef {{ offer(texts: string[]): void }} Box */

const LARGE = 60e6; // bytes in all, above which the reader is asked a second time
const ABOUT_THE_TEXT = ["not text", "blank", "only punctuation", "no known word", "too long"];

/**
 * @param {(sentence: Sentence) => void} onSentence Is given a sentence when its words are known, and
 *   again when all is.
 * @returns {Box}
 */
export function startBox(onSentence) {
  const reason = reasonAgainst();
  if (reason === null) return new TypedSentences(onSentence);
  if (reason !== "") {
    byId("none").hidden = false;
    say(byId("none"), reason);
    byId("form").remove();
  }
  return { offer: () => {} };
}

/**
 * Why no sentence can be typed here; null if it can, and empty if the page says so itself.
 */
function reasonAgainst() {
  if ("none" in book.live) return "";
  if (typeof Worker === "undefined") {
    return _("Your browser runs no workers, and the model needs one: use a newer browser to type a sentence.");
  }
  return null;
}

class TypedSentences {
  /**
   * @param {(sentence: Sentence) => void} onSentence
   */
  constructor(onSentence) {
    this.onSentence = onSentence;
    const base = byId("form").dataset.live ?? "";
    this.model = new LiveModel(book.live, base, byId("worker").textContent ?? "");
    const { all } = book.live.steps;
    this.isLarge = all > LARGE;
    /** @type {"words" | "all"} */
    this.step = this.isLarge ? "words" : "all";
    this.isLoaded = false;
    this.turn = 0;
    /** @type {string[]} */
    this.offered = [];
    this.#sayButtons();
    byId("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    byId("rest").addEventListener("click", () => this.#loadRest());
  }

  /**
   * Put a link's sentences into the box, and wait for the reader.
   *
   * @param {string[]} texts
   */
  offer(texts) {
    this.offered = texts;
    control("typed").value = texts[0];
    this.#tell(_("The link that you followed holds this sentence. Press the button to see what the method finds in it."));
  }

  async #run() {
    const typed = control("typed").value;
    const texts = this.offered.includes(typed) ? this.offered : [typed];
    this.turn += 1;
    const { turn } = this;
    this.#refuse(null, "");
    try {
      // The sentence that the reader sees in the box comes last, and stays.
      for (const text of [...texts].reverse()) await this.#explore(text);
      this.offered = [];
    } catch (error) {
      const refusal = /** @type {Refusal} */ (error);
      if (turn === this.turn && refusal.kind !== "superseded") this.#refuse(refusal, typed);
    }
  }

  /**
   * @param {string} text
   */
  async #explore(text) {
    const exploring = this.model.explore(text, { onWords: (/** @type {Sentence} */ sentence) => this.#showWords(sentence) });
    const [sentence] = await Promise.all([exploring, this.#load()]);
    this.onSentence(sentence);
    this.#tell(_("The sentence is shown below, with its trends."));
  }

  async #load() {
    if (!this.isLoaded) this.#tell(_("The model is being loaded."));
    const whole = control("whole").checked;
    await this.model.load({ step: this.step, whole, onProgress: (/** @type {Progress} */ progress) => this.#show(progress) });
    byId("progress").hidden = true;
    this.isLoaded = true;
    this.#sayButtons();
  }

  /**
   * @param {Sentence} sentence
   */
  #showWords(sentence) {
    this.onSentence(sentence);
    byId("rest").hidden = this.step === "all";
    this.#tell(this.step === "all" ? _("The two words are shown below. The trends follow when all layers are there.")
      : _("The two words are shown below. They need the first layer only; the trends need all."));
  }

  #loadRest() {
    this.step = "all";
    byId("rest").hidden = true;
    this.#load().catch((error) => this.#refuse(error, control("typed").value));
  }

  /**
   * @param {Progress} progress
   */
  #show({ bytes, of }) {
    const place = byId("progress");
    const bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"));
    place.hidden = bytes >= of;
    bar.max = of;
    bar.value = bytes;
    say(byId("loaded"), fill(_("{done} of {all} are loaded"), { done: megabytes(bytes), all: megabytes(of) }));
  }

  #sayButtons() {
    const { words, all, rows } = book.live.steps;
    const first = this.isLarge
      ? fill(_("Load what the two words need: {size}"), { size: megabytes(words) })
      : fill(_("Load the model: {size}"), { size: megabytes(all) });
    say(byId("run"), this.isLoaded ? _("Explore this sentence") : first);
    say(byId("rest"), fill(_("Load the other layers for the trends: {size}"), { size: megabytes(all - words) }));
    say(byId("whole-size"), fill(_("Load the whole table of words too ({size})"), { size: megabytes(rows) }));
  }

  /**
   * @param {string} text
   */
  #tell(text) {
    say(byId("told"), text);
  }

  /**
   * @param {Refusal | null} refusal
   * @param {string} sentence
   */
  #refuse(refusal, sentence) {
    const place = byId("refused");
    place.hidden = refusal === null;
    say(place, refusal === null ? "" : refusalText(refusal, sentence));
    control("typed").setAttribute("aria-invalid", `${ABOUT_THE_TEXT.includes(refusal?.kind ?? "")}`);
    if (refusal === null) return;
    byId("progress").hidden = true;
    this.#tell("");
  }
}

/**
 * What is wrong, and what to do about it.
 *
 * @param {Refusal} refusal
 * @param {string} sentence
 */
function refusalText({ kind, message, values = {} }, sentence) {
  /** @type {Record<string, string>} */
  const texts = {
    blank: _("The sentence is empty or only white space: write at least one word."),
    "only punctuation": _("There is no word in “{sentence}”, only punctuation or invisible characters: write at least one word."),
    "no known word": _("The vocabulary of {model} does not know any word of “{sentence}” (all become {unknown}): use at least one word that it knows."),
    "not text": _("The sentence holds half of a character: type it again."),
    "too long": _("The sentence has {tokens} tokens, including the special ones, but {model} has room for {most}: split the text."),
    "file missing": _("The file {file} could not be loaded. Check your connection or, in a copy of the book, that its folder “live” is there. Then press the button again."),
    "file damaged": _("The file {file} is damaged: its checksum is not that of the build. Load this page anew and press the button again; if that does not help, get the book again."),
    "no worker": _("Your browser did not start a worker, and the model needs one: use a newer browser to type a sentence."),
  };
  const known = texts[kind ?? ""];
  if (known === undefined) return fill(_("Something unexpected went wrong: {message}. Load this page anew and try again."), { message });
  return fill(known, { model: book.live.model, sentence, ...values });
}
