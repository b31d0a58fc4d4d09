// Write what the page says about sentences, for test_explorer_texts.py: reads their data and a
// language's messages as JSON from standard input, and writes the texts as JSON.

import { useMessages } from "../../../book/explorer/messages.js";
import { marksTexts, textsOf } from "../../../book/explorer/texts.js";

/** @typedef {import("../../../book/explorer/readings.js").Sentence} Sentence */
/** @typedef {import("../../../book/explorer/readings.js").Reading} Reading */

const { sentences, messages } = JSON.parse(await new Response(Deno.stdin.readable).text());
useMessages(messages);

/** @param {import("../../../book/explorer/messages.js").Part[]} parts */
function written(parts) {
  return parts.map(({ text, strong }) => (strong ? `**${text}**` : text)).join("");
}

/** @param {Sentence} sentence */
function textsAbout(sentence) {
  const readings = Object.entries(sentence.readings)
    .map(([name, reading]) => [name, textsOf(sentence, reading).map(written)]);
  return { marks: marksTexts(sentence).join(" "), ...Object.fromEntries(readings) };
}

console.log(JSON.stringify(sentences.map(textsAbout)));
