import { z } from "zod";

/** How tokens are chosen. Every field has a default; the defaults draw from the model's own distribution. */
export const GenerationConfig = z.strictObject({
  maxNewTokens: z.int().positive().default(256).describe("most tokens to generate"),
  minNewTokens: z.int().nonnegative().default(0).describe("no end token before this many tokens"),
  temperature: z.number().min(0).default(1).describe("below 1 sharper, above 1 flatter; 0 takes the likeliest token"),
  topK: z.int().nonnegative().default(0).describe("draw from this many likeliest tokens; 0 is off"),
  topP: z.number().gt(0).max(1).default(1).describe("draw from the likeliest tokens that sum to this probability"),
  minP: z.number().min(0).max(1).default(0).describe("drop tokens under this share of the likeliest one's probability"),
  typicalP: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("draw from the most typical tokens that sum to this probability"),
  epsilonCutoff: z.number().min(0).lt(1).default(0).describe("drop tokens under this probability; 3e-4 is usual"),
  etaCutoff: z.number().min(0).lt(1).default(0).describe("the same, lower where the entropy is high; 3e-4 is usual"),
  repetitionPenalty: z
    .number()
    .positive()
    .default(1)
    .describe("over 1 weakens every token that occurred, prompt included"),
  presencePenalty: z.number().default(0).describe("subtracted from the logit of every token that was generated"),
  frequencyPenalty: z.number().default(0).describe("the same, times how often it was generated"),
  noRepeatNgramSize: z.int().nonnegative().default(0).describe("no run of this many tokens occurs twice; 0 is off"),
  logitBias: z.record(z.string().regex(/^\d+$/), z.number()).default({}).describe("token id → added to its logit"),
  badWords: z.array(z.array(z.int().nonnegative()).min(1)).default([]).describe("token sequences that must not occur"),
  endTokens: z.array(z.int().nonnegative()).default([]).describe("tokens that end the text"),
  stop: z.array(z.string().min(1)).default([]).describe("texts that end the text, and are not part of it"),
  samples: z.int().positive().default(1).describe("texts for each prompt"),
  beams: z.int().positive().default(1).describe("width of the beam search; 1 is off"),
  lengthPenalty: z.number().default(1).describe("beam search divides log-probabilities by length to this power"),
  earlyStopping: z
    .union([z.boolean(), z.literal("never")])
    .default(false)
    .describe("beam search ends as soon as there are `beams` finished texts"),
  logProbabilities: z.boolean().default(false).describe("report the log-probability of each token"),
  alternatives: z.int().min(0).max(100).default(0).describe("report this many likeliest tokens at each place"),
  seed: z.int().nonnegative().default(0).describe("same seed, same text"),
});
export type GenerationConfig = z.infer<typeof GenerationConfig>;
export type GenerationConfigInput = z.input<typeof GenerationConfig>;

/** What this reads of Hugging Face's `generation_config.json`; null is absent. */
const HuggingFaceConfig = z.looseObject({
  do_sample: z.boolean().nullish(),
  max_new_tokens: z.number().nullish(),
  min_new_tokens: z.number().nullish(),
  temperature: z.number().nullish(),
  top_k: z.number().nullish(),
  top_p: z.number().nullish(),
  min_p: z.number().nullish(),
  typical_p: z.number().nullish(),
  epsilon_cutoff: z.number().nullish(),
  eta_cutoff: z.number().nullish(),
  repetition_penalty: z.number().nullish(),
  no_repeat_ngram_size: z.number().nullish(),
  bad_words_ids: z.array(z.array(z.number())).nullish(),
  suppress_tokens: z.array(z.number()).nullish(),
  eos_token_id: z.union([z.number(), z.array(z.number())]).nullish(),
  stop_strings: z.union([z.string(), z.array(z.string())]).nullish(),
  num_return_sequences: z.number().nullish(),
  num_beams: z.number().nullish(),
  length_penalty: z.number().nullish(),
  early_stopping: z.union([z.boolean(), z.string()]).nullish(),
});

/**
 * A `generation_config.json` as a `GenerationConfig`, with transformers' defaults for what it leaves out: greedy unless
 * `do_sample`, and then the 50 likeliest tokens unless `top_k` says otherwise. What else it holds is left alone.
 *
 * @throws Error with the names of the fields that do not fit.
 */
export function readGenerationConfig(json: unknown): GenerationConfig {
  const parsed = HuggingFaceConfig.safeParse(json);
  if (!parsed.success) throw new Error(`generation_config.json: ${z.prettifyError(parsed.error)}`);
  const from = parsed.data;
  const sample = from.do_sample === true;
  const list = <T>(value: T | T[] | null | undefined): T[] | undefined =>
    value == null ? undefined : ([value].flat() as T[]);
  const banned = [...(from.bad_words_ids ?? []), ...(from.suppress_tokens ?? []).map((token) => [token])];
  const fields: Record<keyof GenerationConfig & string, unknown> | Record<string, unknown> = {
    maxNewTokens: from.max_new_tokens,
    minNewTokens: from.min_new_tokens,
    temperature: sample ? from.temperature : 0,
    topK: sample ? (from.top_k ?? 50) : undefined,
    topP: sample ? from.top_p : undefined,
    minP: sample ? from.min_p : undefined,
    typicalP: sample ? from.typical_p : undefined,
    epsilonCutoff: sample ? from.epsilon_cutoff : undefined,
    etaCutoff: sample ? from.eta_cutoff : undefined,
    repetitionPenalty: from.repetition_penalty,
    noRepeatNgramSize: from.no_repeat_ngram_size,
    badWords: banned.length > 0 ? banned : undefined,
    endTokens: list(from.eos_token_id),
    stop: list(from.stop_strings),
    samples: from.num_return_sequences,
    beams: from.num_beams,
    lengthPenalty: from.length_penalty,
    earlyStopping: from.early_stopping,
  };
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
  return parseGenerationConfig(given, "generation_config.json");
}

/** @throws Error naming each field that does not fit. */
export function parseGenerationConfig(input: unknown, where = "GenerationConfig"): GenerationConfig {
  const parsed = GenerationConfig.safeParse(input);
  if (!parsed.success) throw new Error(`${where}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
