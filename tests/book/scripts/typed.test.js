// Sentences in addresses: every one comes back, and none breaks the address.

import assert from "node:assert/strict";

import { decoded, encoded, partsOf } from "../../../book/explorer/typed.js";

const LETTERS = ["a", "Z", "0", "9", "f", " ", " ", "-", "--", "_", ".", "#", "%", "é", "我", "👍", "\u200d", "\u0301",
  "\ud83d", "\n", "</script>", "sentence-", "reading", "2e"];

/** A generator of numbers that are the same for the same seed. @param {number} seed */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function seed() {
  const chosen = Math.floor(Math.random() * 2 ** 32);
  console.log(`seed ${chosen}`);
  return chosen;
}

Deno.test("English words stay readable", () => {
  assert.equal(encoded("I want an apple."), "I_want_an_apple-2e-");
  assert.equal(encoded("well-known"), "well-2d-known");
  assert.equal(encoded("我 👍!"), "-6211-_-1f44d_21-");
  assert.equal(encoded("snake_case"), "snake-5f-case");
});

Deno.test("any sentence comes back from an address that holds others too", () => {
  const next = numbers(seed());
  for (let turn = 0; turn < 5000; turn += 1) {
    const count = 1 + Math.floor(next() * 12);
    const text = Array.from({ length: count }, () => LETTERS[Math.floor(next() * LETTERS.length)]).join("");
    const address = encoded(text);
    assert.match(address, /^[A-Za-z0-9_-]+$/, JSON.stringify(text));
    assert.equal(decoded(address), text);
    const parts = partsOf(`#typed-${address}--reading-last-layer--row-3--besidetyped-${address}`);
    assert.deepEqual(Object.fromEntries(parts),
      { typed: address, reading: "last-layer", row: "3", besidetyped: address }, JSON.stringify(text));
  }
});

Deno.test("two sentences never have one address", () => {
  const texts = LETTERS.flatMap((one) => LETTERS.map((other) => one + other));
  const distinct = new Set(texts);
  assert.equal(new Set([...distinct].map(encoded)).size, distinct.size);
});

Deno.test("what no sentence is written as is refused", () => {
  for (const address of ["-110000-", "-2E-", "a-61-", "-2e--2e-", "-2e_-", "a b"]) {
    assert.equal(decoded(address), null, address);
  }
});

Deno.test("views of prepared sentences are parted as ever", () => {
  assert.deepEqual(Object.fromEntries(partsOf("#sentence-i-want-an-apple--reading-layers--at-10")),
    { sentence: "i-want-an-apple", reading: "layers", at: "10" });
  assert.deepEqual([...partsOf("")], []);
});
