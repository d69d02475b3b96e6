import type { PreTokenizer } from "./pre-tokenizer.ts";

/** What becomes of what a pattern matches. */
export type SplitBehavior = "Removed" | "Isolated" | "MergedWithPrevious" | "MergedWithNext" | "Contiguous";

/** Calls `found` for every match in `text[start, end)`, in order. */
export type Matcher = (text: string, start: number, end: number, found: (start: number, end: number) => void) => void;

/** Matches of a global regular expression. */
export function matching(pattern: RegExp): Matcher {
  return (text, start, end, found) => {
    const part = start === 0 && end === text.length ? text : text.slice(start, end);
    pattern.lastIndex = 0;
    for (let match = pattern.exec(part); match !== null; match = pattern.exec(part)) {
      const length = match[0].length;
      if (length === 0) {
        // An empty match cuts nothing off.
        pattern.lastIndex += part.codePointAt(pattern.lastIndex)! > 0xffff ? 2 : 1;
        continue;
      }
      found(start + match.index, start + match.index + length);
    }
  };
}

/** Cuts at the matches; `invert` takes what lies between them for the matches. */
export function splitting(matcher: Matcher, behavior: SplitBehavior, invert = false): PreTokenizer {
  return (text, start, end, sink) => {
    const plain = text.text;
    const parts: number[] = [];
    let at = start;
    matcher(plain, start, end, (from, to) => {
      if (from > at) parts.push(at, from, invert ? 1 : 0);
      parts.push(from, to, invert ? 0 : 1);
      at = to;
    });
    if (at < end) parts.push(at, end, invert ? 1 : 0);
    join(parts, behavior, (from, to) => sink(text, from, to));
  };
}

/** Parts are triples: start, end, whether it matched. */
function join(parts: readonly number[], behavior: SplitBehavior, piece: (start: number, end: number) => void): void {
  const count = parts.length / 3;
  const startOf = (index: number): number => parts[3 * index]!;
  const endOf = (index: number): number => parts[3 * index + 1]!;
  const matched = (index: number): boolean => parts[3 * index + 2] === 1;
  if (behavior === "Removed" || behavior === "Isolated") {
    for (let index = 0; index < count; index++) {
      if (behavior === "Isolated" || !matched(index)) piece(startOf(index), endOf(index));
    }
    return;
  }
  for (let first = 0; first < count; ) {
    let last = first;
    if (behavior === "Contiguous") while (last + 1 < count && matched(last + 1) === matched(first)) last++;
    else if (behavior === "MergedWithPrevious") {
      if (!matched(first) && first + 1 < count && matched(first + 1)) last++;
    } else if (matched(first) && first + 1 < count && !matched(first + 1)) last++;
    piece(startOf(first), endOf(last));
    first = last + 1;
  }
}
