import type { AlignedText } from "../aligned-text.ts";

/** Takes a piece `text[start, end)`; never an empty one. */
export type PieceSink = (text: AlignedText, start: number, end: number) => void;

/** Cuts a piece of text into smaller ones, in order; it may change the text (then `text` is another one). */
export type PreTokenizer = (text: AlignedText, start: number, end: number, sink: PieceSink) => void;

/** Where the piece ends that begins at `at` and may reach to `end`. */
export type PieceScanner = (text: string, at: number, end: number) => number;

/** Cuts where a scanner says. */
export function scanning(scanner: PieceScanner): PreTokenizer {
  return (text, start, end, sink) => {
    const plain = text.text;
    for (let at = start; at < end; ) {
      const next = scanner(plain, at, end);
      sink(text, at, next);
      at = next;
    }
  };
}

/** One after the other: what one cuts, the next cuts further. */
export function sequence(steps: readonly PreTokenizer[]): PreTokenizer {
  if (steps.length === 1) return steps[0]!;
  return (text, start, end, sink) => {
    // The sinks are made once for a call, not once for a piece.
    let chain = sink;
    for (let index = steps.length - 1; index > 0; index--) {
      const step = steps[index]!;
      const next = chain;
      chain = (piece, from, to) => step(piece, from, to, next);
    }
    steps[0]!(text, start, end, chain);
  };
}
