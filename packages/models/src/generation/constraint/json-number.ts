import { characters, choice, type Expression, empty, never, optional, repeat, sequence, text } from "./expression.ts";

/** Decimal digits that a double always tells apart. */
const digitsOfDouble = 15;
const largestInteger = 10 ** digitsOfDouble - 1;

const digit = (first = 0, last = 9): Expression => (first <= last ? characters([[0x30 + first, 0x30 + last]]) : never);
const minus = text("-");
const point = text(".");

export interface NumberBounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** A whole number in plain digits, at most fifteen, within bounds. */
export function integerExpression(bounds: NumberBounds): Expression {
  const low = Math.max(
    Math.ceil(bounds.minimum ?? -largestInteger),
    Math.floor(bounds.exclusiveMinimum ?? -Number.MAX_VALUE) + 1,
    -largestInteger,
  );
  const high = Math.min(
    Math.floor(bounds.maximum ?? largestInteger),
    Math.ceil(bounds.exclusiveMaximum ?? Number.MAX_VALUE) - 1,
    largestInteger,
  );
  if (low > high) return never;
  return choice([
    low < 0 ? sequence([minus, naturals(Math.max(1, -high), -low)]) : never,
    high >= 0 ? naturals(Math.max(0, low), high) : never,
  ]);
}

/**
 * A number with at most fifteen digits within bounds. Without bounds it may have an exponent of two digits.
 *
 * @throws Error for bounds that need more than fifteen digits.
 */
export function numberExpression(bounds: NumberBounds): Expression {
  const low = stricter(bounds.minimum, bounds.exclusiveMinimum, 1);
  const high = stricter(bounds.maximum, bounds.exclusiveMaximum, -1);
  if (low === undefined && high === undefined) {
    const exponent = sequence([
      characters([..."eE"].map(codeOf)),
      optional(characters([..."+-"].map(codeOf))),
      repeat(digit(), 1, 2),
    ]);
    return sequence([
      optional(minus),
      naturals(0, largestInteger),
      optional(sequence([point, repeat(digit(), 1, digitsOfDouble)])),
      optional(exponent),
    ]);
  }
  const limit = farFrom((low ?? high)!.value);
  const bottom: Bound = low ?? { value: -limit, open: false };
  const top: Bound = high ?? { value: limit, open: false };
  if (bottom.value > top.value) return never;
  const negated = (bound: Bound): Bound => ({ value: -bound.value, open: bound.open });
  const zero: Bound = { value: 0, open: false };
  // -0 is left out where 0 has its place among the others.
  const nearest: Bound = top.value >= 0 ? { value: 0, open: true } : negated(top);
  return choice([
    bottom.value < 0 ? sequence([minus, decimals(nearest, negated(bottom))]) : never,
    top.value >= 0 ? decimals(bottom.value >= 0 ? bottom : zero, top) : never,
  ]);
}

interface Bound {
  readonly value: number;
  /** Whether the value itself is left out. */
  readonly open: boolean;
}

function stricter(closed: number | undefined, open: number | undefined, sign: 1 | -1): Bound | undefined {
  if (closed === undefined && open === undefined) return undefined;
  if (closed === undefined) return { value: open!, open: true };
  if (open === undefined) return { value: closed, open: false };
  return sign * open >= sign * closed ? { value: open, open: true } : { value: closed, open: false };
}

/** What stands for a bound that is not there: beyond the other one, with room for its digits behind the point. */
function farFrom(value: number): number {
  const digits = digitsOfDouble - Math.max(6, decimalOf(Math.abs(value))[1].length);
  const limit = 10 ** digits - 1;
  return limit > Math.abs(value) ? limit : largestInteger;
}

/** Whole numbers from low to high, 0 ≤ low ≤ high. */
function naturals(low: number, high: number): Expression {
  const parts: Expression[] = [];
  for (let length = String(low).length; length <= String(high).length; length++) {
    const first = Math.max(low, length === 1 ? 0 : 10 ** (length - 1));
    const last = Math.min(high, 10 ** length - 1);
    if (first <= last) parts.push(between(String(first), String(last)));
  }
  return choice(parts);
}

