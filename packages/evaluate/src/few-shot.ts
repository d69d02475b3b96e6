import { Random } from "@nacre/random";

/** A question as text, and its answer. */
export interface Shot {
  readonly prompt: string;
  readonly answer: string;
}

export interface FewShotOptions {
  /** Solved examples to draw from: of the training part, never the test part. */
  readonly pool: readonly Shot[];
  /** How many are shown. */
  readonly shots: number;
  readonly seed: number;
  /** Comes first. Default none. */
  readonly description?: string;
  /** Between examples. Default an empty line. */
  readonly delimiter?: string;
  /** Between a prompt and its answer. Default one space. */
  readonly answerDelimiter?: string;
}

/**
 * Prompts of test questions with solved examples before them, in the manner of lm-evaluation-harness: description, then shots, then
 * the question without an answer. Which shots a question gets depends on the seed and its place alone, so part of a test set has
 * the prompts of the whole. A question that is in the pool is never its own shot.
 *
 * @throws RangeError when the pool has too few others.
 */
export function fewShotPrompts(questions: readonly string[], options: FewShotOptions): string[] {
  const { pool, shots, seed, description = "", delimiter = "\n\n", answerDelimiter = " " } = options;
  const random = new Random(seed).fork("few-shot");
  return questions.map((question, index) => {
    const chosen = draw(pool, { question, shots, random: random.fork(index) });
    const solved = chosen.map(({ prompt, answer }) => `${prompt}${answerDelimiter}${answer}${delimiter}`);
    return description + (description === "" ? "" : delimiter) + solved.join("") + question;
  });
}

function draw(
  pool: readonly Shot[],
  { question, shots, random }: { question: string; shots: number; random: Random },
): Shot[] {
  const chosen: Shot[] = [];
  if (shots === 0) return chosen;
  for (const place of random.permutation(pool.length)) {
    const shot = pool[place]!;
    if (shot.prompt !== question) chosen.push(shot);
    if (chosen.length === shots) return chosen;
  }
  throw new RangeError(`Expected a pool of ${shots} or more examples besides the question. Received ${chosen.length}.`);
}

/** How many test texts a training corpus already holds. */
export interface ContaminationNote {
  readonly examples: number;
  /** Places of the texts that share a run of `words` words with the corpus. */
  readonly found: readonly number[];
  readonly words: number;
  readonly text: string;
}

/**
 * Test texts that share a run of words with training texts (Brown et al. 2020, appendix C: 13 words, without case and
 * punctuation). Texts shorter than that count when all of their words are found in a row. Chinese counts by characters.
 */
export function contamination(
  test: readonly string[],
  training: Iterable<string>,
  { words: length = 13 }: { readonly words?: number } = {},
): ContaminationNote {
  const runs = new Map<string, number[]>();
  const lengths = new Set<number>();
  test.forEach((text, index) => {
    const units = unitsOf(text);
    const size = Math.min(length, units.length);
    if (size === 0) return;
    lengths.add(size);
    for (let start = 0; start + size <= units.length; start++) {
      const run = units.slice(start, start + size).join(" ");
      const places = runs.get(run);
      if (places === undefined) runs.set(run, [index]);
      else if (places.at(-1) !== index) places.push(index);
    }
  });
  const found = new Set<number>();
  for (const text of training) {
    const units = unitsOf(text);
    for (const size of lengths) {
      for (let start = 0; start + size <= units.length; start++) {
        for (const index of runs.get(units.slice(start, start + size).join(" ")) ?? []) found.add(index);
      }
    }
  }
  const places = [...found].sort((one, other) => one - other);
  const share = test.length === 0 ? 0 : (100 * places.length) / test.length;
  return {
    examples: test.length,
    found: places,
    words: length,
    text: `${places.length} of ${test.length} test texts (${share.toFixed(1)} %) share a run of ${length} words with the training texts.`,
  };
}

function unitsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|[\p{L}\p{N}]+/gu) ?? [];
}
