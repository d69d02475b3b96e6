import type { Vocabulary } from "./model.ts";

/** Calls `found` with every byte of the UTF-8 of `text[start, end)` and the units of the character it belongs to. */
export function forEachByte(
  text: string,
  start: number,
  end: number,
  found: (byte: number, start: number, end: number) => void,
): void {
  for (let at = start; at < end; ) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) {
      found(unit, at, ++at);
      continue;
    }
    const pair = unit >= 0xd800 && unit < 0xdc00 && at + 1 < end;
    let code = pair ? text.codePointAt(at)! : unit;
    const next = at + (code > 0xffff ? 2 : 1);
    // Half a pair alone is no character: U+FFFD stands for it, as in TextEncoder.
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (code < 0x800) {
      found(0xc0 | (code >> 6), at, next);
    } else {
      if (code < 0x1_0000) found(0xe0 | (code >> 12), at, next);
      else {
        found(0xf0 | (code >> 18), at, next);
        found(0x80 | ((code >> 12) & 0x3f), at, next);
      }
      found(0x80 | ((code >> 6) & 0x3f), at, next);
    }
    found(0x80 | (code & 0x3f), at, next);
    at = next;
  }
}

/** Ids of `<0x00>` to `<0xFF>`, -1 for those the vocabulary lacks. */
export function byteTokenIds(vocabulary: Vocabulary): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => vocabulary.id(byteToken(byte)) ?? -1);
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/**
 * Whether ▁ is a token, and begins (with other ▁ at most) every token that has it: then no token reaches over the place
 * before a ▁, and what stands on its sides can be encoded apart.
 */
export function spacePieces(vocabulary: Vocabulary): boolean {
  if (vocabulary.id("▁") === undefined) return false;
  for (const [token] of vocabulary) if (/[^▁]▁/.test(token)) return false;
  return true;
}
