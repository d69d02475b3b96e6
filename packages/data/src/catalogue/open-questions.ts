import { type Dataset, from } from "../dataset.ts";
import { type Question, readSquad, type SquadQuestion } from "../readers/squad.ts";
import { catalogueEntry } from "./catalogue.ts";
import type { CatalogueEntry } from "./entry.ts";
import { type FetchOptions, fetchDataset } from "./fetch-dataset.ts";
import { opener } from "./opener.ts";

export interface QuestionOptions extends FetchOptions {
  /** "xquad": en (default), zh or de. "cmrc2018" is in zh. */
  readonly language?: string;
}

export interface OpenedQuestions {
  readonly kind: "questions";
  readonly entry: CatalogueEntry;
  readonly language: string;
  readonly train: Dataset<Question>;
  readonly validation: Dataset<Question>;
  readonly test: Dataset<Question>;
  /** The authors' own parts, whole, for results that compare with published ones. "xquad": test. "cmrc2018": dev, trial. */
  readonly official: Readonly<Record<string, Dataset<Question>>>;
}

const openers = { xquad: openXquad, cmrc2018: openCmrc };

/** The names that `openQuestions` opens. */
export const questionNames = Object.keys(openers);

/**
 * Questions about passages with their answers as spans.
 *
 * - "xquad": its authors made a test set only, `official.test`; the parts are 80/10/10 by the hash of the article's number, the same
 *   articles in every language.
 * - "cmrc2018": `official.dev` and `official.trial` (the 10,000 training questions are not in the catalogue). `train` and
 *   `validation` are 90/10 of dev by the hash of the passage, `test` is trial.
 *
 * @throws Error for another name or language. See `fetchDataset` also.
 */
export async function openQuestions(name: string, options: QuestionOptions = {}): Promise<OpenedQuestions> {
  return opener(openers, name)(options);
}

async function openXquad({ language = "en", ...options }: QuestionOptions): Promise<OpenedQuestions> {
  const { files } = await fetchDataset("xquad", options);
  const path = files[`xquad.${language}.json`];
  if (path === undefined) throw new Error(`Expected a language of en, zh, de. Received "${language}".`);
  const all = from(await readSquad(path));
  const { train, validation, test } = all.split({
    by: ({ article }) => `xquad-${article}`,
    parts: { train: 0.8, validation: 0.1, test: 0.1 },
    salt: "xquad",
  });
  return {
    kind: "questions",
    entry: catalogueEntry("xquad"),
    language,
    train: plain(train),
    validation: plain(validation),
    test: plain(test),
    official: { test: plain(all) },
  };
}

async function openCmrc({ language = "zh", ...options }: QuestionOptions): Promise<OpenedQuestions> {
  if (language !== "zh") throw new Error(`Expected the language zh. Received "${language}".`);
  const { files } = await fetchDataset("cmrc2018", options);
  const dev = from(await readSquad(files["cmrc2018_dev.json"]!));
  const trial = from(await readSquad(files["cmrc2018_trial.json"]!));
  const { train, validation } = dev.split({ by: ({ context }) => context, parts: { train: 0.9, validation: 0.1 } });
  return {
    kind: "questions",
    entry: catalogueEntry("cmrc2018"),
    language,
    train: plain(train),
    validation: plain(validation),
    test: plain(trial),
    official: { dev: plain(dev), trial: plain(trial) },
  };
}

function plain(questions: Dataset<SquadQuestion>): Dataset<Question> {
  return questions.map(({ article: _, ...question }) => question);
}
