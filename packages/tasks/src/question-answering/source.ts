import { basename, isAbsolute, resolve } from "node:path";
import { from, openQuestions, type Question, readSquad } from "@nacre/data";
import type { TaskContext } from "../task.ts";
import { noteQuestions } from "./notes.ts";
import type { QuestionAnsweringRecipe } from "./recipe.ts";
import type { AnswerPlace } from "./windows.ts";

/** A question about a passage. */
export interface PassageQuestion {
  readonly question: string;
  readonly passage: string;
  /** Right answers, at least one. */
  readonly answers: readonly string[];
  /** Where the first answer that is in the passage stands; undefined where none is. */
  readonly place: AnswerPlace | undefined;
}

/** Questions in three parts that share no passage. */
export interface QuestionParts {
  readonly name: string;
  readonly licence?: string;
  readonly train: readonly PassageQuestion[];
  readonly validation: readonly PassageQuestion[];
  readonly test: readonly PassageQuestion[];
}

/** Opens what the recipe names; splits by the hash of the passage where there is no part set aside. */
export async function openQuestionParts(recipe: QuestionAnsweringRecipe, context: TaskContext): Promise<QuestionParts> {
  const { source, validation } = recipe.data;
  switch (source.from) {
    case "generator": {
      const all = noteQuestions({ ...source, seed: recipe.seed }).map(({ question, passage, answer, start }) => ({
        question,
        passage,
        answers: [answer],
        place: { start, end: start + answer.length },
      }));
      const { known, held } = await cut(all, source.test, "test");
      const inner = await cut(known, validation, "validation");
      return { name: "notes (generated)", train: inner.known, validation: inner.held, test: held };
    }
    case "catalogue": {
      const { name, language } = source;
      const opened = await openQuestions(name, {
        ...(language === undefined ? {} : { language }),
        progress: ({ file, done, total }) => context.progress(done, total, "bytes", file),
        ...(context.signal === undefined ? {} : { signal: context.signal }),
      });
      const read = async (part: "train" | "validation" | "test") => answerable(await opened[part].toArray());
      const parts = { train: await read("train"), validation: await read("validation"), test: await read("test") };
      return { name: `${name} (${opened.language})`, licence: opened.entry.licence, ...parts };
    }
    case "files": {
      const open = async (path: string) =>
        answerable(await readSquad(isAbsolute(path) ? path : resolve(context.folder, path)));
      const all = await open(source.train);
      const outer =
        source.held === undefined ? await cut(all, source.test, "test") : { known: all, held: await open(source.held) };
      const inner = await cut(outer.known, validation, "validation");
      return { name: basename(source.train), train: inner.known, validation: inner.held, test: outer.held };
    }
  }
}

/** Questions without an answer (SQuAD 2.0) are left out. */
function answerable(questions: readonly Question[]): PassageQuestion[] {
  return questions
    .filter(({ answers }) => answers.length > 0)
    .map(({ question, context: passage, answers }) => {
      const found = answers.find(({ start, text }) => start !== undefined && text !== "");
      return {
        question,
        passage,
        answers: answers.map(({ text }) => text),
        place: found === undefined ? undefined : { start: found.start!, end: found.start! + found.text.length },
      };
    });
}

/** All questions about a passage go to one side. */
async function cut(questions: readonly PassageQuestion[], share: number, salt: string) {
  const by = ({ passage }: PassageQuestion) => passage;
  const { known, held } = from(questions).split({ by, parts: { known: 1 - share, held: share }, salt });
  return { known: await known.toArray(), held: await held.toArray() };
}
