import { from } from "@nacre/data";
import { scoredText } from "@nacre/evaluate";
import { type TokenBatch, type TokenExample, tokenBatch, tokenLoss } from "@nacre/train";
import { scoreExamples } from "../../language-model-rows.ts";
import { type AnswerRow, answerRow, answerText, packRows, rowLogits } from "./answer-rows.ts";
import { questionOf, readConversations } from "./conversations.ts";
import { type Objective, type ObjectiveOptions, reportRows, rowsOf, splitRecords, unitOf } from "./objective.ts";

/** Supervised fine-tuning: the cross-entropy of the assistant's tokens. */
export async function learnAnswers(options: ObjectiveOptions): Promise<Objective<TokenBatch>> {
  const { recipe, path, name, tokenizer, context, padding } = options;
  const { batch, labelSmoothing } = recipe.train;
  const all = await readConversations(path);
  const parts = await splitRecords(all, (each) => JSON.stringify(questionOf(each)), options);
  const rowOptions = { rowOf: (each: (typeof all)[number]) => answerRow(each, options), name, context };
  const { rows, records, cut, dropped } = rowsOf(parts, { ...rowOptions, rowsIn: (row: AnswerRow) => [row] });
  const texts = (part: readonly AnswerRow[]) => part.map(({ text }) => text);
  const example = rows.train.find((row) => !row.cut) ?? rows.train[0]!;
  const report = await reportRows(
    { train: texts(rows.train), validation: texts(rows.validation), test: texts(rows.test) },
    { name, context, cut, dropped, tokenizer, example },
  );
  const examples: readonly TokenExample[] =
    recipe.data.rows === "packed" ? await packRows(rows.train, context) : rows.train;
  const multipleOf = context % 8 === 0 ? 8 : 1;
  const scoring = { padding, batch };
  return {
    report,
    test: records.test,
    example,
    batches: from(examples)
      .shuffle({ seed: recipe.seed })
      .batch(batch)
      .map((group) => tokenBatch(group, { padding, multipleOf })),
    batchesPerEpoch: Math.ceil(examples.length / batch),
    loss: (model, rowBatch, given) => tokenLoss(rowLogits(model, rowBatch, given), rowBatch.labels, { labelSmoothing }),
    async validate(model) {
      const sums = await scoreExamples(model, rows.validation, scoring);
      const tokens = rows.validation.reduce((sum, row) => sum + row.tokens, 0);
      const loss = -sums.reduce((sum, value) => sum + value, 0) / tokens;
      return { loss, perplexity: Math.exp(loss) };
    },
    async measure(model, { signal, progress }) {
      const onRows = (done: number) => progress(done, rows.test.length, "rows");
      const sums = await scoreExamples(model, rows.test, { ...scoring, signal, onRows });
      return {
        units: rows.test.map((row, index) => {
          const text = answerText(row, tokenizer);
          return unitOf(text, scoredText(text, Math.min(0, sums[index]!), row.tokens));
        }),
      };
    },
  };
}