/** Digits of one length, from low to high. */
function between(low: string, high: string): Expression {
  if (low === "") return empty;
  const [a, b] = [Number(low[0]), Number(high[0])];
  const rest = low.length - 1;
  if (/^0*$/.test(low.slice(1)) && /^9*$/.test(high.slice(1)))
    return sequence([digit(a, b), repeat(digit(), rest, rest)]);
  if (a === b) return sequence([digit(a, a), between(low.slice(1), high.slice(1))]);
  return choice([
    sequence([digit(a, a), between(low.slice(1), "9".repeat(rest))]),
    a + 1 < b ? sequence([digit(a + 1, b - 1), repeat(digit(), rest, rest)]) : never,
    sequence([digit(b, b), between("0".repeat(rest), high.slice(1))]),
  ]);
}

/** Numbers from low to high, 0 ≤ low ≤ high, with as many digits behind the point as a double still tells apart. */
function decimals(low: Bound, high: Bound): Expression {
  const [lowWhole, lowRest] = decimalOf(low.value);
  const [highWhole, highRest] = decimalOf(high.value);
  const room = digitsOfDouble - String(highWhole).length;
  if (Math.max(lowRest.length, highRest.length) > room) {
    throw new Error(`Expected bounds of at most ${digitsOfDouble} digits. Received ${low.value} and ${high.value}.`);
  }
  const ends = { low: { rest: lowRest, open: low.open }, high: { rest: highRest, open: high.open } };
  if (lowWhole === highWhole) return sequence([text(String(lowWhole)), fraction(ends, room)]);
  const free = optional(sequence([point, repeat(digit(), 1, room)]));
  const { low: bottom, high: top } = ends;
  return choice([
    sequence([text(String(lowWhole)), fraction({ low: bottom }, room)]),
    lowWhole + 1 < highWhole ? sequence([naturals(lowWhole + 1, highWhole - 1), free]) : never,
    sequence([text(String(highWhole)), fraction({ high: top }, room)]),
  ]);
}

interface End {
  /** Digits behind the point, without zeros at the end. */
  readonly rest: string;
  readonly open: boolean;
}

interface Ends {
  readonly low?: End | undefined;
  readonly high?: End | undefined;
}

/** Nothing, or a point and digits, between two ends. */
function fraction(ends: Ends, room: number): Expression {
  const some = room > 0 ? sequence([point, digitsBetween(ends, { room, some: false })]) : never;
  return choice([mayStop(ends) ? empty : never, some]);
}

/** Digits so that the number stays between what is left of its ends; `some` tells whether there is a digit already. */
function digitsBetween({ low, high }: Ends, at: { room: number; some: boolean }): Expression {
  const stop = at.some && mayStop({ low, high }) ? empty : never;
  if (low === undefined && high === undefined) return repeat(digit(), at.some ? 0 : 1, at.room);
  if (at.room === 0) return stop;
  const next = { room: at.room - 1, some: true };
  const a = low === undefined ? -1 : Number(low.rest[0] ?? 0);
  const b = high === undefined ? 10 : Number(high.rest[0] ?? 0);
  const shorter = (end: End): End => ({ rest: end.rest.slice(1), open: end.open });
  if (a > b) return stop;
  if (a === b) {
    const both = { low: shorter(low!), high: shorter(high!) };
    return choice([stop, sequence([digit(a, a), digitsBetween(both, next)])]);
  }
  return choice([
    stop,
    low === undefined ? never : sequence([digit(a, a), digitsBetween({ low: shorter(low) }, next)]),
    a + 1 < b ? sequence([digit(a + 1, b - 1), repeat(digit(), 0, next.room)]) : never,
    high === undefined ? never : sequence([digit(b, b), digitsBetween({ high: shorter(high) }, next)]),
  ]);
}

/** Whether a number whose further digits are all 0 lies between the ends. */
function mayStop({ low, high }: Ends): boolean {
  const aboveLow = low === undefined || (low.rest === "" && !low.open);
  const belowHigh = high === undefined || high.rest !== "" || !high.open;
  return aboveLow && belowHigh;
}

/** The whole part and the digits behind the point. */
function decimalOf(value: number): [whole: number, rest: string] {
  if (value > largestInteger)
    throw new Error(`Expected bounds of at most ${digitsOfDouble} digits. Received ${value}.`);
  const [mantissa, exponent = "0"] = String(value).split("e");
  const [whole, rest = ""] = mantissa!.split(".");
  if (Number(exponent) >= 0) return [Number(whole), rest];
  return [0, `${"0".repeat(-Number(exponent) - 1)}${whole}${rest}`];
}

function codeOf(character: string): [number, number] {
  return [character.charCodeAt(0), character.charCodeAt(0)];
}
