import { reportTable } from "@nacre/data";
import type { LabelledTexts, TextFold } from "@nacre/evaluate/baselines";
import type { Model } from "@nacre/tensor";
import { baselineSample, evaluateClassifier } from "../classifier-evaluation.ts";
import type { EvaluationContext, Problem, Task, TaskContext } from "../task.ts";
import { loadFamily, openFamily } from "./families.ts";
import { type FittedTexts, fitTexts, type KnownTexts } from "./fitted.ts";
import { crossValidate, type Fold, foldsOf } from "./folds.ts";
import { textPredictor } from "./predictor.ts";
import { TextClassificationRecipe } from "./recipe.ts";
import { openTexts, setAside, type TextExample, type TextParts } from "./source.ts";
import type { IdBatch } from "./text-family.ts";

const monitor = { name: "accuracy", mode: "max" } as const;

/** Texts into classes: sentiment, intent, topic. */
export const textClassification: Task<TextClassificationRecipe> = {
  name: "text-classification",
  recipe: TextClassificationRecipe,
  monitor,
  prepare,
  async load(parts) {
    return textPredictor(await loadFamily(parts));
  },
};

async function prepare(recipe: TextClassificationRecipe, context: TaskContext): Promise<Problem> {
  const parts = await openParts(recipe, context);
  const { name, licence, classes, train, validation, test } = parts;
  if (classes.length < 2) throw new Error(`Expected two or more classes in ${name}. Received ${classes.length}.`);
  const rows = (part: readonly TextExample[]) => part.map(({ text, label }) => ({ text, label: classes[label]! }));
  const splits = {
    train: rows(train),
    validation: rows(validation),
    ...(test.length > 0 ? { test: rows(test) } : {}),
  };
  const report = await reportTable({ name, splits, target: "label", cleaning: [] });
  const familyOf = await openFamily(recipe, classes, context);
  const fit = async (known: KnownTexts) =>
    fitTexts(recipe, await familyOf(known), { ...known, classes: classes.length });
  const fitted = await fit(parts);
  const { family } = fitted;

  const problem: Problem<Model, IdBatch> = {
    report,
    sources: [
      {
        name,
        digest: `sha256:${report.digest}`,
        records: report.records,
        ...(licence === undefined ? {} : { licence }),
      },
    ],
    ...(family.base === undefined ? {} : { base: family.base }),
    batches: fitted.batches,
    batchesPerEpoch: fitted.batchesPerEpoch,
    build: fitted.build,
    loss: fitted.loss,
    validate: fitted.validate,
    async evaluate(model, evaluation) {
      const { folds: count } = recipe.evaluate;
      const predicted =
        count === undefined
          ? await predictTest(recipe, { ...parts, fitted, model }, evaluation)
          : await predictFolds(recipe, { ...parts, count, fit }, evaluation);
      const { texts, probabilities, folds: rivals } = predicted;
      return evaluateClassifier(
        {
          title: recipe.title,
          config: recipe.evaluate,
          classes,
          seed: recipe.seed,
          examples: probabilities.map((row, index) => ({ probabilities: row, label: texts[index]!.label })),
          folds: rivals,
          available: train.length,
          show: async (index) => ({ row: { text: texts[index]!.text } }),
        },
        evaluation,
      );
    },
    config: family.config,
    preprocessor: family.preprocessor,
    ...(family.save === undefined ? {} : { save: family.save }),
  };
  return problem as unknown as Problem;
}

/** The parts of the data; with folds there is no test part, each text is tested once. */
async function openParts(recipe: TextClassificationRecipe, context: TaskContext): Promise<TextParts> {
  const parts = await openTexts(recipe, context);
  if (recipe.evaluate.folds === undefined) return parts;
  const all = [...parts.train, ...parts.validation, ...parts.test];
  return { ...parts, ...(await setAside(all, recipe.data.validation)), test: [] };
}

interface Predicted {
  /** What was predicted, and the class probabilities in its order. */
  readonly texts: readonly TextExample[];
  readonly probabilities: readonly Float32Array[];
  /** What simple algorithms learn from and predict, in the same order. */
  readonly folds: readonly TextFold[];
}

/** The test part, by the finished model. */
async function predictTest(
  recipe: TextClassificationRecipe,
  { train, test, fitted, model }: TextParts & { readonly fitted: FittedTexts; readonly model: Model },
  { signal, progress }: EvaluationContext,
): Promise<Predicted> {
  const onTexts = (done: number) => progress(done, test.length, "texts");
  const probabilities = await fitted.predict(model, test, { signal, onTexts });
  return { texts: test, probabilities, folds: [compared({ train, test }, recipe)] };
}

/** Every text, by a model that was trained on the other folds. */
async function predictFolds(
  recipe: TextClassificationRecipe,
  { train, validation, count, fit }: TextParts & { count: number; fit(known: KnownTexts): Promise<FittedTexts> },
  context: EvaluationContext,
): Promise<Predicted> {
  const options = { folds: count, validation: recipe.data.validation };
  const folds = await foldsOf([...train, ...validation], options);
  const probabilities = await crossValidate({ recipe, monitor, folds, fit }, context);
  return {
    texts: folds.flatMap(({ test }) => test),
    probabilities,
    folds: folds.map((fold) => compared(fold, recipe)),
  };
}

/** Texts for simple algorithms, in an order of their own: they may see only the first ones. */
function compared({ train, test }: Pick<Fold, "train" | "test">, { seed }: TextClassificationRecipe): TextFold {
  const shuffled = baselineSample(train, { seed, limit: Number.POSITIVE_INFINITY });
  return { train: labelled(shuffled), test: labelled(test) };
}

function labelled(part: readonly TextExample[]): LabelledTexts {
  return { features: part.map(({ text }) => text), labels: part.map(({ label }) => label) };
}
