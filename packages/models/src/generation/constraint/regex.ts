import { type AST, RegExpParser } from "@eslint-community/regexpp";
import {
  type CodePointRange,
  characters,
  choice,
  complementRanges,
  type Expression,
  empty,
  lastCodePoint,
  repeat,
  sequence,
} from "./expression.ts";

/** A JavaScript regular expression, as a literal or as its source. */
export type RegexSource = RegExp | string;

/**
 * A JavaScript regular expression as an expression over characters. `whole` (default) matches the whole text, as if between ^
 * and $; otherwise ^ and $ count where they stand and anything may come before and after, as in JSON Schema.
 *
 * It counts in code points, as with the flag u. Lazy quantifiers and groups' names change nothing in what matches. With the flag i letters match in lower and upper case.
 *
 * @throws Error for what is not regular or depends on neighbours: look-around, back-references, \b, ^ or $ inside.
 */
export function regexExpression(source: RegexSource, { whole = true }: { whole?: boolean } = {}): Expression {
  const pattern = typeof source === "string" ? source : source.source;
  const flags = typeof source === "string" ? "" : source.flags;
  if (flags.includes("m")) throw unsupported(pattern, 0, "the flag m");
  const reader = new Reader(pattern, flags);
  return choice(reader.parse().alternatives.map((alternative) => reader.anchored(alternative, whole)));
}

const digits: CodePointRange[] = [[0x30, 0x39]];
const word: CodePointRange[] = [...digits, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const spaces: CodePointRange[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const lineEnds: CodePointRange[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];
const anything = repeat(characters([[0, lastCodePoint]]), 0);
/** Above this many characters a class is not spelled out for the flag i. */
const foldable = 5000;

class Reader {
  readonly #pattern: string;
  readonly #flags: string;

  constructor(pattern: string, flags: string) {
    this.#pattern = pattern;
    this.#flags = flags;
  }

  parse(): AST.Pattern {
    const parser = new RegExpParser({ ecmaVersion: 2025 });
    const sets = this.#flags.includes("v");
    const parse = (unicode: boolean): AST.Pattern =>
      parser.parsePattern(this.#pattern, 0, this.#pattern.length, { unicode: unicode && !sets, unicodeSets: sets });
    try {
      return parse(true);
    } catch (error) {
      // Without u, escapes such as \- are let through.
      if (!this.#flags.includes("u") && !sets) {
        try {
          return parse(false);
        } catch {}
      }
      throw new Error(`Expected a JavaScript regular expression. ${(error as Error).message}`, { cause: error });
    }
  }

  /** An alternative at the top, where ^ and $ may stand at the ends. */
  anchored({ elements }: AST.Alternative, whole: boolean): Expression {
    const from = elements[0]?.type === "Assertion" && elements[0].kind === "start" ? 1 : 0;
    const last = elements.at(-1);
    const until =
      elements.length - (last?.type === "Assertion" && last.kind === "end" && elements.length > from ? 1 : 0);
    const inner = sequence(elements.slice(from, until).map((element) => this.#element(element)));
    if (whole) return inner;
    const before = from === 0 ? anything : empty;
    const after = until === elements.length ? anything : empty;
    return sequence([before, inner, after]);
  }

  #alternatives(alternatives: readonly AST.Alternative[]): Expression {
    return choice(alternatives.map(({ elements }) => sequence(elements.map((element) => this.#element(element)))));
  }

  #element(element: AST.Element): Expression {
    switch (element.type) {
      case "Group":
        if (element.modifiers !== null) throw unsupported(this.#pattern, element.start, "a flag inside a group");
        return this.#alternatives(element.alternatives);
      case "CapturingGroup":
        return this.#alternatives(element.alternatives);
      case "Quantifier":
        return repeat(this.#element(element.element), element.min, element.max);
      case "Character":
        return characters(this.#folded([[element.value, element.value]]));
      case "CharacterSet":
      case "CharacterClass":
        return characters(this.#ranges(element));
      case "ExpressionCharacterClass":
        return characters(this.#matching(element.raw));
      case "Backreference":
        throw unsupported(this.#pattern, element.start, "a back-reference, which is not regular,");
      case "Assertion":
        throw unsupported(this.#pattern, element.start, assertionNames[element.kind]);
    }
  }

  #ranges(element: AST.CharacterSet | AST.CharacterClass): CodePointRange[] {
    if (element.type === "CharacterClass") {
      if (element.unicodeSets) return this.#matching(element.raw);
      const inner = element.elements.flatMap((part): CodePointRange[] => {
        if (part.type === "Character") return [[part.value, part.value]];
        if (part.type === "CharacterClassRange") return [[part.min.value, part.max.value]];
        return this.#ranges(part as AST.CharacterSet);
      });
      const folded = this.#folded(inner);
      return element.negate ? complementRanges(folded) : folded;
    }
    if (element.kind === "any") return this.#flags.includes("s") ? [[0, lastCodePoint]] : complementRanges(lineEnds);
    if (element.kind === "property") return this.#matching(element.raw);
    const ranges = { digit: digits, word, space: spaces }[element.kind];
    return element.negate ? complementRanges(ranges) : ranges;
  }

  #folded(ranges: CodePointRange[]): CodePointRange[] {
    if (!this.#flags.includes("i")) return ranges;
    const size = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    if (size > foldable) return ranges;
    const out = [...ranges];
    for (const [first, last] of ranges) {
      for (let point = first; point <= last; point++) {
        const character = String.fromCodePoint(point);
        for (const variant of [character.toLowerCase(), character.toUpperCase()]) {
          const [only, more] = Array.from(variant, (part) => part.codePointAt(0)!);
          if (more === undefined) out.push([only!, only!]);
        }
      }
    }
    return out;
  }

  /** Asks the engine about every code point: for Unicode properties, whose tables it has. */
  #matching(raw: string): CodePointRange[] {
    const flags = `${this.#flags.includes("i") ? "i" : ""}${this.#flags.includes("v") ? "v" : "u"}`;
    const key = `${flags} ${raw}`;
    const known = properties.get(key);
    if (known !== undefined) return known;
    const test = new RegExp(`^${raw}$`, flags);
    const ranges: [number, number][] = [];
    for (let point = 0; point <= lastCodePoint; point++) {
      if (point === 0xd800) point = 0xe000;
      if (!test.test(String.fromCodePoint(point))) continue;
      const previous = ranges.at(-1);
      if (previous !== undefined && previous[1] === point - 1) previous[1] = point;
      else ranges.push([point, point]);
    }
    properties.set(key, ranges);
    return ranges;
  }
}

const properties = new Map<string, CodePointRange[]>();

const assertionNames = {
  lookahead: "a look-ahead",
  lookbehind: "a look-behind",
  word: "a word boundary",
  start: "^ anywhere but at the beginning",
  end: "$ anywhere but at the end",
} as const;

function unsupported(pattern: string, at: number, what: string): Error {
  return new Error(
    `/${pattern}/, at ${at}: ${what} cannot be turned into a token mask. Write what may come as classes, alternatives and quantifiers.`,
  );
}
