// Numbers travel as text: in base64, as bytes with the smallest first.

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function bytesOf(text) {
  const native = /** @type {{ fromBase64?: (text: string) => Uint8Array<ArrayBuffer> }} */ (
    /** @type {unknown} */ (Uint8Array)
  );
  if (native.fromBase64) return native.fromBase64(text);
  const letters = atob(text);
  const all = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) all[at] = letters.charCodeAt(at);
  return all;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function base64Of(bytes) {
  const AT_ONCE = 4096; // a function takes only so many arguments
  let letters = "";
  for (let at = 0; at < bytes.length; at += AT_ONCE) {
    letters += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  }
  return btoa(letters);
}

let remainders = new Uint32Array(0);

/**
 * The checksum of some bytes, as zlib.crc32 computes it.
 * @param {Uint8Array} bytes
 * @returns {number}
 */
export function crc32(bytes) {
  if (remainders.length === 0) remainders = crcRemainders();
  const [t0, t1, t2, t3] = [0, 1, 2, 3].map((part) => remainders.subarray(256 * part, 256 * (part + 1)));
  let crc = 0xffffffff;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    crc = t3[crc & 255] ^ t2[(crc >>> 8) & 255] ^ t1[(crc >>> 16) & 255] ^ t0[crc >>> 24];
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * What each byte leaves in the checksum when none, one, two or three bytes follow it.
 * @returns {Uint32Array<ArrayBuffer>}
 */
function crcRemainders() {
  const all = new Uint32Array(4 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let rest = byte;
    for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
    all[byte] = rest;
  }
  for (let at = 256; at < all.length; at += 1) {
    const before = all[at - 256];
    all[at] = (before >>> 8) ^ all[before & 255];
  }
  return all;
}
