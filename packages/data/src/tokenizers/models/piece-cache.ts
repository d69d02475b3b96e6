import type { TokenBuffer } from "../token-buffer.ts";

/** Longer pieces are not kept. */
const longestPiece = 96;
const capacity = 2 ** 16;
const slots = capacity * 2;
const unitRoom = 2 ** 20;
const tokenRoom = 2 ** 19;

/**
 * Remembers the tokens of pieces of text. Keys are looked up where they lie in the text, without making strings; when it is
 * full it begins anew.
 */
export class PieceCache {
  readonly #slots = new Int32Array(slots).fill(-1);
  readonly #hashes = new Int32Array(capacity);
  readonly #keyStarts = new Int32Array(capacity);
  readonly #keyLengths = new Uint8Array(capacity);
  readonly #tokenStarts = new Int32Array(capacity);
  readonly #tokenCounts = new Uint8Array(capacity);
  readonly #units = new Uint16Array(unitRoom);
  readonly #ids = new Int32Array(tokenRoom);
  readonly #starts = new Uint8Array(tokenRoom);
  readonly #ends = new Uint8Array(tokenRoom);
  #entries = 0;
  #unitsUsed = 0;
  #tokensUsed = 0;

  /** Appends the tokens of `text[start, end)` if they are known. Else `keep` may be called after they were found. */
  copy(text: string, start: number, end: number, out: TokenBuffer): boolean {
    const length = end - start;
    if (length > longestPiece) return false;
    const hash = hashOf(text, start, end);
    const units = this.#units;
    for (let slot = hash & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const entry = this.#slots[slot]!;
      if (entry < 0) return false;
      if (this.#hashes[entry] !== hash || this.#keyLengths[entry] !== length) continue;
      const key = this.#keyStarts[entry]!;
      let same = 0;
      while (same < length && units[key + same] === text.charCodeAt(start + same)) same++;
      if (same < length) continue;
      this.#append(entry, start, out);
      return true;
    }
  }

  #append(entry: number, start: number, out: TokenBuffer): void {
    const first = this.#tokenStarts[entry]!;
    const count = this.#tokenCounts[entry]!;
    out.reserve(count);
    const at = out.count;
    for (let token = 0; token < count; token++) out.ids[at + token] = this.#ids[first + token]!;
    if (out.positioned) {
      for (let token = 0; token < count; token++) {
        out.starts[at + token] = start + this.#starts[first + token]!;
        out.ends[at + token] = start + this.#ends[first + token]!;
      }
    }
    out.count = at + count;
  }

  /** Remembers that the tokens of `text[start, end)` are those in `out` from `from` on, which must have positions. */
  keep(text: string, start: number, end: number, out: TokenBuffer, from: number): void {
    const length = end - start;
    const count = out.count - from;
    if (length > longestPiece || count > 255) return;
    if (this.#entries === capacity || this.#unitsUsed + length > unitRoom || this.#tokensUsed + count > tokenRoom) {
      this.clear();
    }
    const entry = this.#entries++;
    const hash = hashOf(text, start, end);
    this.#hashes[entry] = hash;
    this.#keyStarts[entry] = this.#unitsUsed;
    this.#keyLengths[entry] = length;
    for (let at = start; at < end; at++) this.#units[this.#unitsUsed++] = text.charCodeAt(at);
    this.#tokenStarts[entry] = this.#tokensUsed;
    this.#tokenCounts[entry] = count;
    for (let token = from; token < out.count; token++) {
      this.#ids[this.#tokensUsed] = out.ids[token]!;
      this.#starts[this.#tokensUsed] = out.starts[token]! - start;
      this.#ends[this.#tokensUsed] = out.ends[token]! - start;
      this.#tokensUsed++;
    }
    let slot = hash & (slots - 1);
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & (slots - 1);
    this.#slots[slot] = entry;
  }

  clear(): void {
    this.#slots.fill(-1);
    this.#entries = 0;
    this.#unitsUsed = 0;
    this.#tokensUsed = 0;
  }
}

function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}
