import assert from "node:assert/strict";
import { base64Of, bytesOf, crc32 } from "../../../book/explorer/live/base64.js";
import { chooseWords } from "../../../book/explorer/live/choice.js";
import { erf } from "../../../book/explorer/live/gelu.js";
import { addTrends, largestShare, logQuotient } from "../../../book/explorer/live/trend.js";
import { propertyOf } from "../../../book/explorer/live/unicode.js";
import "../../../book/explorer/live/worker.js";

Deno.test("bytes come back from base64, also in a browser without fromBase64", () => {
  const bytes = Uint8Array.from({ length: 10_000 }, (_, n) => n % 251);
  assert.deepEqual(bytesOf(base64Of(bytes)), bytes);
  const scope = /** @type {{ fromBase64?: unknown }} */ (/** @type {unknown} */ (Uint8Array));
  const native = scope.fromBase64;
  try {
    scope.fromBase64 = undefined;
    assert.deepEqual(bytesOf(base64Of(bytes)), bytes);
  } finally {
    scope.fromBase64 = native;
  }
});

Deno.test("the checksum is that of zlib, for every length", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.equal(crc32(new TextEncoder().encode("12345678")), 0x9ae0daaf);
  assert.equal(crc32(new Uint8Array(0)), 0);
});

Deno.test("the error function is exact", () => {
  const known = [[0, 0], [0.1, 0.1124629160182849], [0.5, 0.5204998778130465], [1, 0.8427007929497149],
    [2, 0.9953222650189527], [3, 0.9999779095030014], [6, 1], [40, 1]];
  for (const [x, value] of known) {
    assert.ok(Math.abs(erf(x) - value) <= 4e-16, `erf(${x})`);
    assert.ok(erf(-x) === -erf(x), `erf(${-x})`);
  }
});

Deno.test("a character has the value of the run that it is in", () => {
  const property = propertyOf({ starts: [0, 97, 2, 65_000], values: " ab!" });
  assert.deepEqual(["\0", "`", "a", "b", "c", "\u{10ffff}"].map(property), [" ", " ", "a", "a", "b", "!"]);
});

Deno.test("a trend is defined where both numbers have one sign", () => {
  const first = Float64Array.of(1, 1, 0, -1, NaN, Infinity);
  const last = Float64Array.of(Math.E, -1, 2, -1, 1, 1);
  assert.deepEqual([...logQuotient(first, last)], [1, NaN, NaN, 0, NaN, NaN]);
  assert.deepEqual([...addTrends([Float64Array.of(2, NaN, NaN), Float64Array.of(1, 3, NaN)])], [3, 3, NaN]);
});

Deno.test("the largest coordinates are counted where they are defined", () => {
  assert.deepEqual(largestShare(Float64Array.of(1, NaN, -3), 1), { count: 1, share: 0.9 });
  assert.deepEqual(largestShare(Float64Array.of(NaN, 2), 3), { count: 1, share: 1 });
  assert.deepEqual(largestShare(Float64Array.of(NaN, 0), 3), { count: 1, share: null });
});

/** @type {import("../../../book/explorer/live/choice.js").Reading} */
const reading = { name: "", layer: 0, focusRow: "last", drop: "final period", pieces: "sum", ties: "first" };

Deno.test("a tie goes to the first word, or to the one with more attention", () => {
  const received = [[0.9, 0.3, 0.2], [0.9, 0.1, 0.6]];
  const first = { index: 1, votes: 1, mass: 0.4, tied: true, decidedBy: "position" };
  assert.deepEqual(chooseWords(received, reading).related, first);
  const { related } = chooseWords(received, { ...reading, ties: "attention mass" });
  assert.deepEqual(related, { index: 2, votes: 1, mass: 0.8, tied: true, decidedBy: "attention mass" });
});

Deno.test("a sentence of one candidate has no related word", () => {
  const { focus, votingRows, related } = chooseWords([[0.9], [0.8]], reading);
  assert.deepEqual(focus, { index: 0, received: 0.8, tied: false });
  assert.deepEqual(votingRows, [0, 1]);
  assert.equal(related, null);
});

Deno.test("the worker answers with what it did not expect", async () => {
  /** @type {import("../../../book/explorer/live/worker.js").Answer} */
  const answer = await new Promise((resolve) => {
    Object.assign(self, { postMessage: resolve });
    // No model was opened.
    self.onmessage?.(new MessageEvent("message", { data: { type: "explore", number: 7, text: "I" } }));
  });
  assert.ok(answer.type === "refused" && answer.number === 7);
  assert.equal(answer.error.kind, "unexpected");
  assert.match(answer.error.message, /TypeError/);
});
