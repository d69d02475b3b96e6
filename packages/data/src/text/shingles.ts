import { finish } from "./hash.ts";

/** What is compared of two texts: runs of `size` words. */
export interface ShingleOptions {
  /**
   * Words in a run. A word is a row of letters and digits, lower case; each Chinese or Japanese character is one. Punctuation and
   * space do not count.
   */
  readonly size: number;
}

/** Classes of UTF-16 units, found when first met. */
const unknown = 0;
const separator = 1;
const letter = 2;
const alone = 3;
const classes = new Uint8Array(65_536);
const lower = new Uint16Array(65_536);

function classify(unit: number): number {
  const character = String.fromCharCode(unit);
  lower[unit] = character.toLowerCase().charCodeAt(0);
  // Halves of pairs make letters of a word: their order tells characters apart.
  if (unit >= 0xd800 && unit <= 0xdfff) classes[unit] = letter;
  else if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(character)) classes[unit] = alone;
  else classes[unit] = /[\p{L}\p{M}\p{N}]/u.test(character) ? letter : separator;
  return classes[unit]!;
}

/** Hashes of the shingles of texts, 32 bits each; one object serves many texts, one after the other. */
export class Shingler {
  readonly #size: number;
  #words = new Int32Array(1024);
  #shingles = new Int32Array(1024);

  constructor({ size }: ShingleOptions) {
    this.#size = size;
  }

  /**
   * Hashes of all shingles, repetitions included: a view that the next call overwrites. A text of fewer words than a shingle has one of
   * all its words; a text without words none.
   */
  hashes(text: string): Int32Array {
    const count = this.#hashWords(text);
    if (count === 0) return this.#shingles.subarray(0, 0);
    const size = Math.min(this.#size, count);
    const length = count - size + 1;
    if (this.#shingles.length < length) this.#shingles = new Int32Array(2 * length);
    for (let at = 0; at < length; at++) {
      let hash = size;
      for (let offset = 0; offset < size; offset++) hash = Math.imul(hash, 0x01000193) ^ this.#words[at + offset]!;
      this.#shingles[at] = finish(hash);
    }
    return this.#shingles.subarray(0, length);
  }

  #hashWords(text: string): number {
    if (this.#words.length <= text.length) this.#words = new Int32Array(2 * text.length + 1);
    const words = this.#words;
    let count = 0;
    let hash = start;
    let within = false;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      let kind = classes[unit]!;
      if (kind === unknown) kind = classify(unit);
      if (kind === letter) {
        hash = Math.imul(hash ^ lower[unit]!, 0x01000193);
        within = true;
        continue;
      }
      if (within) {
        words[count++] = finish(hash);
        hash = start;
        within = false;
      }
      if (kind === alone) words[count++] = finish(Math.imul(start ^ unit, 0x01000193));
    }
    if (within) words[count++] = finish(hash);
    return count;
  }
}

/** FNV-1a's offset basis. */
const start = 0x811c9dc5 | 0;

/** The Jaccard similarity of two texts' sets of shingles, |A ∩ B| / |A ∪ B|; 1 for two texts without words. */
export function jaccard(left: string, right: string, options: ShingleOptions): number {
  const shingler = new Shingler(options);
  const first = new Set(shingler.hashes(left));
  const second = new Set(shingler.hashes(right));
  let shared = 0;
  for (const hash of first) if (second.has(hash)) shared++;
  const union = first.size + second.size - shared;
  return union === 0 ? 1 : shared / union;
}
