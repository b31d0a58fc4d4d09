// Explore sentences as the page's worker does, for test_live.py: `deno run explore.js FOLDER` reads JSON with
// the model's description and the sentences from standard input, and writes what it finds.

import { Engine } from "../../../book/explorer/live/engine.js";
import { LiveError } from "../../../book/explorer/live/errors.js";

const [folder] = Deno.args;
const { live, full, cut } = JSON.parse(await new Response(Deno.stdin.readable).text());
const engine = new Engine(live);

/** @param {string} name */
function load(name) {
  const script = Deno.readTextFileSync(`${folder}/${name}.js`);
  engine.take(name, script.slice(script.indexOf(",") + 2, script.lastIndexOf('"')));
}

/** @param {unknown} error */
function told(error) {
  if (error instanceof LiveError) return { error: error.kind, values: error.values };
  throw error;
}

/** @param {string} text */
async function explored(text) {
  let words = null;
  try {
    const need = (/** @type {string[]} */ names) => names.forEach(load);
    const whole = await engine.explore(text, { need, onWords: (sentence) => words = sentence });
    return { words, whole };
  } catch (error) {
    return told(error);
  }
}

/** @param {string} text */
function cutUp(text) {
  try {
    const { ids, offsets, words } = /** @type {import("../../../book/explorer/live/text.js").SentenceCutter} */ (
      engine.cutter
    ).cut(text, live.config.positions);
    return { ids, offsets: offsets.map(({ start, end }) => [start, end]), words };
  } catch (error) {
    return told(error);
  }
}

["text", "words", ...live.layerFiles.flat()].forEach(load);
const found = [];
const started = performance.now();
for (const text of full) found.push(await explored(text));
const milliseconds = performance.now() - started;
console.log(JSON.stringify({ full: found, cut: cut.map(cutUp), milliseconds }));
