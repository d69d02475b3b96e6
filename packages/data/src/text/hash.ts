/**
 * Two 32-bit hashes of UTF-16 units `start` up to `end`, together 64 bits: each unit is mixed in by a multiplication and the
 * result finished as in MurmurHash3 (A. Appleby, public domain: `fmix32`). Not for adversaries. `high` and `low` are signed.
 */
export function hashInto(text: string, start: number, end: number, out: HashPair): void {
  let low = 0x9e3779b9 | 0;
  let high = 0x85ebca6b | 0;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high + unit, 0x5bd1e995);
    high ^= high >>> 15;
  }
  const length = end - start;
  out.low = finish(low ^ length);
  out.high = finish(high ^ (length << 8) ^ out.low);
}

export interface HashPair {
  low: number;
  high: number;
}

/** The last steps of MurmurHash3: every bit of the input moves every bit of the result with probability one half. Signed. */
export function finish(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

const pair: HashPair = { low: 0, high: 0 };

/** The 64-bit hash of a text. */
export function hash64(text: string): bigint {
  hashInto(text, 0, text.length, pair);
  return (BigInt(pair.high >>> 0) << 32n) | BigInt(pair.low >>> 0);
}
