import {
  type CodePointRange,
  characters,
  choice,
  complementRanges,
  type Expression,
  empty,
  lastCodePoint,
  mergeRanges,
  never,
  sequence,
  text,
} from "./expression.ts";

/** Characters that a JSON string cannot hold as they are (RFC 8259, section 7). */
const escaped: CodePointRange[] = [
  [0x00, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
];
export const quote = text('"');

/**
 * The characters of these ranges as they stand inside a JSON string, each in one way only: as itself, or with the escape that
 * `JSON.stringify` writes where it must be escaped. So the same string always has the same spelling.
 */
function jsonCharacters(ranges: Iterable<CodePointRange>): Expression {
  const wanted = mergeRanges(ranges);
  const plain = intersect(wanted, complementRanges(escaped));
  const escapes = escaped.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
      .filter((point) => wanted.some(([low, high]) => low <= point && point <= high))
      .map((point) => text(JSON.stringify(String.fromCodePoint(point)).slice(1, -1))),
  );
  return choice([...(plain.length > 0 ? [characters(plain)] : []), ...escapes]);
}

/** Any character, as it stands inside a JSON string. */
export const jsonCharacter = jsonCharacters([[0, lastCodePoint]]);

/** What matches an expression, as it stands inside a JSON string. */
export function jsonEscaped(expression: Expression): Expression {
  switch (expression.kind) {
    case "characters":
      return jsonCharacters(expression.ranges);
    case "sequence":
      return sequence(expression.items.map(jsonEscaped));
    case "choice":
      return choice(expression.items.map(jsonEscaped));
    case "repeat":
      return { ...expression, item: jsonEscaped(expression.item) };
    case "rule":
      return expression;
  }
}

/** A JSON string in quotes that is none of these. */
export function stringExcept(names: readonly string[]): Expression {
  const any: Expression = { kind: "repeat", item: jsonCharacter, minimum: 0, maximum: Number.POSITIVE_INFINITY };
  const rest = (suffixes: readonly string[]): Expression => {
    const branches = new Map<number, string[]>();
    let mayEnd = true;
    for (const suffix of suffixes) {
      const first = suffix.codePointAt(0);
      if (first === undefined) mayEnd = false;
      else branches.set(first, [...(branches.get(first) ?? []), suffix.slice(String.fromCodePoint(first).length)]);
    }
    const points = [...branches.keys()].map((point): CodePointRange => [point, point]);
    return choice([
      mayEnd ? quote : never,
      sequence([jsonCharacters(complementRanges(points)), any, quote]),
      ...[...branches].map(([point, next]) => sequence([jsonCharacters([[point, point]]), rest(next)])),
    ]);
  };
  return sequence([quote, rest(names)]);
}

/** Fewest and most characters that an expression matches. A rule counts as anything. */
export function lengthBounds(expression: Expression): [minimum: number, maximum: number] {
  switch (expression.kind) {
    case "characters":
      return [1, 1];
    case "sequence": {
      const bounds = expression.items.map(lengthBounds);
      return [bounds.reduce((sum, [low]) => sum + low, 0), bounds.reduce((sum, [, high]) => sum + high, 0)];
    }
    case "choice": {
      const bounds = expression.items.map(lengthBounds);
      return [Math.min(...bounds.map(([low]) => low)), Math.max(...bounds.map(([, high]) => high))];
    }
    case "repeat": {
      const [low, high] = lengthBounds(expression.item);
      return [low * expression.minimum, high === 0 ? 0 : high * expression.maximum];
    }
    case "rule":
      return [0, Number.POSITIVE_INFINITY];
  }
}

/** Where a JSON text may have white space: between the parts of objects and lists. */
export type WhiteSpace = "none" | "spaced" | "flexible";

/** The white space after `:` and `,` and inside brackets. */
export function whiteSpace(policy: WhiteSpace): { after: Expression; inside: Expression } {
  if (policy === "none") return { after: empty, inside: empty };
  if (policy === "spaced") return { after: text(" "), inside: empty };
  const blank = characters([
    [0x20, 0x20],
    [0x09, 0x0a],
    [0x0d, 0x0d],
  ]);
  const some: Expression = { kind: "repeat", item: blank, minimum: 0, maximum: 24 };
  return { after: some, inside: some };
}

function intersect(a: readonly CodePointRange[], b: readonly CodePointRange[]): CodePointRange[] {
  return a.flatMap(([low, high]) =>
    b.flatMap(([first, last]): CodePointRange[] => {
      const [from, to] = [Math.max(low, first), Math.min(high, last)];
      return from <= to ? [[from, to]] : [];
    }),
  );
}
