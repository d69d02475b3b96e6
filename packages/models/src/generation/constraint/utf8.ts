import type { CodePointRange } from "./expression.ts";

/** An inclusive range of bytes. */
export type ByteRange = readonly [first: number, last: number];

const sizes = [
  { last: 0x7f, length: 1, lead: 0x00 },
  { last: 0x7ff, length: 2, lead: 0xc0 },
  { last: 0xffff, length: 3, lead: 0xe0 },
  { last: 0x10ffff, length: 4, lead: 0xf0 },
] as const;

/** The UTF-8 encodings (RFC 3629) of a range of code points: sequences of byte ranges whose products are exactly those bytes. */
export function utf8Sequences([first, last]: CodePointRange): ByteRange[][] {
  const sequences: ByteRange[][] = [];
  let start = first;
  for (const { last: greatest, length, lead } of sizes) {
    if (start > last) break;
    if (start > greatest) continue;
    const end = Math.min(last, greatest);
    split(encode(start, length, lead), encode(end, length, lead), sequences);
    start = end + 1;
  }
  return sequences;
}

/** Bytes of one length from `low` to `high`, in order, as products of ranges. */
function split(low: number[], high: number[], out: ByteRange[][], prefix: ByteRange[] = []): void {
  const [a, b] = [low[0]!, high[0]!];
  if (low.length === 1) {
    out.push([...prefix, [a, b]]);
    return;
  }
  const [lowRest, highRest] = [low.slice(1), high.slice(1)];
  if (a === b) {
    split(lowRest, highRest, out, [...prefix, [a, a]]);
    return;
  }
  const whole = (byte: number, rest: number[]): boolean => rest.every((value) => value === byte);
  const middleFirst = whole(0x80, lowRest) ? a : a + 1;
  const middleLast = whole(0xbf, highRest) ? b : b - 1;
  if (middleFirst > a)
    split(
      lowRest,
      lowRest.map(() => 0xbf),
      out,
      [...prefix, [a, a]],
    );
  if (middleFirst <= middleLast) {
    out.push([...prefix, [middleFirst, middleLast], ...lowRest.map((): ByteRange => [0x80, 0xbf])]);
  }
  if (middleLast < b)
    split(
      highRest.map(() => 0x80),
      highRest,
      out,
      [...prefix, [b, b]],
    );
}

function encode(codePoint: number, length: number, lead: number): number[] {
  const bytes: number[] = [];
  let rest = codePoint;
  for (let i = 1; i < length; i++) {
    bytes.unshift(0x80 | (rest & 0x3f));
    rest >>= 6;
  }
  return [lead | rest, ...bytes];
}
