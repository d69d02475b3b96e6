import type { Random } from "@nacre/random";
import type { Model } from "@nacre/tensor";
import { balancedWeights } from "../classifier-batch.ts";
import { classifierScores } from "../classifier-scores.ts";
import type { TrainedProblem } from "../training-steps.ts";
import type { TextClassificationRecipe } from "./recipe.ts";
import type { TextExample } from "./source.ts";
import {
  askedExamples,
  type IdBatch,
  idExamples,
  type TextFamily,
  textLoss,
  textProbabilities,
  trainingBatches,
} from "./text-family.ts";

/** What a model is trained on: everything that is fitted comes from `train`. */
export interface KnownTexts {
  readonly train: readonly TextExample[];
  readonly validation: readonly TextExample[];
}

/** A family of models on known texts, ready to be trained and to predict others. */
export interface FittedTexts extends TrainedProblem<Model, IdBatch> {
  readonly family: TextFamily;
  build: TextFamily["build"];
  /** Class probabilities [N, K]. */
  predict(
    model: Model,
    texts: readonly TextExample[],
    options?: { readonly signal?: AbortSignal | undefined; readonly onTexts?: (done: number) => void },
  ): Promise<Float32Array[]>;
}

export function fitTexts(
  recipe: TextClassificationRecipe,
  family: TextFamily,
  { train, validation, classes }: KnownTexts & { readonly classes: number },
): FittedTexts {
  const { batch, labelSmoothing, classWeights } = recipe.train;
  const counts = Array.from({ length: classes }, (_, index) => train.filter(({ label }) => label === index).length);
  const watched = askedExamples(family, validation);
  return {
    family,
    batches: trainingBatches(family, idExamples(family, train), { batch, seed: recipe.seed }),
    batchesPerEpoch: Math.ceil(train.length / batch),
    build: (random: Random) => family.build(random),
    loss: textLoss(family, {
      labelSmoothing,
      classWeights: classWeights === "balanced" ? balancedWeights(counts) : undefined,
    }),
    async validate(model) {
      const probabilities = await textProbabilities(family, model, watched);
      return classifierScores(
        probabilities,
        watched.map(({ label }) => label),
      );
    },
    predict: (model, texts, options) => textProbabilities(family, model, askedExamples(family, texts), options),
  };
}
