/** An inclusive range of Unicode code points. */
export type CodePointRange = readonly [first: number, last: number];

/** A set of texts: regular expressions plus rules that may call one another, so that brackets can nest. */
export type Expression =
  | { readonly kind: "characters"; readonly ranges: readonly CodePointRange[] }
  | { readonly kind: "sequence"; readonly items: readonly Expression[] }
  | { readonly kind: "choice"; readonly items: readonly Expression[] }
  | { readonly kind: "repeat"; readonly item: Expression; readonly minimum: number; readonly maximum: number }
  | { readonly kind: "rule"; readonly name: string };

/** Rules by name and the expression that a whole text must match. */
export interface Grammar {
  readonly root: Expression;
  readonly rules: ReadonlyMap<string, Expression>;
}

export const lastCodePoint = 0x10ffff;

/** One character of these ranges, which may overlap and come in any order; surrogates are no characters. */
export function characters(ranges: Iterable<CodePointRange>): Expression {
  return { kind: "characters", ranges: mergeRanges(ranges) };
}

/** @throws Error when the text has a surrogate without its other half. */
export function text(value: string): Expression {
  if (!isWellFormed(value)) throw new Error(`Expected well-formed Unicode. Received ${JSON.stringify(value)}.`);
  return sequence(
    Array.from(value, (character) => characters([[character.codePointAt(0)!, character.codePointAt(0)!]])),
  );
}

export function sequence(items: readonly Expression[]): Expression {
  const flat = items.flatMap((item) => (item.kind === "sequence" ? item.items : [item]));
  return flat.length === 1 ? flat[0]! : { kind: "sequence", items: flat };
}

/** One of these; of none, nothing matches. */
export function choice(items: readonly Expression[]): Expression {
  const flat = items.flatMap((item) => (item.kind === "choice" ? item.items : [item]));
  return flat.length === 1 ? flat[0]! : { kind: "choice", items: flat };
}

export function repeat(item: Expression, minimum: number, maximum = Number.POSITIVE_INFINITY): Expression {
  return { kind: "repeat", item, minimum, maximum };
}

export function optional(item: Expression): Expression {
  return repeat(item, 0, 1);
}

export const empty: Expression = { kind: "sequence", items: [] };
export const never: Expression = { kind: "choice", items: [] };

/** Sorted, merged, without surrogates. */
export function mergeRanges(ranges: Iterable<CodePointRange>): CodePointRange[] {
  const sorted = [...ranges].flatMap(withoutSurrogates).sort(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** Every character outside these ranges. */
export function complementRanges(ranges: Iterable<CodePointRange>): CodePointRange[] {
  const out: CodePointRange[] = [];
  let next = 0;
  for (const [first, last] of mergeRanges(ranges)) {
    if (first > next) out.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= lastCodePoint) out.push([next, lastCodePoint]);
  return mergeRanges(out);
}

function withoutSurrogates([first, last]: CodePointRange): CodePointRange[] {
  const parts: CodePointRange[] = [
    [first, Math.min(last, 0xd7ff)],
    [Math.max(first, 0xe000), last],
  ];
  return parts.filter(([low, high]) => low <= high);
}

function isWellFormed(value: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value);
}
