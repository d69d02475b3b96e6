import { type Columns, sliceColumns } from "./encoding.ts";
import type { TruncationSpecification } from "./specification.ts";

/** The part of a text that stays, then the windows of what was cut off. */
export type Windows = readonly [Columns, ...Columns[]];

/**
 * Cuts a text, or a text and its pair, to `limit` tokens in all.
 *
 * @throws Error when the side that the strategy names is too short for it.
 */
export function truncate(
  sequences: readonly Columns[],
  limit: number,
  how: TruncationSpecification,
): readonly Windows[] {
  const [first, second] = sequences.map(({ ids }) => ids.length) as [number, number | undefined];
  const total = first + (second ?? 0);
  if (total <= limit) return sequences.map((columns) => [columns]);
  const kept = lengths([first, second], limit, how.strategy);
  return sequences.map((columns, index) => windows(columns, kept[index]!, how));
}

function lengths(
  [first, second]: [number, number | undefined],
  limit: number,
  strategy: TruncationSpecification["strategy"],
): number[] {
  const excess = first + (second ?? 0) - limit;
  if (strategy === "LongestFirst") {
    if (second === undefined) return [limit];
    const short = Math.min(first, second);
    let keptShort = short;
    let keptLong = short > limit ? short : Math.max(short, limit - short);
    if (keptShort + keptLong > limit) {
      keptShort = Math.floor(limit / 2);
      keptLong = keptShort + (limit % 2);
    }
    return first > second ? [keptLong, keptShort] : [keptShort, keptLong];
  }
  const target = strategy === "OnlyFirst" ? first : second;
  if (target === undefined) throw new Error("Expected a pair: the truncation strategy is OnlySecond.");
  if (target <= excess) {
    throw new Error(
      `Expected more than ${excess} tokens in the ${strategy === "OnlyFirst" ? "text" : "pair"}, which alone is cut (${strategy}). Got ${target}.`,
    );
  }
  return strategy === "OnlyFirst"
    ? [first - excess, ...(second === undefined ? [] : [second])]
    : [first, second! - excess];
}

function windows(columns: Columns, length: number, { stride, direction }: TruncationSpecification): Windows {
  const total = columns.ids.length;
  if (length >= total) return [columns];
  if (length === 0) return [sliceColumns(columns, 0, 0), columns];
  if (stride >= length) {
    throw new Error(`Expected a stride below the ${length} tokens that a window keeps, got ${stride}.`);
  }
  const step = length - stride;
  const parts: Columns[] = [];
  if (direction === "Right") {
    for (let start = 0; ; start += step) {
      const stop = Math.min(start + length, total);
      parts.push(sliceColumns(columns, start, stop));
      if (stop === total) break;
    }
  } else {
    for (let stop = total; ; stop -= step) {
      const start = Math.max(0, stop - length);
      parts.push(sliceColumns(columns, start, stop));
      if (start === 0) break;
    }
  }
  return parts as [Columns, ...Columns[]];
}
