import type { Tokenizer } from "@nacre/data";
import { applyChatTemplate, type ChatMessage } from "@nacre/data/text";
import type { CausalLanguageModel } from "@nacre/models";
import { disposeModel, type Model } from "@nacre/tensor";
import { z } from "zod";
import type { GenerationDefaults, Predictor, TextContinuation } from "../predictor.ts";
import type { TextTokenizer } from "../text-tokenizer.ts";
import { continueTexts } from "./continue-texts.ts";

const ChatFormat = z
  .object({
    template: z.string().describe("Jinja"),
    tokens: z.record(z.string(), z.unknown()).describe("special tokens that the template may name"),
    end: z.array(z.int().nonnegative()).describe("ids that end an answer"),
  })
  .describe("how a prompt becomes a message that is answered; where it is absent, a prompt is the beginning of a text");

export type ChatFormat = z.infer<typeof ChatFormat>;

/** `preprocessor_config.json` of a text generator. */
export const TextPreparation = z.object({
  task: z.literal("text-generation"),
  start: z.array(z.int().nonnegative()).describe("ids that stand before a text"),
  always: z.boolean().describe("whether they stand before every text, or only where a prompt is empty"),
  example: z.string().describe("a prompt to try"),
  settings: z.object({
    maxNewTokens: z.int().positive(),
    temperature: z.number(),
    topK: z.int(),
    topP: z.number(),
  }),
  conversation: ChatFormat.optional(),
});
export type TextPreparation = z.infer<typeof TextPreparation>;

/** A prompt as it comes over JSON; `defaults` hold for what it leaves out. */
export function promptInput({ maxNewTokens, temperature, topK, topP }: GenerationDefaults) {
  return z.strictObject({
    prompt: z
      .string()
      .max(2 ** 16)
      .default("")
      .describe("what the text begins with"),
    maxNewTokens: z.int().positive().max(4096).default(maxNewTokens).describe("tokens to write at most"),
    temperature: z.number().min(0).max(10).default(temperature).describe("0 takes the likeliest token"),
    topK: z.int().nonnegative().default(topK).describe("draw from this many likeliest tokens; 0 is off"),
    topP: z.number().gt(0).max(1).default(topP).describe("draw from the likeliest tokens with this probability"),
    seed: z
      .int()
      .nonnegative()
      .max(2 ** 40)
      .default(0)
      .describe("same seed, same text"),
    alternatives: z.int().min(0).max(20).default(5).describe("likeliest tokens reported at each place"),
  });
}
export type PromptInput = z.infer<ReturnType<typeof promptInput>>;

export interface TextModel {
  readonly model: CausalLanguageModel & Model;
  readonly text: TextTokenizer;
  readonly preparation: TextPreparation;
}

/** Continues or answers prompts, one after the other, and tells each token's probability. */
export function textPredictor({ model, text, preparation }: TextModel): Predictor<PromptInput, TextContinuation> {
  const { tokenizer, end } = text;
  const { settings, example, conversation } = preparation;
  const endTokens = conversation?.end ?? [end];
  const idsOf = (prompt: string): number[] =>
    conversation === undefined
      ? promptIds(prompt, text, preparation)
      : chatIds([{ role: "user", content: prompt }], tokenizer, conversation);
  const shown = (id: number): string => tokenizer.decode([id], { skipSpecial: false });
  return {
    input: { kind: "prompt", example, settings, ...(conversation === undefined ? {} : { conversation: true }) },
    output: { kind: "continuation" },
    inputSchema: promptInput(settings) as z.ZodType<PromptInput>,
    async predict(inputs, signal) {
      const outputs: TextContinuation[] = [];
      for (const { prompt, ...asked } of inputs) {
        signal?.throwIfAborted();
        const [written] = await continueTexts(model, [idsOf(prompt)], { ...asked, endTokens, signal });
        const { ids, logProbabilities, topAlternatives, finishReason } = written!;
        // An end token is no text.
        const count = finishReason === "end" ? ids.length - 1 : ids.length;
        const pieces = piecesOf(text, ids.slice(0, count));
        outputs.push({
          prompt,
          text: pieces.join(""),
          finishReason,
          tokens: pieces.map((piece, index) => ({
            text: piece,
            probability: Math.exp(logProbabilities[index]!),
            alternatives: topAlternatives[index]!.map(({ id, logProbability }) => ({
              text: shown(id),
              probability: Math.exp(logProbability),
            })),
          })),
        });
      }
      return outputs;
    },
    dispose: () => disposeModel(model),
  };
}

/** The ids that a prompt becomes. */
export function promptIds(
  prompt: string,
  { tokenizer, normalize }: TextTokenizer,
  { start, always }: Pick<TextPreparation, "start" | "always">,
): number[] {
  const ids = [...tokenizer.encodeIds(normalize(prompt), { special: false })];
  return always || ids.length === 0 ? [...start, ...ids] : ids;
}

/** The ids that a conversation becomes, with the beginning of the next answer. */
export function chatIds(
  messages: readonly ChatMessage[],
  tokenizer: Tokenizer,
  { template, tokens }: ChatFormat,
): number[] {
  const rendered = applyChatTemplate(messages, { template, tokenizerConfig: tokens, addGenerationPrompt: true });
  return [...tokenizer.encodeIds(rendered, { special: false, truncation: false, padding: false })];
}

/** The text that each token adds; characters whose bytes are spread over tokens come with the last of them. */
function piecesOf({ tokenizer }: TextTokenizer, ids: readonly number[]): string[] {
  const stream = tokenizer.decodeStream();
  const pieces = ids.map((id) => stream.push(id));
  const rest = stream.end();
  if (pieces.length > 0) pieces[pieces.length - 1] += rest;
  return pieces;
}
