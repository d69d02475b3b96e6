import { reportTable, Tokenizer, type TokenizerJson } from "@nacre/data";
import { type AnswerRule, answerScores } from "@nacre/evaluate";
import { Bert, BertConfig, type Layer, Roberta, SpanClassifier, savePretrained, summarize } from "@nacre/models";
import { bundledModel } from "../bundled-model.ts";
import type { Predictor } from "../predictor.ts";
import { openPretrainedEncoder } from "../pretrained-encoder.ts";
import type { FolderDigest } from "../pretrained-folder.ts";
import type { BundleParts, Problem, Task, TaskContext } from "../task.ts";
import { evaluateQuestions } from "./evaluation.ts";
import { AnswerPreparation, answerPredictor } from "./predictor.ts";
import { QuestionAnsweringRecipe } from "./recipe.ts";
import { answerLoss, answerQuestions, type LabelledWindow, type WindowBatch, windowBatches } from "./rows.ts";
import { openQuestionParts, type PassageQuestion } from "./source.ts";
import { encoderTokenizer } from "./tokenizer.ts";
import { labelsOf, type WindowOptions, windowsOf } from "./windows.ts";

/** Questions about passages, whose answers are a part of the passage. */
export const questionAnswering: Task<QuestionAnsweringRecipe> = {
  name: "question-answering",
  recipe: QuestionAnsweringRecipe,
  monitor: { name: "F1", mode: "max" },
  prepare,
  async load(parts) {
    return loadAnswerPredictor(parts);
  },
};

async function prepare(recipe: QuestionAnsweringRecipe, context: TaskContext): Promise<Problem> {
  const parts = await openQuestionParts(recipe, context);
  const { name, train, validation, test } = parts;
  for (const part of ["train", "validation", "test"] as const) {
    if (parts[part].length === 0) throw new Error(`Expected questions in the ${part} part of ${name}. Received none.`);
  }
  const report = await reportTable({
    name,
    splits: { train: train.map(rowOf), validation: validation.map(rowOf), test: test.map(rowOf) },
  });
  const { tokenizer, build, base } = await openEncoder(recipe, train, context);
  const { length, stride, question } = recipe.data;
  const { longestAnswer, candidates, batch } = recipe.evaluate;
  const cutting: WindowOptions = { tokenizer, length, stride, question };
  const asking = { ...cutting, longestAnswer, candidates, batch };
  const rule = recipe.evaluate.rule ?? ruleFor(train);
  const rows = train.flatMap((each) => labelledWindows(each, cutting));
  const [{ question: asked, passage }] = test as [PassageQuestion];
  const preparation: AnswerPreparation = {
    task: "question-answering",
    length,
    stride,
    question,
    longestAnswer,
    candidates,
    batch,
    example: { question: asked, passage },
  };

  const problem: Problem<SpanClassifier, WindowBatch> = {
    report,
    sources: [
      {
        name,
        digest: `sha256:${report.digest}`,
        records: report.records,
        ...(parts.licence === undefined ? {} : { licence: parts.licence }),
      },
    ],
    ...(base === undefined ? {} : { base }),
    batches: windowBatches(rows, {
      batch: recipe.train.batch,
      seed: recipe.seed,
      padding: build.padding,
      length,
    }),
    batchesPerEpoch: Math.ceil(rows.length / recipe.train.batch),
    build(random) {
      const encoder = build.encoder(random.fork("encoder"));
      const model = new SpanClassifier(encoder, random.fork("head"));
      const layers = summarize(model as unknown as Layer<never, never>, [length], { dtype: "int32" });
      const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
      const family = encoder instanceof Roberta ? "roberta" : "bert";
      return { model, architecture: { name: family, parameters, input: [null, length], layers } };
    },
    loss: answerLoss,
    async validate(model) {
      const found = await answerQuestions(model, validation, asking);
      let [exact, f1] = [0, 0];
      validation.forEach(({ answers }, index) => {
        const scores = answerScores({ prediction: found[index]![0]?.text ?? "", answers }, rule);
        exact += scores.exact;
        f1 += scores.f1;
      });
      return { "exact match": (100 * exact) / validation.length, F1: (100 * f1) / validation.length };
    },
    async evaluate(model, evaluation) {
      const found = await answerQuestions(model, test, {
        ...asking,
        signal: evaluation.signal,
        onRows: (done, total) => evaluation.progress(done, total, "rows"),
      });
      return evaluateQuestions(
        {
          title: recipe.title,
          rule,
          seed: recipe.seed,
          resamples: recipe.evaluate.resamples,
          test,
          found: found.map(([best]) => best),
          train: recipe.evaluate.baselines ? train : undefined,
          limit: recipe.evaluate.baselineLimit,
        },
        evaluation,
      );
    },
    config: {},
    preprocessor: preparation,
    async save(model, folder) {
      await tokenizer.save(folder);
      await savePretrained(model, folder);
    },
  };
  return problem as unknown as Problem;
}

