import { z } from "zod";
import { type ByteSource, nameOf, readBytes } from "./bytes.ts";

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

/** A question of a file, with the number of its article in it. */
export type SquadQuestion = Question & { readonly article: number };

const SquadFile = z.object({
  data: z.array(
    z.object({
      title: z.string().default(""),
      paragraphs: z.array(
        z.object({
          context: z.string(),
          qas: z.array(
            z.object({
              id: z.union([z.string(), z.number()]).transform(String),
              question: z.string(),
              answers: z.array(z.object({ text: z.string(), answer_start: z.number() })).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
});

/**
 * The questions of a file in the manner of SQuAD (Rajpurkar et al. 2016 and 2018), gzipped or not. Questions without an answer have
 * none in their list.
 *
 * @throws Error naming the first place that is not as expected.
 */
export async function readSquad(source: ByteSource): Promise<SquadQuestion[]> {
  const checked = SquadFile.safeParse(JSON.parse(new TextDecoder().decode(await readBytes(source))));
  if (!checked.success) throw new Error(`${nameOf(source)}: ${z.prettifyError(checked.error)}`);
  return checked.data.data.flatMap(({ title, paragraphs }, article) =>
    paragraphs.flatMap(({ context, qas }) => {
      const offsets = unitOffsets(context);
      return qas.map(({ id, question, answers }) => ({
        key: id,
        question,
        context,
        answers: answersOf(answers, context, offsets),
        title,
        article,
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
