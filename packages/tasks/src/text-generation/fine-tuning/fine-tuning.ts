import { basename, isAbsolute, join, resolve } from "node:path";
import { Tokenizer } from "@nacre/data";
import type { ChatMessage } from "@nacre/data/text";
import {
  attachAdapters,
  type Layer,
  mergeAdapters,
  saveAdapters,
  savePretrained,
  summarize,
  unmergeAdapters,
} from "@nacre/models";
import type { Random } from "@nacre/random";
import { disposeModel, parameters } from "@nacre/tensor";
import type { Built, Problem, TaskContext } from "../../task.ts";
import { writeWhole } from "../../write-whole.ts";
import { continueTexts } from "../continue-texts.ts";
import { type Decoder, generationConfig } from "../decoder.ts";
import { type ChatFormat, chatIds, type TextPreparation } from "../predictor.ts";
import { learnAnswers } from "./answers.ts";
import { lastText, questionOf } from "./conversations.ts";
import { evaluateTuned, type MeasuredModel } from "./evaluation.ts";
import { endOf, type Objective, type Stage } from "./objective.ts";
import { learnPreferences } from "./preferences.ts";
import { openPretrainedDecoder, type PretrainedDecoder } from "./pretrained-decoder.ts";
import type { FineTuningRecipe } from "./recipe.ts";

/** A pretrained decoder that learns from conversations. */
export async function prepareFineTuning(recipe: FineTuningRecipe, context: TaskContext): Promise<Problem> {
  const decoder = await openPretrainedDecoder(recipe.model, context);
  const objective = await openObjective(recipe, decoder, context);
  const { source } = recipe.data;
  const preparation = preparationOf(recipe, decoder, objective);
  const asked = askedOf(recipe, objective);
  const measure = (model: Decoder, stage: Stage) =>
    measureModel(model, { objective, asked, preparation, decoder, recipe, stage });
  let before: MeasuredModel | undefined;

  const problem: Problem<Decoder, unknown> = {
    report: objective.report,
    sources: [
      {
        name: basename(source.path),
        digest: `sha256:${objective.report.digest}`,
        records: objective.report.records,
      },
    ],
    base: decoder.base,
    batches: objective.batches,
    batchesPerEpoch: objective.batchesPerEpoch,
    async build(random, stage) {
      const model = await decoder.open();
      try {
        await objective.refer?.(model, stage);
        before = await measure(model, stage);
        return adapted(model, recipe, random);
      } catch (error) {
        disposeModel(model);
        throw error;
      }
    },
    // The base is read again: a checkpoint has the adapter alone.
    checkpoints: recipe.model.adapter === undefined ? "all" : "trained",
    loss: objective.loss,
    validate: objective.validate,
    async evaluate(model, evaluation) {
      if (before === undefined) throw new Error("Expected a model that `build` made. Received one from elsewhere.");
      const after = await measure(model, evaluation);
      return evaluateTuned({ recipe, before, after, prompts: asked.map(lastText) }, evaluation);
    },
    config: {},
    preprocessor: preparation,
    save: (model, folder) => saveTuned(model, folder, { recipe, decoder, preparation }),
  };
  return problem as unknown as Problem;
}

async function openObjective(
  recipe: FineTuningRecipe,
  { context: longest, tokenizer, template, padding }: PretrainedDecoder,
  { folder }: TaskContext,
): Promise<Objective> {
  const { source, context = Math.min(1024, longest) } = recipe.data;
  if (context > longest) {
    throw new Error(
      `data.context: expected at most ${longest} tokens, the context of ${recipe.model.pretrained}. Received ${context}.`,
    );
  }
  const path = isAbsolute(source.path) ? source.path : resolve(folder, source.path);
  const options = { recipe, path, name: basename(path), tokenizer, template, context, padding };
  return recipe.objective.kind === "answers"
    ? ((await learnAnswers(options)) as Objective)
    : ((await learnPreferences(options)) as unknown as Objective);
}

type ChatPreparation = TextPreparation & { readonly conversation: ChatFormat };

