import { type Dataset, from } from "@nacre/data";
import { reportTexts, type TextReport } from "@nacre/data/text";
import type { ScoredText } from "@nacre/evaluate";
import type { LossContext, LossParts } from "@nacre/train";
import type { TaskContext } from "../../task.ts";
import type { Decoder } from "../decoder.ts";
import type { ScoredUnit } from "../evaluation.ts";
import type { AnswerRow, AnswerRowOptions } from "./answer-rows.ts";
import type { Conversation } from "./conversations.ts";
import type { FineTuningRecipe } from "./recipe.ts";

export type Stage = Pick<TaskContext, "signal" | "progress">;

/** What is learnt of conversations, read and cut into rows. */
export interface Objective<Batch = unknown> {
  readonly report: TextReport;
  readonly batches: Dataset<Batch>;
  readonly batchesPerEpoch: number;
  /** Test conversations, of which some are asked again for the report. */
  readonly test: readonly Conversation[];
  /** A training row: what its answers end with ends answers. */
  readonly example: AnswerRow;
  /** Hears what the model is before it learns anything. */
  refer?(model: Decoder, stage: Stage): Promise<void>;
  loss(model: Decoder, batch: Batch, context: LossContext<Batch>): LossParts;
  validate(model: Decoder): Promise<Record<string, number>>;
  /** What the model gives the answers of the test part. */
  measure(model: Decoder, stage: Stage): Promise<Measured>;
}

export interface Measured {
  readonly units: readonly ScoredUnit[];
  /** Of pairs: log-probabilities of both answers. */
  readonly pairs?: readonly PairScore[];
}

export interface PairScore {
  readonly chosen: number;
  readonly rejected: number;
}

/** What reading needs. */
export interface ObjectiveOptions extends AnswerRowOptions {
  readonly recipe: FineTuningRecipe;
  readonly path: string;
  readonly name: string;
  readonly padding: number;
}

export type Parts<T> = Readonly<Record<"train" | "validation" | "test", readonly T[]>>;

/**
 * Records in three parts by the hash of what is asked, so that the same question is on one side only.
 *
 * @throws Error when a part is empty.
 */
export async function splitRecords<T>(
  records: readonly T[],
  by: (record: T) => string,
  { recipe, name }: Pick<ObjectiveOptions, "recipe" | "name">,
): Promise<Parts<T>> {
  const { validation: share, source } = recipe.data;
  const outer = from(records).split({ by, parts: { known: 1 - source.test, test: source.test } });
  const known = from(await outer.known.toArray());
  const inner = known.split({ by, parts: { train: 1 - share, validation: share }, salt: "validation" });
  const parts = {
    train: await inner.train.toArray(),
    validation: await inner.validation.toArray(),
    test: await outer.test.toArray(),
  };
  for (const [part, all] of Object.entries(parts)) {
    if (all.length > 0) continue;
    throw new Error(
      `Expected conversations in the ${part} part of ${name}. Received none of ${records.length}: the shares are too small.`,
    );
  }
  return parts;
}

/** Records as rows, those left out of which nothing is to be learnt in the context's length; with how many those are. */
export function rowsOf<T, Row>(
  parts: Parts<T>,
  { rowOf, rowsIn, name, context }: RowsOptions<T, Row>,
): { readonly rows: Parts<Row>; readonly records: Parts<T>; readonly cut: number; readonly dropped: number } {
  let [cut, dropped] = [0, 0];
  const keep = (part: keyof Parts<T>) => {
    const kept = parts[part].flatMap((record) => {
      const row = rowOf(record);
      const inner = rowsIn(row);
      if (inner.some(({ tokens }) => tokens === 0)) {
        dropped++;
        return [];
      }
      if (inner.some((each) => each.cut)) cut++;
      return [{ record, row }];
    });
    if (kept.length > 0) return kept;
    throw new Error(
      `Expected answers within ${context} tokens, the context, in the ${part} part of ${name}. All begin after.`,
    );
  };
  const made = { train: keep("train"), validation: keep("validation"), test: keep("test") };
  const each = <U>(of: (kept: { readonly record: T; readonly row: Row }) => U): Parts<U> => ({
    train: made.train.map(of),
    validation: made.validation.map(of),
    test: made.test.map(of),
  });
  return { rows: each(({ row }) => row), records: each(({ record }) => record), cut, dropped };
}

interface RowsOptions<T, Row> {
  rowOf(record: T): Row;
  /** The rows of tokens that one record has. */
  rowsIn(row: Row): readonly AnswerRow[];
  readonly name: string;
  readonly context: number;
}

/** The data page, which tells what was cut. */
export async function reportRows(
  texts: Parts<string>,
  { name, context, cut, dropped, tokenizer, example }: Omit<ReportOptions, "recipe">,
): Promise<TextReport> {
  const named = (part: readonly string[]) => part.map((text, index) => ({ text, key: `${index}` }));
  const cleaning = [
    { reason: `longer than ${context} tokens: cut at the end`, count: cut },
    { reason: `no answer within ${context} tokens: left out`, count: dropped },
  ].filter(({ count }) => count > 0);
  const splits = { train: named(texts.train), validation: named(texts.validation), test: named(texts.test) };
  const report = await reportTexts({ name, splits, quality: false, cleaning });
  const ends = endOf(example, tokenizer) !== undefined;
  const warning = "No answer ends with a special token of the tokenizer: the model cannot learn where to stop.";
  return ends ? report : { ...report, warnings: [...report.warnings, warning] };
}

interface ReportOptions extends Pick<ObjectiveOptions, "name" | "context" | "tokenizer"> {
  readonly cut: number;
  readonly dropped: number;
  readonly example: AnswerRow;
}

/** The last special token that is learnt: it ends answers. */
export function endOf({ ids, learned }: AnswerRow, tokenizer: ObjectiveOptions["tokenizer"]): number | undefined {
  return ids.findLast((id, at) => learned[at] === 1 && tokenizer.isSpecial(id));
}

/** What a unit of the evaluation is, of a row's answers and their log-likelihood. */
export function unitOf(text: string, scored: ScoredText): ScoredUnit {
  return { ...scored, text, before: "" };
}
