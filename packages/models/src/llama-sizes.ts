import { LlamaConfig } from "./llama.ts";

/** Published sizes of Llama and its kin, as their folders have them. `changes` replace single settings, as the vocabulary. */

type Sizes = Partial<Omit<LlamaConfig, "family">>;

function llama(sizes: Sizes, changes: Sizes): LlamaConfig {
  const { specialTokens, ...rest } = sizes;
  // Ids of one vocabulary mean nothing in another.
  const tokens = changes.vocabulary === undefined && specialTokens ? { specialTokens } : {};
  return LlamaConfig.parse({ family: "llama", ...rest, ...tokens, ...changes });
}

const scaledTo = (factor: number) =>
  ({ type: "llama3", factor, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192 }) as const;

const llama3 = {
  vocabulary: 128_256,
  context: 131_072,
  keyValueHeads: 8,
  rotaryBase: 500_000,
  specialTokens: { begin: 128_000, end: [128_001] },
};

/** 134,515,008 parameters: "SmolLM2-135M" (Allal et al. 2025). */
export function smolLm135M(changes: Sizes = {}): LlamaConfig {
  const sizes = { vocabulary: 49_152, context: 8192, layers: 30, heads: 9, keyValueHeads: 3, width: 576, hidden: 1536 };
  const tokens = { begin: 0, end: [0] };
  return llama({ ...sizes, rotaryBase: 100_000, tied: true, specialTokens: tokens }, changes);
}

/** 1,100,048,384 parameters: "TinyLlama-1.1B" (Zhang et al. 2024). */
export function tinyLlama(changes: Sizes = {}): LlamaConfig {
  const sizes = { context: 2048, layers: 22, heads: 32, keyValueHeads: 4, width: 2048, hidden: 5632 };
  return llama({ ...sizes, specialTokens: { begin: 1, end: [2] } }, changes);
}

/** 6,738,415,616 parameters: "Llama-2-7b" (Touvron et al. 2023, "Llama 2"). */
export function llama2Of7B(changes: Sizes = {}): LlamaConfig {
  return llama({ specialTokens: { begin: 1, end: [2] } }, changes);
}

/** 1,235,814,400 parameters: "Llama-3.2-1B". */
export function llama3Of1B(changes: Sizes = {}): LlamaConfig {
  const sizes = { layers: 16, heads: 32, headSize: 64, width: 2048, hidden: 8192, tied: true };
  return llama({ ...llama3, ...sizes, rotaryScaling: scaledTo(32) }, changes);
}

/** 8,030,261,248 parameters: "Llama-3.1-8B" (Grattafiori et al. 2024). */
export function llama3Of8B(changes: Sizes = {}): LlamaConfig {
  return llama({ ...llama3, hidden: 14_336, rotaryScaling: scaledTo(8) }, changes);
}

/** 7,241,732,096 parameters: "Mistral-7B-v0.1" (Jiang et al. 2023), with its window of 4096. */
export function mistral7B(changes: Sizes = {}): LlamaConfig {
  const sizes = { context: 32_768, keyValueHeads: 8, hidden: 14_336, window: { size: 4096, from: 0 } };
  return llama({ ...sizes, specialTokens: { begin: 1, end: [2] } }, changes);
}

const qwen2 = {
  vocabulary: 151_936,
  context: 32_768,
  bias: "queryKeyValue" as const,
  rotaryBase: 1e6,
  epsilon: 1e-6,
  specialTokens: { begin: 151_643, end: [151_643] },
};

/** 494,032,768 parameters: "Qwen2.5-0.5B" (Yang et al. 2024). */
export function qwen2Of500M(changes: Sizes = {}): LlamaConfig {
  const sizes = { layers: 24, heads: 14, keyValueHeads: 2, width: 896, hidden: 4864, tied: true };
  return llama({ ...qwen2, ...sizes }, changes);
}

/** 1,543,714,304 parameters: "Qwen2.5-1.5B". */
export function qwen2Of1500M(changes: Sizes = {}): LlamaConfig {
  const sizes = { context: 131_072, layers: 28, heads: 12, keyValueHeads: 2, width: 1536, hidden: 8960, tied: true };
  return llama({ ...qwen2, ...sizes }, changes);
}

/** 596,049,920 parameters: "Qwen3-0.6B" (Yang et al. 2025). */
export function qwen3Of600M(changes: Sizes = {}): LlamaConfig {
  const sizes = { context: 40_960, layers: 28, heads: 16, keyValueHeads: 8, headSize: 128, width: 1024, hidden: 3072 };
  const kin = { ...qwen2, bias: "none" as const, queryKeyNorm: true, tied: true };
  return llama({ ...kin, ...sizes, specialTokens: { begin: 151_643, end: [151_645] } }, changes);
}
