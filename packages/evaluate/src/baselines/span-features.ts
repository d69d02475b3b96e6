import { type Passage, questionKind, questionTerms } from "./passage.ts";

/** Places of `span` features in the table of weights, and their values. */
export interface SpanFeatures {
  readonly places: Int32Array;
  readonly values: Float64Array;
}

/** Size of the table; features are hashed into it. */
export const featureTable = 1 << 18;

/** How many features a span has. */
export const featureCount = 26;

/** What is computed once for a question and its passage. */
export class SpanScorer {
  readonly passage: Passage;
  readonly #kind: string;
  readonly #asked: string;
  /** Sums of the weights of question words, and of their pairs, up to each unit. */
  readonly #matches: Float64Array;
  readonly #pairs: Float64Array;
  readonly #total: number;
  /** Distance to the nearest question word on either side. */
  readonly #before: Int32Array;
  readonly #after: Int32Array;
  /** Of each unit its sentence; of each sentence its place by matches. */
  readonly #sentences: Int32Array;
  readonly #ranks: number[];
  readonly #shapes: string[];

  constructor(question: Passage, passage: Passage, idf: (word: string) => number) {
    this.passage = passage;
    this.#kind = questionKind(question.text);
    const terms = questionTerms(question);
    this.#asked = [...terms][0] ?? "";
    const { units, sentences } = passage;
    const pairs = new Set(question.units.slice(1).map(({ text }, at) => `${question.units[at]!.text} ${text}`));
    this.#matches = new Float64Array(units.length + 1);
    this.#pairs = new Float64Array(units.length + 1);
    this.#before = new Int32Array(units.length + 1).fill(99);
    this.#after = new Int32Array(units.length + 1).fill(99);
    units.forEach(({ text }, at) => {
      const found = terms.has(text);
      const pair = at > 0 && pairs.has(`${units[at - 1]!.text} ${text}`);
      this.#matches[at + 1] = this.#matches[at]! + (found ? idf(text) : 0);
      this.#pairs[at + 1] = this.#pairs[at]! + (pair ? idf(text) : 0);
      this.#before[at + 1] = found ? 0 : Math.min(99, this.#before[at]! + 1);
    });
    for (let at = units.length - 1; at >= 0; at--) {
      this.#after[at] = terms.has(units[at]!.text) ? 0 : Math.min(99, this.#after[at + 1]! + 1);
    }
    this.#total = [...terms].reduce((sum, term) => sum + idf(term), 0) || 1;
    this.#sentences = new Int32Array(units.length);
    sentences.forEach(([from, to], index) => this.#sentences.fill(index, from, to));
    const strengths = sentences.map(
      ([from, to]) => this.#between(this.#matches, from, to) + this.#between(this.#pairs, from, to),
    );
    this.#ranks = strengths.map((strength) => strengths.filter((other) => other > strength).length);
    this.#shapes = units.map(({ start, end }) => shapeOf(passage.text.slice(start, end)));
  }

  /** Spans that could be an answer: within a sentence, up to `longest` units, without marks at their ends. */
  candidates(longest: number): [number, number][] {
    const { units, sentences } = this.passage;
    const spans: [number, number][] = [];
    for (const [from, to] of sentences) {
      for (let start = from; start < to; start++) {
        if (units[start]!.isMark && !/[$€£¥“"《]/u.test(units[start]!.text)) continue;
        for (let end = start + 1; end <= Math.min(to, start + longest); end++) {
          if (!units[end - 1]!.isMark || /[%”"》]/u.test(units[end - 1]!.text)) spans.push([start, end]);
        }
      }
    }
    return spans;
  }

  /** Writes the features of units `start` up to `end`. */
  features([start, end]: readonly [number, number], out: SpanFeatures): void {
    const { units, sentences } = this.passage;
    const sentence = this.#sentences[start]!;
    const [from, to] = sentences[sentence]!;
    const kind = this.#kind;
    const length = Math.min(12, end - start);
    const shape = start + 1 === end ? this.#shapes[start]! : `${this.#shapes[start]}${this.#shapes[end - 1]}`;
    const word = (at: number): string => (at >= from && at < to ? units[at]!.text : "|");
    const [first, last, previous, next] = [word(start), word(end - 1), word(start - 1), word(end)];
    const outside = this.#between(this.#matches, from, start) + this.#between(this.#matches, end, to);
    const near =
      this.#between(this.#matches, Math.max(from, start - 6), start) +
      this.#between(this.#matches, end, Math.min(to, end + 6));
    const pairs = this.#between(this.#pairs, from, start) + this.#between(this.#pairs, Math.min(end + 1, to), to);
    const inside = this.#between(this.#matches, start, end);
    const [left, right] = [Math.min(8, this.#before[start]!), Math.min(8, this.#after[end]!)];
    let at = 0;
    const put = (name: string, value = 1): void => {
      out.places[at] = hash(name);
      out.values[at++] = value;
    };
    put("outside", outside / this.#total);
    put("near", near / this.#total);
    put("pairs", pairs / this.#total);
    put("inside", inside / this.#total);
    put(`inside ${inside > 0}`);
    put(`rank ${Math.min(5, this.#ranks[sentence]!)}`);
    put(`left ${left}`);
    put(`right ${right}`);
    put(`near ${Math.min(left, right)}`);
    put(`${kind} length ${length}`);
    put(`${kind} shape ${shape}`);
    put(`${kind} first ${first}`);
    put(`${kind} last ${last}`);
    put(`${kind} previous ${previous}`);
    put(`${kind} next ${next}`);
    put(`first ${first}`);
    put(`last ${last}`);
    put(`previous ${previous}`);
    put(`next ${next}`);
    put(`asked ${this.#asked} shape ${shape}`);
    put(`asked ${this.#asked} last ${last}`);
    put(`shape ${shape} length ${length}`);
    put(`shapes ${this.#shapes[start - 1] ?? "|"} ${this.#shapes[start]}`);
    put(`shapes ${this.#shapes[end - 1]} ${this.#shapes[end] ?? "|"}`);
    put(`length ${length}`);
    put("long", Math.log(end - start));
  }

  #between(sums: Float64Array, from: number, to: number): number {
    return to > from ? sums[to]! - sums[from]! : 0;
  }
}

/** What a word looks like. */
function shapeOf(word: string): string {
  if (/^\p{N}{4}$/u.test(word)) return "Y";
  if (/^\p{N}/u.test(word)) return "9";
  if (/^[年月日号时分秒]$/u.test(word)) return "T";
  if (/^[零一二三四五六七八九十百千万亿两]$/u.test(word)) return "N";
  if (/^\p{sc=Han}/u.test(word)) return "H";
  if (/^\p{Lu}[\p{Lu}\p{N}]+$/u.test(word)) return "A";
  if (/^\p{Lu}/u.test(word)) return "X";
  return /^[\p{L}]/u.test(word) ? (word.length < 4 ? "w" : "x") : word;
}

/** FNV-1a. */
function hash(name: string): number {
  let mixed = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) mixed = Math.imul(mixed ^ name.charCodeAt(at), 0x01000193);
  return (mixed ^ (mixed >>> 15)) & (featureTable - 1);
}
