import { isAbsolute, resolve } from "node:path";
import { openTokenizer, Tokenizer, type TokenizerJson, trainTokenizer } from "@nacre/data";
import { reportTexts } from "@nacre/data/text";
import { evaluateRetrieval } from "@nacre/evaluate";
import {
  Bert,
  BertConfig,
  type Layer,
  SentenceEncoder,
  saveSentenceEncoder,
  sentenceEncoderFromPretrained,
  summarize,
} from "@nacre/models";
import type { Random } from "@nacre/random";
import { bundledModel } from "../bundled-model.ts";
import type { Predictor } from "../predictor.ts";
import { digestOf, type FolderDigest } from "../pretrained-folder.ts";
import type { Built, BundleParts, Problem, Task, TaskContext } from "../task.ts";
import { evaluateSearch } from "./evaluation.ts";
import { groupsOf, type PairBatch, pairBatches, pairLoss } from "./pair-batch.ts";
import { RetrievalPreparation, searchPredictor } from "./predictor.ts";
import { type EncoderConfig, TextRetrievalRecipe } from "./recipe.ts";
import { depth, retrieved, searchesOf } from "./searching.ts";
import { bare, openPairs, type Pair } from "./source.ts";
import { embedTexts, idsOf, nearest, type TextEncoder } from "./text-encoder.ts";

/** Texts that find what answers them, by vectors that are near where texts mean the same. */
export const textRetrieval: Task<TextRetrievalRecipe> = {
  name: "text-retrieval",
  recipe: TextRetrievalRecipe,
  monitor: { name: "nDCG@10", mode: "max" },
  prepare,
  async load(parts) {
    return loadSearchPredictor(parts);
  },
};

async function prepare(recipe: TextRetrievalRecipe, context: TaskContext): Promise<Problem> {
  const parts = await openPairs(recipe, context);
  const { name, sides, train, validation, test } = parts;
  for (const part of ["train", "validation", "test"] as const) {
    if (parts[part].length < 2) {
      throw new Error(`Expected two or more pairs in the ${part} part of ${name}. Received ${parts[part].length}.`);
    }
  }
  const rows = (part: readonly Pair[]) =>
    part.map(({ query, document }, index) => ({ text: `${query}\n${document}`, key: `${index}` }));
  const report = await reportTexts({
    name,
    splits: { train: rows(train), validation: rows(validation), test: rows(test) },
    // The rules for web pages say nothing of sentences.
    quality: false,
  });
  const { tokenizer, build, base } = await encoderFor(recipe, train, context);
  const { longest } = build;
  const groups = groupsOf(train.map(({ query, document }) => ({ query: bare(query), document: bare(document) })));
  const encoded = train.map(({ query, document }, index) => ({
    query: idsOf(query, tokenizer, longest),
    document: idsOf(document, tokenizer, longest),
    group: groups[index]!,
  }));
  const batch = Math.min(recipe.train.batch, train.length);
  const preparation: RetrievalPreparation = {
    task: "text-retrieval",
    example: test[0]!.query,
    sides,
    pooling: build.pooling,
    normalize: true,
    longest,
    candidates: candidatesOf(test, recipe.evaluate.candidates),
  };

  const problem: Problem<SentenceEncoder, PairBatch> = {
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
    batches: pairBatches(encoded, { batch, seed: recipe.seed, padding: build.padding }),
    batchesPerEpoch: Math.floor(train.length / batch),
    build: build.model,
    loss: pairLoss(recipe.loss),
    async validate(model) {
      const searches = searchesOf(validation, validation, sides);
      const queries = [];
      for (const search of searches) queries.push(...retrieved(search, await rank({ model, tokenizer }, search)));
      const { scores } = evaluateRetrieval({ queries, at: [10, 1], seed: recipe.seed, resamples: 1, shown: 0 });
      return Object.fromEntries(
        scores.filter(({ name }) => watched.includes(name)).map(({ name, value }) => [name, value]),
      );
    },
    async evaluate(model, evaluation) {
      const pool = recipe.evaluate.pool === "test" ? test : [...test, ...train, ...validation];
      const searches = searchesOf(test, pool, sides);
      const total = searches.reduce((sum, { queries, documents }) => sum + queries.length + documents.length, 0);
      let done = 0;
      const rankings: number[][][] = [];
      for (const search of searches) {
        const before = done;
        const tell = (count: number) => evaluation.progress((done = before + count), total, "texts");
        rankings.push(await rank({ model, tokenizer }, search, { signal: evaluation.signal, tell }));
      }
      return evaluateSearch({ recipe, searches, rankings, train }, evaluation);
    },
    config: {},
    preprocessor: preparation,
    save: (model, folder) => save({ model, tokenizer }, folder),
  };
  return problem as unknown as Problem;
}

