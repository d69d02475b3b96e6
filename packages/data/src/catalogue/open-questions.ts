import { type Dataset, from } from "../dataset.ts";
import { readBytes } from "../readers/bytes.ts";
import { catalogueEntry } from "./catalogue.ts";
import type { CatalogueEntry } from "./entry.ts";
import { type FetchOptions, fetchDataset } from "./fetch-dataset.ts";
import { opener } from "./opener.ts";

/** An answer that someone gave. */
export interface Answer {
  readonly text: string;
  /** Where it starts in the passage, in UTF-16 units: `context.startsWith(text, start)`. None when it is not in there. */
  readonly start?: number;
}

/** A question about a passage, in the manner of SQuAD. */
export interface Question {
  readonly key: string;
  readonly question: string;
  readonly context: string;
  /** Different answers, the first annotator's first. */
  readonly answers: readonly Answer[];
  readonly title: string;
}

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

type Numbered = Question & { readonly article: string };

async function openXquad({ language = "en", ...options }: QuestionOptions): Promise<OpenedQuestions> {
  const { files } = await fetchDataset("xquad", options);
  const path = files[`xquad.${language}.json`];
  if (path === undefined) throw new Error(`Expected a language of en, zh, de. Received "${language}".`);
  const all = from(await readQuestions(path, "xquad"));
  const { train, validation, test } = all.split({
    by: ({ article }) => article,
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
  const dev = from(await readQuestions(files["cmrc2018_dev.json"]!, "cmrc2018"));
  const trial = from(await readQuestions(files["cmrc2018_trial.json"]!, "cmrc2018"));
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

function plain(questions: Dataset<Numbered>): Dataset<Question> {
  return questions.map(({ article: _, ...question }) => question);
}

/** A file of SQuAD 1.1 (Rajpurkar et al. 2016). */
interface SquadFile {
  readonly data: readonly {
    readonly title: string;
    readonly paragraphs: readonly {
      readonly context: string;
      readonly qas: readonly {
        readonly id: string;
        readonly question: string;
        readonly answers: readonly { readonly text: string; readonly answer_start: number }[];
      }[];
    }[];
  }[];
}

async function readQuestions(path: string, name: string): Promise<Numbered[]> {
  const { data } = JSON.parse(new TextDecoder().decode(await readBytes(path))) as SquadFile;
  return data.flatMap(({ title, paragraphs }, article) =>
    paragraphs.flatMap(({ context, qas }) => {
      const offsets = unitOffsets(context);
      return qas.map(({ id, question, answers }) => ({
        key: id,
        question,
        context,
        answers: answersOf(answers, context, offsets),
        title,
        article: `${name}-${article}`,
      }));
    }),
  );
}

/** Without repetitions. A place that does not fit the text gives way to the nearest one that does. */
function answersOf(
  answers: readonly { readonly text: string; readonly answer_start: number }[],
  context: string,
  offsets: readonly number[],
): Answer[] {
  const found = new Map<string, Answer>();
  for (const { text, answer_start } of answers) {
    const start = nearest(context, text, offsets[answer_start] ?? 0);
    const key = `${start}\0${text}`;
    if (!found.has(key)) found.set(key, start === undefined ? { text } : { text, start });
  }
  return [...found.values()];
}

function nearest(context: string, text: string, start: number): number | undefined {
  if (context.startsWith(text, start)) return start;
  let best: number | undefined;
  for (let at = context.indexOf(text); at !== -1; at = context.indexOf(text, at + 1)) {
    if (best === undefined || Math.abs(at - start) < Math.abs(best - start)) best = at;
  }
  return best;
}

/** UTF-16 offset of every character: the file counts characters. */
function unitOffsets(text: string): number[] {
  const offsets: number[] = [];
  let at = 0;
  for (const character of text) {
    offsets.push(at);
    at += character.length;
  }
  return offsets;
}
