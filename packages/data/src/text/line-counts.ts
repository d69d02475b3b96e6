import { hash64 } from "./hash.ts";
import type { TextDocument } from "./text-cleaning.ts";

/** In how many documents each line occurs, by its 64-bit hash. */
export interface LineCounts {
  readonly documents: number;
  /** Documents that hold the line with this hash; 0 for lines that were seen once only and let go of. */
  of(hash: bigint): number;
}

/** A line without case, digits and outer space: "Page 3 of 7" and "page 4 of 7" are one. */
export function lineHash(line: string): bigint {
  return hash64(
    line
      .trim()
      .toLowerCase()
      .replace(/\p{Nd}+/gu, "0"),
  );
}

/**
 * Counts in how many documents each line occurs. Holds at most `memory` different lines; when there are more, those seen in one
 * document only are let go of first (as in lossy counting, Manku & Motwani 2002), so a count may be short by the times that
 * this happened.
 */
export async function countLines(
  documents: Iterable<TextDocument> | AsyncIterable<TextDocument>,
  { memory = 5_000_000, shortest = 3 }: { readonly memory?: number; readonly shortest?: number } = {},
): Promise<LineCounts> {
  const counts = new Map<bigint, number>();
  let total = 0;
  let floor = 1;
  for await (const { text } of documents) {
    total++;
    const seen = new Set<bigint>();
    for (const line of text.split("\n")) if (line.trim().length >= shortest) seen.add(lineHash(line));
    for (const hash of seen) counts.set(hash, (counts.get(hash) ?? 0) + 1);
    for (; counts.size > memory; floor++) {
      for (const [hash, count] of counts) if (count <= floor) counts.delete(hash);
    }
  }
  return { documents: total, of: (hash) => counts.get(hash) ?? 0 };
}
