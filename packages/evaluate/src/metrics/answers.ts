import { type AdditiveMetric, meanMetric } from "../additive.ts";
import { strip, words } from "./whitespace.ts";
import { wordTokenize } from "./word-tokenize.ts";

/** Whose rule decides whether an answer is right. */
export const answerRules = ["squad-1.1", "squad-2.0", "cmrc-2018"] as const;
export type AnswerRule = (typeof answerRules)[number];

export interface AnsweredQuestion {
  /** Empty for "there is no answer". */
  readonly prediction: string;
  /** All right answers; none where a question has no answer (SQuAD 2.0). */
  readonly answers: readonly string[];
}

/** Percent of answers that are a right one, after the rule's normalisation. */
export function exactMatch(rule: AnswerRule): AdditiveMetric<AnsweredQuestion, { readonly value: number }> {
  return meanMetric(`exact-match|rule:${rule}|answers:best`, (question) => 100 * answerScores(question, rule).exact);
}

/** Mean overlap of answers with the right one that is most alike, in percent. */
export function answerF1(rule: AnswerRule): AdditiveMetric<AnsweredQuestion, { readonly value: number }> {
  return meanMetric(`answer-f1|rule:${rule}|answers:best`, (question) => 100 * answerScores(question, rule).f1);
}

/**
 * Exact match and F1 of one answer, from 0 to 1: the best over all right answers.
 *
 * `squad-1.1` and `squad-2.0` (Rajpurkar et al. 2016 and 2018): lower case, without ASCII punctuation and articles; F1 of the bags
 * of words. In 2.0 a question may have no answer, which only an empty prediction meets. `cmrc-2018` (Cui et al. 2019): lower
 * case, without punctuation; F1 of the longest common run of Chinese characters and other words.
 *
 * @throws RangeError when there is no right answer and the rule is not SQuAD 2.0's.
 */
export function answerScores(
  { prediction, answers }: AnsweredQuestion,
  rule: AnswerRule,
): { readonly exact: number; readonly f1: number } {
  if (!answerRules.includes(rule)) {
    throw new RangeError(`Expected a rule that is one of ${answerRules.join(", ")}. Received ${JSON.stringify(rule)}.`);
  }
  const right = rule === "squad-2.0" ? answers.filter((answer) => normalizeAnswer(answer) !== "") : answers;
  const all = rule === "squad-2.0" && right.length === 0 ? [""] : right;
  if (all.length === 0) throw new RangeError("Expected at least one right answer. Received none.");
  const [exactOf, f1Of] =
    rule === "cmrc-2018" ? [cmrcExact, cmrcF1] : [squadExact, rule === "squad-2.0" ? f1Of2 : f1Of1];
  let [exact, f1] = [0, 0];
  for (const answer of all) {
    exact = Math.max(exact, exactOf(prediction, answer));
    f1 = Math.max(f1, f1Of(prediction, answer));
  }
  return { exact, f1 };
}

const punctuation = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/gu;
const article = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** As SQuAD's script: lower case, no ASCII punctuation, no articles, single spaces. */
export function normalizeAnswer(text: string): string {
  return words(text.toLowerCase().replace(punctuation, "").replace(article, " ")).join(" ");
}

function squadExact(prediction: string, answer: string): number {
  return normalizeAnswer(prediction) === normalizeAnswer(answer) ? 1 : 0;
}

function f1Of1(prediction: string, answer: string): number {
  return bagF1(words(normalizeAnswer(prediction)), words(normalizeAnswer(answer)));
}

/** No answer overlaps with no answer alone. */
function f1Of2(prediction: string, answer: string): number {
  const [predicted, right] = [words(normalizeAnswer(prediction)), words(normalizeAnswer(answer))];
  if (predicted.length === 0 || right.length === 0) return predicted.length === right.length ? 1 : 0;
  return bagF1(predicted, right);
}

/** Harmonic mean of the shares of two bags that both hold; 0 without anything in common. */
function bagF1(predicted: readonly string[], right: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const token of right) counts.set(token, (counts.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of predicted) {
    const left = counts.get(token) ?? 0;
    if (left === 0) continue;
    common++;
    counts.set(token, left - 1);
  }
  return harmonic(common, predicted.length, right.length);
}

function harmonic(common: number, predicted: number, right: number): number {
  if (common === 0) return 0;
  const [precision, recall] = [common / predicted, common / right];
  return (2 * precision * recall) / (precision + recall);
}

// The script's list has "……" as one entry, which no single character equals: an ellipsis is no punctuation to it.
const cmrcPunctuation = new Set("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』");

function cmrcText(text: string): string[] {
  return [...strip(text.toLowerCase())].filter((character) => !cmrcPunctuation.has(character));
}

function cmrcExact(prediction: string, answer: string): number {
  return cmrcText(prediction).join("") === cmrcText(answer).join("") ? 1 : 0;
}

/** Chinese characters each, and the words between them: CMRC 2018's mixed segmentation, without punctuation. */
export function mixedSegmentation(text: string): string[] {
  const segments: string[] = [];
  let other = "";
  const flush = (): void => {
    if (other !== "") segments.push(...wordTokenize(other));
    other = "";
  };
  for (const character of cmrcText(text)) {
    if (/[\u4e00-\u9fa5]/u.test(character)) {
      flush();
      segments.push(character);
    } else {
      other += character;
    }
  }
  flush();
  return segments;
}

/** The script's "LCS" is the longest run that both have, not a subsequence with gaps. */
function cmrcF1(prediction: string, answer: string): number {
  const [predicted, right] = [mixedSegmentation(prediction), mixedSegmentation(answer)];
  let longest = 0;
  let above = new Uint32Array(right.length + 1);
  for (const token of predicted) {
    const row = new Uint32Array(right.length + 1);
    for (let at = 0; at < right.length; at++) {
      if (token !== right[at]) continue;
      row[at + 1] = above[at]! + 1;
      longest = Math.max(longest, row[at + 1]!);
    }
    above = row;
  }
  return harmonic(longest, predicted.length, right.length);
}
