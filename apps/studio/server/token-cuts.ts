import type { Tokenizer } from "@nacre/data";

/** A token and where it stands. */
export interface TokenCut {
  readonly id: number;
  /** As the vocabulary writes it. */
  readonly token: string;
  /** The part of the text that it stands for; bytes in hexadecimal where that is less than a character. */
  readonly text: string;
  /** Whether it is some bytes of a character. */
  readonly partial: boolean;
  /** [start, end) in the text's UTF-8. */
  readonly bytes: readonly [number, number];
}

/** A text, cut by a tokenizer; what a model would add around it is left out. */
export interface CutText {
  readonly tokens: readonly TokenCut[];
  readonly characters: number;
  readonly bytes: number;
}

const encoder = new TextEncoder();

export function cutText(tokenizer: Tokenizer, text: string): CutText {
  const { ids, places, tokens } = tokenizer.encode(text, { special: false, truncation: false, padding: false });
  const byteAt = bytePlaces(text);
  const cuts: TokenCut[] = [];
  for (let first = 0; first < ids.length; ) {
    const [start, end] = [places[2 * first]!, places[2 * first + 1]!];
    // Tokens that share a place are pieces of one character.
    let last = first + 1;
    while (last < ids.length && places[2 * last] === start && places[2 * last + 1] === end && end > start) last++;
    const pieces = Array.from({ length: last - first }, (_, index) => tokenizer.tokenBytes(ids[first + index]!));
    const length = pieces.reduce((sum, piece) => sum + (piece?.length ?? 0), 0);
    const split = pieces.length > 1 && length === byteAt[end]! - byteAt[start]!;
    let from = byteAt[start]!;
    for (const [index, piece] of pieces.entries()) {
      const to = split ? from + piece!.length : byteAt[end]!;
      cuts.push({
        id: ids[first + index]!,
        token: tokens[first + index]!,
        text: split ? hexadecimal(piece!) : text.slice(start, end),
        partial: split,
        bytes: [from, to],
      });
      if (split) from = to;
    }
    first = last;
  }
  return { tokens: cuts, characters: [...text].length, bytes: byteAt[text.length]! };
}

/** For each UTF-16 unit, and the end, where it begins in UTF-8. */
function bytePlaces(text: string): Int32Array {
  const places = new Int32Array(text.length + 1);
  let [unit, byte] = [0, 0];
  for (const character of text) {
    places.fill(byte, unit, unit + character.length);
    unit += character.length;
    byte += encoder.encode(character).length;
  }
  places[text.length] = byte;
  return places;
}

function hexadecimal(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
}