function preparationOf(
  recipe: FineTuningRecipe,
  { tokenizer, template, end }: PretrainedDecoder,
  { example, test }: Objective,
): ChatPreparation {
  const { prompts, samples: _, ...settings } = recipe.generate;
  const learnt = endOf(example, tokenizer);
  const tokens = Object.entries(tokenizer.config).filter(([name]) => name.endsWith("_token"));
  return {
    task: "text-generation",
    start: [],
    always: false,
    example: prompts[0] ?? lastText(questionOf(test[0]!)),
    settings,
    conversation: {
      template,
      tokens: Object.fromEntries(tokens),
      end: [...new Set([...end, ...(learnt === undefined ? [] : [learnt])])],
    },
  };
}

/** The conversations that the report has answers to. */
function askedOf({ generate }: FineTuningRecipe, { test }: Objective): (readonly ChatMessage[])[] {
  if (generate.prompts.length > 0) return generate.prompts.map((content) => [{ role: "user", content }]);
  return test.slice(0, generate.samples).map(questionOf);
}

interface MeasureOptions {
  readonly objective: Objective;
  readonly asked: readonly (readonly ChatMessage[])[];
  readonly preparation: ChatPreparation;
  readonly decoder: PretrainedDecoder;
  readonly recipe: FineTuningRecipe;
  readonly stage: Stage;
}

async function measureModel(
  model: Decoder,
  { objective, asked, preparation, decoder: { tokenizer }, recipe, stage }: MeasureOptions,
): Promise<MeasuredModel> {
  const started = performance.now();
  const measured = await objective.measure(model, stage);
  const seconds = (performance.now() - started) / 1000;
  const { conversation, settings } = preparation;
  const prompts = asked.map((messages) => chatIds(messages, tokenizer, conversation));
  const written =
    prompts.length === 0
      ? []
      : await continueTexts(model, prompts, {
          ...settings,
          endTokens: conversation.end,
          seed: recipe.seed,
          alternatives: 0,
          signal: stage.signal,
          onTokens: (done) => stage.progress(done, prompts.length * settings.maxNewTokens, "tokens", "samples"),
        });
  return { ...measured, seconds, answers: written.map(({ ids }) => tokenizer.decode([...ids])) };
}

/** Tokens that the summary runs on: a row's logits over a large vocabulary take their room. */
const summarized = 32;

function adapted(model: Decoder, { model: { adapter } }: FineTuningRecipe, random: Random): Built<Decoder> {
  if (adapter !== undefined) attachAdapters(model, adapter, random.fork("adapters"));
  const time = Math.min(summarized, model.context);
  const layers = summarize(model as unknown as Layer<never, never>, [time], { dtype: "int32" });
  const total = [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
  const family = model.constructor.name;
  const name =
    adapter === undefined ? family : `${family} + ${adapter.kind === "dora" ? "DoRA" : "LoRA"} (${adapter.rank})`;
  return { model, architecture: { name, parameters: total, input: [null, model.context], layers } };
}

interface SaveOptions {
  readonly recipe: FineTuningRecipe;
  readonly decoder: PretrainedDecoder;
  readonly preparation: ChatPreparation;
}

/** A folder that Python's transformers opens, the adapter in its weights; and the adapter as PEFT has it, in `adapter/`. */
async function saveTuned(
  model: Decoder,
  folder: string,
  { recipe, decoder, preparation: { settings, conversation } }: SaveOptions,
): Promise<void> {
  const { tokenizer, generation, base } = decoder;
  const config = { ...tokenizer.config, chat_template: conversation.template };
  await Tokenizer.fromJson(tokenizer.toJson(), config).save(folder);
  if (recipe.model.adapter !== undefined) {
    await saveAdapters(model, join(folder, "adapter"), { baseModel: base.name, taskType: "CAUSAL_LM" });
    mergeAdapters(model);
  }
  try {
    await savePretrained(model, folder);
  } finally {
    if (recipe.model.adapter !== undefined) unmergeAdapters(model);
  }
  const end = conversation.end.length > 0 ? { eos_token_id: conversation.end } : {};
  await writeWhole(join(folder, "generation_config.json"), generationConfig(settings, { ...generation, ...end }));
}
