import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "@nacre/data";
import { reportTexts } from "@nacre/data/text";
import { scoredText } from "@nacre/evaluate";
import {
  type CausalLanguageModel,
  fromPretrainedParts,
  Gpt2,
  Gpt2Config,
  isCausalLanguageModel,
  type Layer,
  Llama,
  LlamaConfig,
  savePretrained,
  summarize,
} from "@nacre/models";
import { Random } from "@nacre/random";
import type { Model } from "@nacre/tensor";
import type { TokenBatch } from "@nacre/train";
import {
  documentRows,
  nextTokenLoss,
  randomCrops,
  type ScoredRow,
  scoredRows,
  scoreRows,
} from "../language-model-rows.ts";
import type { Predictor } from "../predictor.ts";
import type { Built, BundleParts, Problem, Task, TaskContext } from "../task.ts";
import { bundledTokenizer, type TextTokenizer, tokenizerFor } from "../text-tokenizer.ts";
import { continueTexts } from "./continue-texts.ts";
import { evaluateTexts, type ScoredUnit } from "./evaluation.ts";
import { promptIds, TextPreparation, textPredictor } from "./predictor.ts";
import { TextGenerationRecipe } from "./recipe.ts";
import { openTextParts } from "./source.ts";

type Decoder = CausalLanguageModel & Model;

/** Characters: names, lines and poems are shorter, and the rules for web pages say nothing of them. */
const shortDocument = 300;

/** Texts of which the model learns to write more. */
export const textGeneration: Task<TextGenerationRecipe> = {
  name: "text-generation",
  recipe: TextGenerationRecipe,
  monitor: { name: "loss", mode: "min" },
  prepare,
  async load(parts) {
    return loadTextPredictor(parts);
  },
};

async function prepare(recipe: TextGenerationRecipe, context: TaskContext): Promise<Problem> {
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
    build: (random) => build(recipe, learned, random),
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
    save: (model, folder) => save(model, folder, learned, corpus.preparation),
  };
  return problem as unknown as Problem;
}

/** How a recipe's texts become rows of tokens. */
class Corpus {
  readonly #recipe: TextGenerationRecipe;
  readonly #text: TextTokenizer;
  /** Whether there are many texts, each with an end, or one running text. */
  readonly separate: boolean;
  readonly preparation: TextPreparation;
  /** How far the window moves when the test part is scored. */
  readonly stride: number;

  constructor(recipe: TextGenerationRecipe, text: TextTokenizer, separate: boolean) {
    this.#recipe = recipe;
    this.#text = text;
    this.separate = separate;
    const { prompts, samples: _, ...settings } = recipe.generate;
    const line = separate ? [] : [...text.tokenizer.encodeIds("\n", { special: false })];
    const start = line.length > 0 && text.normalize("\n") === "\n" ? line : [text.end];
    this.preparation = { task: "text-generation", start, always: separate, example: prompts[0]!, settings };
    this.stride = recipe.evaluate.stride ?? Math.max(1, Math.floor(recipe.data.context / 2));
  }

