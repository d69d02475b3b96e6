import { type AdditiveMetric, additive } from "../additive.ts";

/** Tags of one text, and those that a model gives it. */
export interface TaggedText {
  readonly tags: readonly string[];
  readonly predicted: readonly string[];
}

/** A tagged span: tokens from `start` up to `end`. */
export interface Span {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/**
 * How tags are read. "default" is conlleval's lenient way: a span may start with I or E, and ends where its type changes. "IOB2"
 * and "IOBES" are strict: a span is B I* or, with IOBES, S or B I* E, all of one type; anything else is none.
 */
export const tagSchemes = ["default", "IOB2", "IOBES"] as const;
export type TagScheme = (typeof tagSchemes)[number];

export interface SpanScoreOptions {
  /** Types that can occur. */
  readonly types: readonly string[];
  /** Default "default". */
  readonly scheme?: TagScheme;
  /** "micro" counts spans alike, "macro" types, "weighted" types by their spans. Default "micro". */
  readonly average?: "micro" | "macro" | "weighted";
}

export interface SpanScore {
  /** F1. */
  readonly value: number;
  readonly precision: number;
  readonly recall: number;
  readonly perType: readonly {
    readonly type: string;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly support: number;
  }[];
}

/** F1 of tagged spans, equal to seqeval 1.2.2: a span is right when its type, start and end are. */
export function spanF1(options: SpanScoreOptions): AdditiveMetric<TaggedText, SpanScore> {
  const { types, scheme = "default", average = "micro" } = options;
  const places = new Map(types.map((type, index) => [type, index]));
  return additive({
    signature: `span-f1|scheme:${scheme}|average:${average}|match:exact`,
    size: 3 * types.length,
    observe: ({ tags, predicted }) => {
      if (tags.length !== predicted.length) {
        throw new RangeError(`Expected a tag for each of ${tags.length} tokens. Received ${predicted.length}.`);
      }
      const counts = new Array<number>(3 * types.length).fill(0);
      const key = ({ type, start, end }: Span): string => `${start} ${end} ${type}`;
      const right = spansOf(tags, scheme);
      const known = new Set(right.map(key));
      const add = ({ type }: Span, part: number): void => {
        const place = places.get(type);
        if (place === undefined) {
          throw new RangeError(`Expected a span of one of ${types.join(", ")}. Received ${JSON.stringify(type)}.`);
        }
        counts[3 * place + part]!++;
      };
      for (const span of right) add(span, 0);
      for (const span of spansOf(predicted, scheme)) {
        add(span, 1);
        if (known.has(key(span))) add(span, 2);
      }
      return counts;
    },
    score: (sums) => spanScore(sums, types, average),
  });
}

/** The spans that tags stand for. @throws RangeError for a tag that the scheme does not have. */
export function spansOf(tags: readonly string[], scheme: TagScheme = "default"): Span[] {
  const parsed = tags.map((tag) => parse(tag, scheme));
  return scheme === "default" ? lenientSpans(parsed) : strictSpans(parsed, scheme);
}

interface Tag {
  readonly prefix: string;
  readonly type: string;
}

const outside: Tag = { prefix: "O", type: "_" };

function parse(tag: string, scheme: TagScheme): Tag {
  const [prefix] = tag;
  const allowed = scheme === "IOB2" ? "IOB" : "IOBES";
  if (prefix === undefined || !allowed.includes(prefix)) {
    throw new RangeError(
      `Expected a tag that starts with one of ${[...allowed].join(", ")}. Received ${JSON.stringify(tag)}.`,
    );
  }
  const rest = tag.slice(1);
  return { prefix, type: (rest.startsWith("-") ? rest.slice(1) : rest) || "_" };
}

function lenientSpans(tags: readonly Tag[]): Span[] {
  const spans: Span[] = [];
  let before = outside;
  let start = 0;
  for (let at = 0; at <= tags.length; at++) {
    const tag = tags[at] ?? outside;
    const open = before.prefix !== "O";
    const other = before.type !== tag.type;
    const closed = before.prefix === "E" || before.prefix === "S";
    if (open && (closed || other || "BSO".includes(tag.prefix))) spans.push({ type: before.type, start, end: at });
    if (tag.prefix !== "O" && (other || closed || !open || tag.prefix === "B" || tag.prefix === "S")) start = at;
    before = tag;
  }
  return spans;
}

function strictSpans(tags: readonly Tag[], scheme: "IOB2" | "IOBES"): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < tags.length; ) {
    const { prefix, type } = tags[start]!;
    let end = start + 1;
    let whole = prefix === "S" || (prefix === "B" && scheme === "IOB2");
    if (prefix === "B") {
      while (end < tags.length && tags[end]!.type === type && tags[end]!.prefix === "I") end++;
      if (scheme === "IOBES" && end < tags.length && tags[end]!.type === type && tags[end]!.prefix === "E") {
        end++;
        whole = true;
      }
    }
    if (whole) spans.push({ type, start, end });
    start = end;
  }
  return spans;
}

function spanScore(
  sums: readonly number[],
  types: readonly string[],
  average: NonNullable<SpanScoreOptions["average"]>,
): SpanScore {
  const rows = types.map((type, index) => {
    const [right, predicted, both] = [sums[3 * index]!, sums[3 * index + 1]!, sums[3 * index + 2]!];
    return { type, ...sharesOf(right, predicted, both), support: right, predicted };
  });
  const perType = rows.map(({ predicted: _, ...row }) => row);
  if (average === "micro") {
    const total = (part: number): number => types.reduce((sum, _, index) => sum + sums[3 * index + part]!, 0);
    const { precision, recall, f1 } = sharesOf(total(0), total(1), total(2));
    return { value: f1, precision, recall, perType };
  }
  // Types that neither side has do not count.
  const present = rows.filter(({ support, predicted }) => support + predicted > 0);
  const weights = present.map(({ support }) => (average === "macro" ? 1 : support));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const mean = (part: "precision" | "recall" | "f1"): number =>
    sum === 0 ? 0 : present.reduce((total, row, index) => total + weights[index]! * row[part], 0) / sum;
  return { value: mean("f1"), precision: mean("precision"), recall: mean("recall"), perType };
}

function sharesOf(right: number, predicted: number, both: number): { precision: number; recall: number; f1: number } {
  const precision = predicted === 0 ? 0 : both / predicted;
  const recall = right === 0 ? 0 : both / right;
  return { precision, recall, f1: both === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}
