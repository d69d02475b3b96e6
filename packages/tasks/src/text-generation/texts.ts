import { reportTexts } from "@nacre/data/text";
import type { TokenBatch } from "@nacre/train";
import { nextTokenLoss, scoreRows } from "../language-model-rows.ts";
import type { Problem, TaskContext } from "../task.ts";
import { tokenizerFor } from "../text-tokenizer.ts";
import { continueTexts } from "./continue-texts.ts";
import { Corpus } from "./corpus.ts";
import { buildDecoder, type Decoder, saveDecoder } from "./decoder.ts";
import { evaluateTexts } from "./evaluation.ts";
import { promptIds } from "./predictor.ts";
import type { TextsRecipe } from "./recipe.ts";
import { openTextParts } from "./source.ts";

/** Characters: names, lines and poems are shorter, and the rules for web pages say nothing of them. */
const shortDocument = 300;

/** A new decoder that learns whole texts. */
export async function prepareTexts(recipe: TextsRecipe, context: TaskContext): Promise<Problem> {
  const parts = await openTextParts(recipe, context);
  for (const name of ["train", "validation", "test"] as const) {
    if (parts[name].length === 0)
      throw new Error(`Expected texts in the ${name} part of ${parts.name}. Received none.`);
  }
  const { name, train, validation, test } = parts;
  const long = train.reduce((sum, { text }) => sum + text.length, 0) >= shortDocument * train.length;
  const report = await reportTexts({ name, splits: { train, validation, test }, ...(long ? {} : { quality: false }) });
  const learned = await tokenizerFor(
    recipe.data.tokenizer,
    train.map(({ text }) => text),
    context,
  );
  const corpus = new Corpus(recipe, learned, parts.train.length > 1);
  const textsOf = (part: readonly { readonly text: string }[]) => part.map(({ text }) => learned.normalize(text));
  const texts = { train: textsOf(train), validation: textsOf(validation), test: textsOf(test) };
  const training = corpus.training(texts.train);
  const watched = corpus.watched(texts.validation);
  const { settings } = corpus.preparation;

  const problem: Problem<Decoder, TokenBatch> = {
    report,
    sources: [
      {
        name,
        digest: `sha256:${report.digest}`,
        records: report.records,
        ...(parts.licence === undefined ? {} : { licence: parts.licence }),
      },
    ],
    batches: training.batches,
    batchesPerEpoch: training.batchesPerEpoch,
    build: (random) => buildDecoder(recipe, learned, random),
    loss: nextTokenLoss({ labelSmoothing: recipe.train.labelSmoothing }),
    async validate(model) {
      const sums = await scoreRows(model, watched.rows, { padding: learned.end });
      const nats = -sums.reduce((sum, value) => sum + value, 0);
      const bits = nats / Math.LN2;
      return {
        loss: nats / watched.tokens,
        "bits per character": bits / watched.characters,
        "bits per byte": bits / watched.bytes,
      };
    },
    async evaluate(model, evaluation) {
      const { prompts, samples: perPrompt } = recipe.generate;
      const asked = prompts.flatMap((prompt) => Array.from({ length: perPrompt }, () => prompt));
      const written = await continueTexts(
        model,
        asked.map((prompt) => promptIds(prompt, learned, corpus.preparation)),
        {
          ...settings,
          endTokens: [learned.end],
          seed: recipe.seed,
          alternatives: 0,
          signal: evaluation.signal,
          onTokens: (done) => evaluation.progress(done, asked.length * settings.maxNewTokens, "tokens", "samples"),
        },
      );
      const scored = await corpus.score(model, texts.test, {
        signal: evaluation.signal,
        tell: (done, total) => evaluation.progress(done, total, "rows"),
      });
      return evaluateTexts(
        {
          title: recipe.title,
          seed: recipe.seed,
          resamples: recipe.evaluate.resamples,
          window: { context: recipe.data.context, stride: corpus.stride },
          ...scored,
          train: recipe.evaluate.baselines ? texts.train : undefined,
          whole: corpus.separate,
          unknownCharacters: texts.test.reduce((sum, text, index) => sum + changed(text, test[index]!.text), 0),
          samples: written.map(({ ids }, index) => ({ prompt: asked[index]!, text: learned.tokenizer.decode(ids) })),
          form: recipe.evaluate.form,
        },
        evaluation,
      );
    },
    config: {},
    preprocessor: corpus.preparation,
    save: (model, folder) => saveDecoder(model, folder, { ...learned, settings }),
  };
  return problem as unknown as Problem;
}

function changed(text: string, original: string): number {
  if (text === original) return 0;
  const before = [...original];
  return [...text].filter((character, index) => character !== before[index]).length;
}
