import { type AdditiveMetric, meanMetric } from "../additive.ts";

/** A question with choices, and how likely a language model finds each after the prompt. */
export interface MultipleChoice {
  /** What follows the prompt, by choice. */
  readonly choices: readonly string[];
  /** Natural logarithm of the probability of each choice after the prompt. */
  readonly logLikelihoods: ArrayLike<number>;
  /** The same after an empty prompt (as "Answer:"), for `by: "pointwise"`. */
  readonly unconditional?: ArrayLike<number>;
  /** Place of the right choice. */
  readonly answer: number;
}

/**
 * What a choice's log-likelihood is divided by, or less: nothing, its bytes of UTF-8, its code points, or what it has without the
 * question (pointwise mutual information; Brown et al. 2020, section 2.4).
 */
export type ChoiceRule = "sum" | "bytes" | "characters" | "pointwise";

/**
 * Share of questions whose likeliest choice is right. "sum" is lm-evaluation-harness's `acc`, "bytes" and "characters" its
 * length-normalised `acc_norm` (its code counts characters, older releases bytes; they differ where text is not ASCII), and
 * "pointwise" its `acc_mutual_info`. Of equal choices the first counts.
 */
export function choiceAccuracy(by: ChoiceRule = "sum"): AdditiveMetric<MultipleChoice, { readonly value: number }> {
  return meanMetric(`multiple-choice|by:${by}`, (question) =>
    likeliestChoice(question, by) === question.answer ? 1 : 0,
  );
}

/** Place of the likeliest choice. @throws RangeError when choices and log-likelihoods do not fit. */
export function likeliestChoice(question: MultipleChoice, by: ChoiceRule = "sum"): number {
  const { choices, logLikelihoods, unconditional, answer } = question;
  if (choices.length < 2 || logLikelihoods.length !== choices.length || !(answer >= 0 && answer < choices.length)) {
    throw new RangeError(
      `Expected two or more choices, a log-likelihood for each, and the place of the right one. Received ${choices.length} choices, ${logLikelihoods.length} log-likelihoods, and place ${answer}.`,
    );
  }
  if (by === "pointwise" && unconditional?.length !== choices.length) {
    throw new RangeError(
      `Expected ${choices.length} log-likelihoods without the question. Received ${unconditional?.length ?? "none"}.`,
    );
  }
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (const [index, choice] of choices.entries()) {
    const value = logLikelihoods[index]!;
    const score =
      by === "bytes"
        ? value / encoder.encode(choice).length
        : by === "characters"
          ? value / [...choice].length
          : by === "pointwise"
            ? value - unconditional![index]!
            : value;
    if (score > most) [best, most] = [index, score];
  }
  return best;
}

const encoder = new TextEncoder();

export interface GenerationMatchOptions {
  /** Default false. */
  readonly ignoreCase?: boolean;
  /** ASCII punctuation. Default false. */
  readonly ignorePunctuation?: boolean;
  /** Digits. Default false. */
  readonly ignoreNumbers?: boolean;
  /** Removed from both before anything else. */
  readonly ignore?: readonly RegExp[];
}

/** What was generated, and texts that would be right. */
export interface GeneratedAnswer {
  readonly generated: string;
  readonly answers: readonly string[];
}

/** Share of generated texts that are one of the right ones, character for character after what is ignored. */
export function generationMatch(
  options: GenerationMatchOptions = {},
): AdditiveMetric<GeneratedAnswer, { readonly value: number }> {
  const { ignoreCase = false, ignorePunctuation = false, ignoreNumbers = false, ignore = [] } = options;
  const plain = (text: string): string => {
    let out = ignore.reduce(
      (rest, pattern) => rest.replace(new RegExp(pattern.source, `${pattern.flags.replace("g", "")}g`), ""),
      text,
    );
    if (ignoreCase) out = out.toLowerCase();
    if (ignorePunctuation) out = out.replace(/[!-/:-@[-`{-~]/gu, "");
    return ignoreNumbers ? out.replace(/[0-9]/gu, "") : out;
  };
  const ignored = [
    ignoreCase ? "case" : "",
    ignorePunctuation ? "punctuation" : "",
    ignoreNumbers ? "numbers" : "",
    ...ignore.map(String),
  ].filter((each) => each !== "");
  return meanMetric(`generation-match|ignore:${ignored.join("+") || "nothing"}`, ({ generated, answers }) =>
    answers.some((answer) => plain(answer) === plain(generated)) ? 1 : 0,
  );
}