const watched = ["nDCG@10", "MRR@10", "recall@1", "recall@10"];

/** For each query the numbers of the nearest documents. */
async function rank(
  encoder: TextEncoder,
  { queries, documents }: { readonly queries: readonly string[]; readonly documents: readonly string[] },
  { signal, tell }: { signal?: AbortSignal | undefined; tell?: (done: number) => void } = {},
): Promise<number[][]> {
  const asked = await embedTexts(encoder, queries, { signal, onProgress: (done) => tell?.(done) });
  const searched = await embedTexts(encoder, documents, {
    signal,
    onProgress: (done) => tell?.(queries.length + done),
  });
  const found = await nearest(asked, searched, depth);
  return found.map((near) => near.map(({ index }) => index));
}

/** Texts of both sides in turn, each once. */
function candidatesOf(pairs: readonly Pair[], most: number): string[] {
  return [...new Set(pairs.flatMap(({ document, query }) => [document, query]))].slice(0, most);
}

interface EncoderPlan {
  readonly tokenizer: Tokenizer;
  readonly base?: FolderDigest;
  readonly build: {
    readonly longest: number;
    readonly padding: number;
    readonly pooling: RetrievalPreparation["pooling"];
    readonly model: (random: Random) => Built<SentenceEncoder>;
  };
}

async function encoderFor(
  recipe: TextRetrievalRecipe,
  train: readonly Pair[],
  context: TaskContext,
): Promise<EncoderPlan> {
  const { model: config, data } = recipe;
  if ("pretrained" in config) return pretrainedEncoder(config, data.context, context);
  const { model, vocabularySize, lowercase } = data.tokenizer;
  const texts = train.flatMap(({ query, document }) => [query, document]);
  const signal = context.signal === undefined ? {} : { signal: context.signal };
  const tokenizer = await trainTokenizer(texts, { model, vocabularySize, lowercase, ...signal });
  const { pooling, hidden = 4 * config.width, ...sizes } = config;
  return {
    tokenizer,
    build: {
      longest: data.context,
      padding: 0, // The first special token of every kind of tokenizer that is trained.
      pooling,
      model: (random) => {
        const vocabulary = tokenizer.vocabularySize;
        const encoder = new Bert(
          BertConfig.parse({
            ...sizes,
            hidden,
            vocabulary,
            context: data.context,
            attentionDropout: sizes.dropout,
          }),
          random,
        );
        return described(new SentenceEncoder(encoder, { pooling }), data.context);
      },
    },
  };
}

async function pretrainedEncoder(
  { pretrained }: Extract<EncoderConfig, { pretrained: string }>,
  longest: number,
  context: TaskContext,
): Promise<EncoderPlan> {
  const folder = isAbsolute(pretrained) ? pretrained : resolve(context.folder, pretrained);
  const tokenizer = await openTokenizer(folder);
  const model = await sentenceEncoderFromPretrained(folder);
  const normalized = new SentenceEncoder(model.encoder, {
    pooling: model.pooling,
    longest: Math.min(longest, model.longest),
  });
  return {
    tokenizer,
    base: { name: pretrained, digest: await digestOf(folder) },
    build: {
      longest: normalized.longest,
      padding: normalized.encoder.config.padding,
      pooling: normalized.pooling,
      model: () => described(normalized, normalized.longest),
    },
  };
}

function described(model: SentenceEncoder, context: number): Built<SentenceEncoder> {
  const layers = summarize(model as unknown as Layer<never, never>, [context], { dtype: "int32" });
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  return { model, architecture: { name: "sentence-encoder", parameters: total, input: [null, context], layers } };
}

/** A folder that Python's sentence-transformers opens, tokenizer included. */
async function save({ model, tokenizer }: TextEncoder, folder: string): Promise<void> {
  const token = tokenizer.idToToken(model.encoder.config.padding)!;
  const names = { pad_token: token, clean_up_tokenization_spaces: false, model_max_length: model.longest };
  await Tokenizer.fromJson(tokenizer.toJson(), { ...names, ...tokenizer.config }).save(folder);
  await saveSentenceEncoder(model, folder);
}

async function loadSearchPredictor({ preprocessor, tokenizer, ...parts }: BundleParts): Promise<Predictor> {
  const preparation = RetrievalPreparation.parse(preprocessor);
  if (tokenizer === undefined) throw new Error("Expected tokenizer.json in the bundle. There is none.");
  const encoder = await bundledModel(parts, (model): model is Bert => model instanceof Bert, "an encoder of texts");
  const { pooling, normalize, longest } = preparation;
  const model = new SentenceEncoder(encoder, { pooling, normalize, longest });
  return searchPredictor({ model, tokenizer: Tokenizer.fromJson(tokenizer as TokenizerJson), preparation });
}