const rowOf = ({ question, passage, answers }: PassageQuestion) => ({ question, answer: answers[0]!, passage });

interface EncoderBuild {
  /** The id that fills rows. */
  readonly padding: number;
  encoder(random: Parameters<Problem["build"]>[0]): Bert;
}

/** The encoder that a recipe asks for, new or pretrained, and its tokenizer. */
async function openEncoder(
  { model, data }: QuestionAnsweringRecipe,
  train: readonly PassageQuestion[],
  context: TaskContext,
): Promise<{ tokenizer: Tokenizer; build: EncoderBuild; base?: FolderDigest }> {
  if ("pretrained" in model) {
    const { tokenizer, config, build, base } = await openPretrainedEncoder(model.pretrained, context);
    if (config.context < data.length) {
      throw new Error(
        `data.length: expected at most ${config.context} tokens, the longest text of ${model.pretrained}. Received ${data.length}.`,
      );
    }
    const { attentionDropout, dropout = config.dropout } = model;
    return { tokenizer, base, build: { padding: config.padding, encoder: () => build({ dropout, attentionDropout }) } };
  }
  const texts = [...new Set(train.map(({ passage }) => passage)), ...train.map(({ question }) => question)];
  const tokenizer = await encoderTokenizer(model, texts, context);
  const { layers, heads, width, hidden = 4 * width, dropout, attentionDropout } = model;
  const padding = ["[PAD]", "<pad>"].map((token) => tokenizer.tokenToId(token)).find((id) => id !== undefined) ?? 0;
  const config = BertConfig.parse({
    family: "bert",
    vocabulary: tokenizer.vocabularySize,
    context: data.length,
    layers,
    heads,
    width,
    hidden,
    dropout,
    attentionDropout,
    padding,
  });
  const { family: _, ...sizes } = config;
  return { tokenizer, build: { padding, encoder: (random) => new Bert(sizes, random) } };
}

/** A question's windows, of the first answer that stands in its passage. */
function labelledWindows({ question, passage, place }: PassageQuestion, options: WindowOptions): LabelledWindow[] {
  if (place === undefined) return [];
  return windowsOf(question, passage, options).map((window) => ({ window, ...labelsOf(window, place) }));
}

/** CMRC's where more than half of the letters are Chinese, else SQuAD's. */
function ruleFor(questions: readonly PassageQuestion[]): AnswerRule {
  const text = questions
    .slice(0, 200)
    .map(({ passage }) => passage)
    .join("");
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  return 2 * count(/\p{Script=Han}/gu) > count(/\p{L}/gu) ? "cmrc-2018" : "squad-1.1";
}

async function loadAnswerPredictor({ preprocessor, tokenizer, ...parts }: BundleParts): Promise<Predictor> {
  if (tokenizer === undefined) throw new Error("Expected tokenizer.json in the bundle. There is none.");
  const isOne = (model: object): model is SpanClassifier => model instanceof SpanClassifier;
  const model = await bundledModel(parts, isOne, "a model that marks spans");
  return answerPredictor({
    model,
    tokenizer: Tokenizer.fromJson(tokenizer as TokenizerJson),
    preparation: AnswerPreparation.parse(preprocessor),
  });
}