  training(texts: readonly string[]) {
    const { data, train, seed } = this.#recipe;
    const { context } = data;
    const { batch } = train;
    const all = texts.map((text) => this.#idsOf(text));
    if (data.rows === "documents") {
      const batches = documentRows(all, { context, batch, padding: this.#text.end, seed });
      return { batches, batchesPerEpoch: Math.ceil(batches.rows / batch) };
    }
    // Texts one after the other: the end of one is the start of the next.
    const ids = new Int32Array(all.reduce((sum, each) => sum + each.length - (this.separate ? 1 : 0), 1));
    let at = 0;
    for (const each of all) {
      ids.set(each, at);
      at += each.length - (this.separate ? 1 : 0);
    }
    const stream = this.separate ? ids : ids.subarray(0, at);
    const batches = randomCrops(stream, { context, batch, random: new Random(seed).fork("crops") });
    return { batches, batchesPerEpoch: Math.ceil(batches.size!) };
  }

  /** Rows that score each epoch: blocks of the context's length, apart from each other, up to a number of tokens. */
  watched(texts: readonly string[]) {
    const rows: ScoredRow[] = [];
    const most = this.#recipe.evaluate.validationTokens;
    let [tokens, characters, bytes] = [0, 0, 0];
    for (const text of texts) {
      if (tokens >= most) break;
      const ids = this.#idsOf(text);
      const all = this.#blocks(ids);
      const kept = all.slice(0, Math.ceil((most - tokens) / this.#recipe.data.context));
      const scored = kept.reduce((sum, row) => sum + row.ids.length - row.scored, 0);
      rows.push(...kept);
      tokens += scored;
      const share = scored / (ids.length - 1);
      characters += [...text].length * share;
      bytes += new TextEncoder().encode(text).length * share;
    }
    return { rows, tokens, characters, bytes };
  }

  async score(
    model: Decoder,
    texts: readonly string[],
    { signal, tell }: { signal: AbortSignal | undefined; tell: (done: number, total: number) => void },
  ): Promise<{ units: ScoredUnit[]; blockLoss: number | undefined }> {
    const { context } = this.#recipe.data;
    const padding = this.#text.end;
    const all = texts.map((text) => this.#idsOf(text));
    const windows = all.map((ids) => scoredRows(ids, { context, stride: this.stride }));
    const rows = windows.flat();
    const sums = await scoreRows(model, rows, { padding, signal, onRows: (done) => tell(done, rows.length) });
    if (this.separate) {
      let at = 0;
      const units = texts.map((text, index): ScoredUnit => {
        const sum = windows[index]!.reduce((total) => total + sums[at++]!, 0);
        return { ...scoredText(text, sum, all[index]!.length - 1), text, before: "" };
      });
      return { units, blockLoss: undefined };
    }
    const blocks = all.flatMap((ids) => this.#blocks(ids));
    const apart = await scoreRows(model, blocks, { padding, signal });
    const tokens = blocks.reduce((sum, row) => sum + row.ids.length - row.scored, 0);
    const blockLoss = -apart.reduce((sum, value) => sum + value, 0) / tokens;
    return { units: this.#chunks(texts[0]!, windows[0]!, sums), blockLoss };
  }

  /** One long text in parts of about a thousand tokens, which resamples draw from. */
  #chunks(text: string, rows: readonly ScoredRow[], sums: Float64Array): ScoredUnit[] {
    const { places } = this.#text.tokenizer.encode(text, { special: false });
    const units: ScoredUnit[] = [];
    let [from, to, sum] = [0, 0, 0];
    rows.forEach((row, index) => {
      to += row.ids.length - row.scored;
      sum += sums[index]!;
      if (to - from < 1000 && index < rows.length - 1) return;
      const [start, end] = [from === 0 ? 0 : places[2 * from]!, places[2 * (to - 1) + 1]!];
      const part = text.slice(start, end);
      units.push({
        ...scoredText(part, sum, to - from),
        text: part,
        before: text.slice(Math.max(0, start - 8), start),
      });
      [from, sum] = [to, 0];
    });
    return units;
  }

  /** A row for each context's length of tokens, none seen twice but as the last one before. */
  #blocks(ids: Int32Array): ScoredRow[] {
    return scoredRows(ids, { context: this.#recipe.data.context, stride: this.#recipe.data.context });
  }

  #idsOf(text: string): Int32Array {
    const { tokenizer, end } = this.#text;
    const own = tokenizer.encodeIds(text, { special: false });
    const { start } = this.preparation;
    return Int32Array.from([...start, ...own, ...(this.separate ? [end] : [])]);
  }
}

function changed(text: string, original: string): number {
  if (text === original) return 0;
  const before = [...original];
  return [...text].filter((character, index) => character !== before[index]).length;
}

function build(
  { model, data }: TextGenerationRecipe,
  { tokenizer, end }: TextTokenizer,
  random: Random,
): Built<Decoder> {
  const { layers: blocks, heads, width, tied } = model;
  const sizes = { layers: blocks, heads, width, tied, vocabulary: tokenizer.vocabularySize, context: data.context };
  const specialTokens = { begin: end, end: [end], padding: end };
  const built: Decoder =
    model.family === "gpt2"
      ? new Gpt2(Gpt2Config.parse({ ...sizes, ...model, specialTokens }), random)
      : new Llama(
          // Touvron et al. 2023, section 2.2: two thirds of four times the width, here in multiples of 32.
          LlamaConfig.parse({ ...sizes, hidden: Math.ceil((8 * width) / 3 / 32) * 32, ...model, specialTokens }),
          random,
        );
  const layers = summarize(built as unknown as Layer<never, never>, [data.context], { dtype: "int32" });
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  return {
    model: built,
    architecture: { name: model.family, parameters: total, input: [null, data.context], layers },
  };
}

/** A folder that Python's transformers opens, tokenizer included. */
async function save(
  model: Decoder,
  folder: string,
  { tokenizer, end }: TextTokenizer,
  { settings }: TextPreparation,
): Promise<void> {
  const token = tokenizer.idToToken(end)!;
  const names = { bos_token: token, eos_token: token, pad_token: token, clean_up_tokenization_spaces: false };
  await Tokenizer.fromJson(tokenizer.toJson(), { ...names, ...tokenizer.config }).save(folder);
  await savePretrained(model, folder);
  const { temperature, topK, topP, maxNewTokens } = settings;
  const sampling =
    temperature === 0 ? { do_sample: false } : { do_sample: true, temperature, top_k: topK, top_p: topP };
  const generation = {
    bos_token_id: end,
    eos_token_id: end,
    pad_token_id: end,
    max_new_tokens: maxNewTokens,
    ...sampling,
  };
  const path = join(folder, "generation_config.json");
  await writeFile(`${path}.tmp`, `${JSON.stringify(generation, undefined, 2)}\n`);
  await rename(`${path}.tmp`, path);
}

async function loadTextPredictor({ config, preprocessor, tokenizer, weights }: BundleParts): Promise<Predictor> {
  const preparation = TextPreparation.parse(preprocessor);
  const text = bundledTokenizer(tokenizer);
  const model = await fromPretrainedParts({ config: config as Readonly<Record<string, unknown>>, weights });
  if (!isCausalLanguageModel(model)) {
    throw new Error(`Expected a causal language model in the bundle. Received a ${model.constructor.name}.`);
  }
  return textPredictor({ model: model as Decoder, text, preparation });
}
