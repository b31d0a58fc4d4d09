// Round numbers as the page does, for test_live.py.

import { attentionSteps, shortest, storedTrend } from "../../../book/explorer/live/numbers.js";

const { shares, trends } = JSON.parse(await new Response(Deno.stdin.readable).text());
console.log(JSON.stringify({
  shortest: shares.map((/** @type {number} */ share) => shortest(share, [1, 2, 3], 4)),
  steps: [...attentionSteps(Float64Array.from(shares), 1 / 65535, [1, 2, 3])],
  trends: [...storedTrend(Float64Array.from(trends), [2])],
}));
