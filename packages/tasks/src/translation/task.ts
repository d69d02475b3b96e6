import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer, type TranslationPair } from "@nacre/data";
import { reportTexts } from "@nacre/data/text";
import { savePretrained, Transformer } from "@nacre/models";
import { bundledModel } from "../bundled-model.ts";
import type { Predictor } from "../predictor.ts";
import type { BundleParts, Problem, Task, TaskContext } from "../task.ts";
import { evaluateTranslator } from "./evaluation.ts";
import { buildTranslator, meanLoss, translationLoss } from "./model.ts";
import { type EncodedPair, type PairBatch, pairBatches } from "./pair-batches.ts";
import { bundledPairTokenizer, type PairTokenizer, pairTokenizerFor } from "./pair-tokenizer.ts";
import { attended, TranslationPreparation, translationPredictor } from "./predictor.ts";
import { TranslationRecipe } from "./recipe.ts";
import { openPairParts } from "./source.ts";
import { translateTexts } from "./translate-texts.ts";

/** Sentences and their translations, from which the model learns to translate others. */
export const translation: Task<TranslationRecipe> = {
  name: "translation",
  recipe: TranslationRecipe,
  monitor: { name: "loss", mode: "min" },
  prepare,
  load,
};

/** Attention maps in the report. */
const shownMaps = 3;

async function prepare(recipe: TranslationRecipe, context: TaskContext): Promise<Problem> {
  const parts = await openPairParts(recipe, context);
  for (const name of ["train", "validation", "test"] as const) {
    if (parts[name].length === 0)
      throw new Error(`Expected pairs in the ${name} part of ${parts.name}. Received none.`);
  }
  const { name, train, validation, test } = parts;
  const splits = { train: train.map(asText), validation: validation.map(asText), test: test.map(asText) };
  const texts = train.flatMap(({ source, target }) => [source, target]);
  const learned = await pairTokenizerFor(recipe.data.tokenizer, texts, context);
  const encode = (pairs: readonly TranslationPair[]) => encodePairs(pairs, learned, recipe.data.context);
  const [known, held] = [encode(train), encode(validation)];
  const cleaning = known.longer === 0 ? [] : [{ reason: "longer than the context", count: known.longer }];
  const report = await reportTexts({ name, splits, cleaning });
  const rows = { padding: learned.padding, start: learned.padding };
  const { batch, batchTokens, labelSmoothing } = recipe.train;
  const batches = pairBatches(known.pairs, { ...rows, pairs: batch, tokens: batchTokens, seed: recipe.seed });
  const preparation: TranslationPreparation = {
    task: "translation",
    source: parts.source,
    target: parts.target,
    example: test[0]!.source,
    settings: recipe.translate,
  };

  const problem: Problem<Transformer, PairBatch> = {
    report,
    sources: [
      {
        name,
        digest: `sha256:${report.digest}`,
        records: report.records,
        ...(parts.licence === undefined ? {} : { licence: parts.licence }),
      },
    ],
    batches,
    batchesPerEpoch: batches.size!,
    build: (random) => buildTranslator(recipe, learned, random),
    loss: translationLoss({ labelSmoothing }),
    async validate(model) {
      const loss = await meanLoss(model, held.pairs, rows);
      return { loss, perplexity: Math.exp(loss) };
    },
    async evaluate(model, evaluation) {
      const found = await translateTexts(model, learned, {
        texts: test.map(({ source }) => source),
        ...recipe.translate,
        signal: evaluation.signal,
        onTexts: (done) => evaluation.progress(done, test.length, "sentences"),
      });
      const hypotheses = found.map(({ target }) => learned.tokenizer.decode(target).trim());
      const attention = [];
      for (const ids of found.slice(0, shownMaps)) {
        const { sourceTokens, targetTokens, attention: weights } = await attended(model, learned, ids);
        attention.push({ source: sourceTokens, target: targetTokens, weights });
      }
      return evaluateTranslator({ recipe, parts, hypotheses, attention }, evaluation);
    },
    config: {},
    preprocessor: preparation,
    save: (model, folder) => save(model, folder, learned, preparation),
  };
  return problem as unknown as Problem;
}

function asText({ source, target, key }: TranslationPair) {
  return { text: `${source}\n${target}`, key };
}

/** Pairs as ids, ends included; those of which a side is empty or longer than the context are left out. */
function encodePairs(
  pairs: readonly TranslationPair[],
  { tokenizer, end }: PairTokenizer,
  context: number,
): { readonly pairs: EncodedPair[]; readonly longer: number } {
  const encode = (text: string) => Int32Array.of(...tokenizer.encodeIds(text, { special: false }), end);
  const all = pairs.map(({ source, target }): EncodedPair => ({ source: encode(source), target: encode(target) }));
  const fitting = all.filter(({ source, target }) => source.length <= context && target.length <= context);
  return {
    pairs: fitting.filter(({ source, target }) => source.length > 1 && target.length > 1),
    longer: all.length - fitting.length,
  };
}

/** A folder as Marian's; Python's transformers opens it where the model normalises as Marian does. */
async function save(
  model: Transformer,
  folder: string,
  { tokenizer, end, padding }: PairTokenizer,
  { settings }: TranslationPreparation,
): Promise<void> {
  const names = {
    eos_token: tokenizer.idToToken(end)!,
    pad_token: tokenizer.idToToken(padding)!,
    clean_up_tokenization_spaces: false,
  };
  await Tokenizer.fromJson(tokenizer.toJson(), { ...names, ...tokenizer.config }).save(folder);
  await savePretrained(model, folder);
  const generation = {
    decoder_start_token_id: model.start,
    eos_token_id: end,
    pad_token_id: padding,
    max_length: model.context,
    num_beams: settings.beams,
    length_penalty: settings.lengthPenalty,
  };
  const path = join(folder, "generation_config.json");
  await writeFile(`${path}.tmp`, `${JSON.stringify(generation, undefined, 2)}\n`);
  await rename(`${path}.tmp`, path);
}

async function load({ preprocessor, tokenizer, ...parts }: BundleParts): Promise<Predictor> {
  const preparation = TranslationPreparation.parse(preprocessor);
  const pairs = bundledPairTokenizer(tokenizer);
  const isOne = (model: object): model is Transformer => model instanceof Transformer;
  const model = await bundledModel(parts, isOne, "a Transformer");
  return translationPredictor({ model, pairs, preparation });
}
