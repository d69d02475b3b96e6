import { trainTokenizer } from "@nacre/data";
import { SequenceClassifier } from "@nacre/models";
import { disposeModel, parseSafetensors, restore } from "@nacre/tensor";
import { bundledModel, settleLoaded } from "../bundled-model.ts";
import { openPretrainedEncoder } from "../pretrained-encoder.ts";
import type { BundleParts, TaskContext } from "../task.ts";
import { bundledTokenizer } from "../text-tokenizer.ts";
import { BagBundle, bagFamily, emptyBag, fitBag } from "./bag-family.ts";
import { EncoderPreparation, encoderFamily, newEncoder, paddingOf } from "./encoder-family.ts";
import type { KnownTexts } from "./fitted.ts";
import { fitNgrams, NgramVotes, type NgramVotesConfig } from "./ngram-votes.ts";
import type { TextModel } from "./predictor.ts";
import type { TextClassificationRecipe } from "./recipe.ts";
import type { TextFamily } from "./text-family.ts";

/** Fits a recipe's family of models on known texts. A pretrained folder is read once. */
export async function openFamily(
  { model: config }: TextClassificationRecipe,
  classes: readonly string[],
  context: TaskContext,
): Promise<(known: KnownTexts) => Promise<TextFamily>> {
  const task = "text-classification";
  const exampleOf = ({ train }: KnownTexts) => train[0]!.text;
  const textsOf = ({ train }: KnownTexts) => train.map(({ text }) => text);
  switch (config.family) {
    case "bag":
      return async (known) => {
        const bundle: BagBundle = { task, model: config, classes: [...classes], example: exampleOf(known) };
        return bagFamily(bundle, await fitBag(bundle, known.train)) as unknown as TextFamily;
      };
    case "bert":
      return async (known) => {
        const { vocabulary: vocabularySize, lowercase, length } = config;
        const signal = context.signal === undefined ? {} : { signal: context.signal };
        const learnt = { model: "wordpiece", vocabularySize, lowercase, ...signal } as const;
        const tokenizer = await trainTokenizer(textsOf(known), learnt);
        const padding = paddingOf(tokenizer);
        const votes = await votesOf(config, known, classes);
        return encoderFamily({
          tokenizer,
          preparation: { task, length, example: exampleOf(known) },
          votes,
          classes,
          padding,
          encoder: (random) => newEncoder(config, { tokenizer, padding }, random),
        }) as unknown as TextFamily;
      };
    case "pretrained": {
      const { folder, length, dropout } = config;
      const { tokenizer, config: encoder, build, base } = await openPretrainedEncoder(folder, context);
      return async (known) => {
        const family = encoderFamily({
          tokenizer,
          preparation: { task, length: Math.min(length, encoder.context), example: exampleOf(known) },
          votes: await votesOf(config, known, classes),
          classes,
          padding: encoder.padding,
          encoder: () => build({ dropout, attentionDropout: 0 }),
        });
        return { ...family, base } as unknown as TextFamily;
      };
    }
  }
}

async function votesOf(
  { votes }: { readonly votes?: NgramVotesConfig | undefined },
  { train }: KnownTexts,
  classes: readonly string[],
): Promise<NgramVotes | undefined> {
  return votes && new NgramVotes(votes, await fitNgrams(votes, { texts: train, classes: classes.length }));
}

/** The model of a bundle, whichever family wrote it. */
export async function loadFamily(parts: BundleParts): Promise<TextModel> {
  const { config, preprocessor, tokenizer: json, weights, order } = parts;
  const folder = config as Readonly<Record<string, unknown>>;
  if (folder.model_type === undefined) {
    const bundle = BagBundle.parse(config);
    const model = emptyBag(bundle);
    restore(model, parseSafetensors(weights).tensors);
    settleLoaded(model, { order });
    const { classes, example } = bundle;
    return { family: bagFamily(bundle) as unknown as TextFamily, model, classes, example };
  }
  const { votes: known, ...preparation } = EncoderPreparation.parse(preprocessor);
  const { tensors } = parseSafetensors(weights);
  if (known === undefined && NgramVotes.isIn(tensors)) {
    throw new Error("Expected `votes` in preprocessor_config.json: the weights hold votes of n-grams. There is none.");
  }
  const { tokenizer } = bundledTokenizer(json);
  const isOne = (model: object): model is SequenceClassifier => model instanceof SequenceClassifier;
  const model = await bundledModel(parts, isOne, "a classifier of texts");
  try {
    const { labels: classes } = model;
    const votes = known && NgramVotes.read(known, tensors, classes.length);
    const parts = { tokenizer, preparation, votes, classes, padding: model.encoder.config.padding };
    const family = encoderFamily({ ...parts, encoder: isLoaded }) as unknown as TextFamily;
    return { family, model, classes, example: preparation.example };
  } catch (error) {
    disposeModel(model);
    throw error;
  }
}

function isLoaded(): never {
  throw new Error("Expected a model that is loaded already: a bundle's family builds none.");
}
