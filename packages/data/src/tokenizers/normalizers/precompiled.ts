import type { Edit } from "../aligned-text.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * SentencePiece's precompiled table of character sequences: a Darts double-array trie over UTF-8, and the texts it points to
 * (sentencepiece `normalizer.cc`, `Normalizer::DecodePrecompiledCharsMap`; units as in darts-clone's `DoubleArrayUnit`).
 */
export class CharacterMap {
  readonly #units: Uint32Array;
  readonly #texts: Uint8Array;
  /** Whether an ASCII character may begin a sequence of the table. */
  readonly #beginsWith = new Uint8Array(128);

  /** @throws Error when the bytes are no such table. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = bytes.length >= 4 ? view.getUint32(0, true) : 0;
    if (size === 0 || size % 4 !== 0 || size + 4 > bytes.length) {
      throw new Error(
        `Expected a precompiled character map, got ${bytes.length} bytes that say their trie takes ${size}.`,
      );
    }
    this.#units = Uint32Array.from({ length: size / 4 }, (_, index) => view.getUint32(4 + 4 * index, true));
    this.#texts = bytes.subarray(4 + size);
    for (let byte = 1; byte < 128; byte++) this.#beginsWith[byte] = this.#child(this.#root(), byte) < 0 ? 0 : 1;
  }

  /** The replacement of the longest (or shortest) sequence of the table that `text` has at `at`, and its units. */
  find(
    text: string,
    at: number,
    { end = text.length, shortest = false } = {},
  ): { length: number; replacement: string } | undefined {
    const unit = text.charCodeAt(at);
    if (unit < 128 && this.#beginsWith[unit] === 0) return undefined;
    let node = this.#root();
    let found: { length: number; replacement: string } | undefined;
    let next = at;
    while (next < end) {
      const character = String.fromCodePoint(text.codePointAt(next)!);
      next += character.length;
      for (const byte of encoder.encode(character)) {
        node = this.#child(node, byte);
        if (node < 0) return found;
      }
      const value = this.#value(node);
      if (value === undefined) continue;
      found = { length: next - at, replacement: this.#text(value) };
      if (shortest) return found;
    }
    return found;
  }

  #root(): number {
    return offsetOf(this.#units[0]!);
  }

  /** Place after `byte` from the place `node`, -1 where there is none. A place is the node's index XOR its offset. */
  #child(node: number, byte: number): number {
    const index = (node ^ byte) >>> 0;
    const unit = this.#units[index];
    if (unit === undefined || (unit & 0x8000_00ff) >>> 0 !== byte) return -1;
    this.#leaf = ((unit >>> 8) & 1) === 1;
    return (index ^ offsetOf(unit)) >>> 0;
  }
  #leaf = false;

  #value(node: number): number | undefined {
    return this.#leaf ? this.#units[node]! & 0x7fff_ffff : undefined;
  }

  #text(at: number): string {
    let end = at;
    while (end < this.#texts.length && this.#texts[end] !== 0) end++;
    return decoder.decode(this.#texts.subarray(at, end));
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

let graphemes: Intl.Segmenter | undefined;

/**
 * The table applied as Hugging Face's `Precompiled` does, to the vectors of its tests: a short grapheme cluster as a whole,
 * by the first sequence it begins with; else each of its characters.
 */
export function precompiledEdits(map: CharacterMap): (text: string, edit: Edit) => void {
  const characters = (text: string, start: number, end: number, edit: Edit): void => {
    for (let at = start; at < end; ) {
      const width = text.codePointAt(at)! > 0xffff ? 2 : 1;
      const found = map.find(text, at, { end: at + width, shortest: true });
      if (found !== undefined) edit(at, at + width, found.replacement);
      at += width;
    }
  };
  return (text, edit) => {
    // Nothing but printing ASCII and line feeds: every character is a cluster.
    if (/^[\n\t -~]*$/.test(text)) {
      characters(text, 0, text.length, edit);
      return;
    }
    graphemes ??= new Intl.Segmenter("und", { granularity: "grapheme" });
    for (const { segment, index } of graphemes.segment(text)) {
      const end = index + segment.length;
      const found =
        segment.length < 6 && encoder.encode(segment).length < 6
          ? map.find(text, index, { end, shortest: true })
          : undefined;
      if (found !== undefined) edit(index, end, found.replacement);
      else characters(text, index, end, edit);
    }
  };
}
