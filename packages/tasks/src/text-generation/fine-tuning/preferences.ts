import { from } from "@nacre/data";
import { scoredText } from "@nacre/evaluate";
import { tf } from "@nacre/tensor";
import { preferenceLoss, sequenceLogProbabilities, type TokenBatch, tokenBatch } from "@nacre/train";
import { scoreExamples } from "../../language-model-rows.ts";
import type { Decoder } from "../decoder.ts";
import { type AnswerRow, answerRow, answerText, rowLogits } from "./answer-rows.ts";
import { type Preference, questionOf, readPreferences } from "./conversations.ts";
import {
  type Objective,
  type ObjectiveOptions,
  type PairScore,
  reportRows,
  rowsOf,
  type Stage,
  splitRecords,
  unitOf,
} from "./objective.ts";

interface PairRow {
  readonly chosen: AnswerRow;
  readonly rejected: AnswerRow;
}

/** B pairs: the chosen answers, then the rejected ones, in 2 B rows; and what the model gave each before training. */
export interface PairBatch {
  readonly size: number;
  readonly rows: TokenBatch;
  readonly reference: readonly PairScore[];
}

/** Direct preference optimisation. The reference is the model before training, whose log-probabilities are computed once. */
export async function learnPreferences(options: ObjectiveOptions): Promise<Objective<PairBatch>> {
  const { recipe, path, name, tokenizer, context, padding } = options;
  const { batch, labelSmoothing } = recipe.train;
  if (recipe.objective.kind !== "preference") throw new Error("Expected a recipe whose objective is preference.");
  const { beta, loss: kind } = recipe.objective;
  const mean = kind === "ipo";
  const all = await readPreferences(path);
  const parts = await splitRecords(all, ({ chosen }) => JSON.stringify(questionOf(chosen)), options);
  const rowOf = ({ chosen, rejected }: Preference): PairRow => ({
    chosen: answerRow(chosen, options),
    rejected: answerRow(rejected, options),
  });
  const rowsIn = ({ chosen, rejected }: PairRow) => [chosen, rejected];
  const { rows, records, cut, dropped } = rowsOf(parts, { rowOf, rowsIn, name, context });
  const texts = (part: readonly PairRow[]) => part.flatMap((pair) => rowsIn(pair).map(({ text }) => text));
  const example = (rows.train.find(({ chosen }) => !chosen.cut) ?? rows.train[0]!).chosen;
  const report = await reportRows(
    { train: texts(rows.train), validation: texts(rows.validation), test: texts(rows.test) },
    { name, context, cut, dropped, tokenizer, example },
  );
  const multipleOf = context % 8 === 0 ? 8 : 1;
  const reference = new Map<PairRow, PairScore>();

  /** Log-probabilities of both answers of each pair, as the loss takes them. */
  const scorePairs = async (model: Decoder, pairs: readonly PairRow[], stage?: Stage): Promise<PairScore[]> => {
    const flat = pairs.flatMap(rowsIn);
    const onRows = (done: number) => stage?.progress(done, flat.length, "rows");
    const sums = await scoreExamples(model, flat, { padding, batch, signal: stage?.signal, onRows });
    return pairs.map((_, index) => ({ chosen: sums[2 * index]!, rejected: sums[2 * index + 1]! }));
  };
  const comparable = ({ chosen, rejected }: PairScore, pair: PairRow): PairScore =>
    mean ? { chosen: chosen / pair.chosen.tokens, rejected: rejected / pair.rejected.tokens } : { chosen, rejected };
  const sides = (scores: readonly PairScore[]) => ({
    chosen: tf.tensor1d(scores.map(({ chosen }) => chosen)),
    rejected: tf.tensor1d(scores.map(({ rejected }) => rejected)),
  });

  return {
    report,
    test: records.test.map(({ chosen }) => chosen),
    example,
    batches: from(rows.train)
      .shuffle({ seed: recipe.seed })
      .batch(batch)
      .map((group) => ({
        size: group.length,
        rows: tokenBatch([...group.map(({ chosen }) => chosen), ...group.map(({ rejected }) => rejected)], {
          padding,
          multipleOf,
        }),
        reference: group.map((pair) => reference.get(pair)!),
      })),
    batchesPerEpoch: Math.ceil(rows.train.length / batch),
    async refer(model, stage) {
      const known = [...rows.train, ...rows.validation];
      const scores = await scorePairs(model, known, stage);
      known.forEach((pair, index) => void reference.set(pair, comparable(scores[index]!, pair)));
    },
    loss(model, pairs, given) {
      const both = sequenceLogProbabilities(rowLogits(model, pairs.rows, given), pairs.rows.labels, { mean });
      const [chosen, rejected] = tf.split(both, 2) as [tf.Tensor1D, tf.Tensor1D];
      return preferenceLoss({ chosen, rejected }, { beta, kind, labelSmoothing, reference: sides(pairs.reference) });
    },
    async validate(model) {
      const scores = await scorePairs(model, rows.validation);
      const policy = scores.map((score, index) => comparable(score, rows.validation[index]!));
      const before = rows.validation.map((pair) => reference.get(pair)!);
      return tf.tidy(() => {
        const { loss, scalars } = preferenceLoss(sides(policy), { beta, kind, reference: sides(before) });
        const told = Object.entries(scalars!).map(([score, value]) => [score.replace("-", " "), value.dataSync()[0]!]);
        return { loss: loss.dataSync()[0]!, ...Object.fromEntries(told) };
      });
    },
    async measure(model, stage) {
      const pairs = await scorePairs(model, rows.test, stage);
      const units = rows.test.map(({ chosen }, index) => {
        const text = answerText(chosen, tokenizer);
        return unitOf(text, scoredText(text, Math.min(0, pairs[index]!.chosen), chosen.tokens));
      });
      return { units, pairs };
    },
  };
}
