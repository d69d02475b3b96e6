import { type Passage, passageOf, questionTerms } from "./passage.ts";

/** A part of the context. */
export interface FoundAnswer {
  readonly text: string;
  /** UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

/**
 * The sliding-window baseline of extractive question answering (Richardson et al. 2013, algorithm 1, as used by Rajpurkar et al.
 * 2016, section 5.1). Candidates of the sentences with most words and word pairs of the question are scored by the window that
 * holds most of question and candidate, rare words counting more. Nothing is learnt.
 *
 * The paper's candidates are constituents of a parser. Here they are runs of words between marks, words of the question and words
 * that are frequent in the passage.
 *
 * @throws RangeError for a context without words.
 */
export function slidingWindowAnswer(question: string, context: string): FoundAnswer {
  const passage = passageOf(context);
  const { units } = passage;
  const asked = questionTerms(passageOf(question));
  const candidates = bestSentences(passage, passageOf(question), asked).flatMap((sentence) =>
    runsBetween(passage, asked, sentence),
  );
  const all = candidates.length > 0 ? candidates : runsBetween(passage, new Set(), [0, units.length]);
  if (all.length === 0) throw new RangeError("Expected a context with words to find an answer in. Received none.");
  const counts = countsOf(units.map(({ text }) => text));
  const weights = Float64Array.from(units, ({ text, isMark }) => (isMark ? 0 : Math.log(1 + 1 / counts.get(text)!)));
  let best = all[0]!;
  let most = Number.NEGATIVE_INFINITY;
  for (const candidate of all) {
    const target = new Set(asked);
    for (let at = candidate[0]; at < candidate[1]; at++) target.add(units[at]!.text);
    const score = bestWindow(passage, { target, weights, candidate });
    if (score > most) [best, most] = [candidate, score];
  }
  const [start, end] = [units[best[0]]!.start, units[best[1] - 1]!.end];
  return { text: context.slice(start, end), start, end };
}

type Range = readonly [number, number];

/** Sentences that share most with the question, of those with equal parts all. */
function bestSentences({ units, sentences }: Passage, question: Passage, asked: ReadonlySet<string>): Range[] {
  const pairs = new Set(question.units.slice(1).map(({ text }, at) => `${question.units[at]!.text} ${text}`));
  const overlaps = sentences.map(([from, to]) => {
    const inside = units.slice(from, to).map(({ text }) => text);
    const shared = new Set(inside.filter((text) => asked.has(text))).size;
    return (
      shared +
      new Set(
        inside
          .slice(1)
          .map((text, at) => `${inside[at]!} ${text}`)
          .filter((pair) => pairs.has(pair)),
      ).size
    );
  });
  const most = Math.max(...overlaps, 0);
  return sentences.filter((_, index) => overlaps[index] === most);
}

const longestCandidate = 12;

function runsBetween({ units }: Passage, asked: ReadonlySet<string>, [from, to]: Range): Range[] {
  const counts = countsOf(units.map(({ text }) => text));
  const common = Math.max(3, units.length / 25);
  const runs: Range[] = [];
  let start = from;
  for (let at = from; at <= to; at++) {
    const each = units[at];
    const splits =
      at === to ||
      each!.isMark ||
      asked.has(each!.text) ||
      counts.get(each!.text)! >= common ||
      at - start >= longestCandidate;
    if (!splits) continue;
    if (at > start) runs.push([start, at]);
    start = at + 1;
  }
  return runs;
}

/** The heaviest window as long as there are target words, among those that hold the candidate. */
function bestWindow(
  { units }: Passage,
  { target, weights, candidate }: { target: ReadonlySet<string>; weights: Float64Array; candidate: Range },
): number {
  const size = Math.max(target.size, candidate[1] - candidate[0]);
  let best = 0;
  for (let start = Math.max(0, candidate[1] - size); start <= candidate[0]; start++) {
    let sum = 0;
    for (let at = start; at < Math.min(units.length, start + size); at++)
      if (target.has(units[at]!.text)) sum += weights[at]!;
    best = Math.max(best, sum);
  }
  return best;
}

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
