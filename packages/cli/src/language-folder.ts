import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { openTokenizer, spellTokens, type Tokenizer } from "@nacre/data";
import {
  type CausalLanguageModel,
  fromPretrained,
  GenerationConfig,
  type GenerationConfigInput,
  isCausalLanguageModel,
  isSequenceToSequenceModel,
  jsonSchemaConstraint,
  quantizeModel,
  readGenerationConfig,
  regexConstraint,
  type SequenceToSequenceModel,
  type TokenConstraint,
  TokenTrie,
} from "@nacre/models";
import { disposeModel, ready } from "@nacre/tensor";
import type { Command } from "commander";
import { addFlags } from "./flags.ts";
import { UsageError } from "./terminal.ts";

/** A model that writes, with its tokenizer and its own settings. */
export interface LanguageFolder {
  readonly model: CausalLanguageModel | SequenceToSequenceModel;
  readonly tokenizer: Tokenizer;
  /** Of generation_config.json; empty when there is none. */
  readonly settings: GenerationConfigInput;
  dispose(): void;
}

/**
 * @param flags.quantize bits that the weights are rounded to, as the flag has them
 * @throws UsageError when the folder's model does not write text.
 */
export async function openLanguageFolder(path: string, flags: { quantize?: string } = {}): Promise<LanguageFolder> {
  const bits = flags.quantize === undefined ? undefined : Number(flags.quantize);
  if (bits !== undefined && bits !== 8 && bits !== 4) {
    throw new UsageError(`Expected --quantize 8 or --quantize 4. Received ${flags.quantize}.`);
  }
  await ready();
  const folder = resolve(path);
  const tokenizer = await openTokenizer(folder);
  const model = await fromPretrained(folder);
  if (!isCausalLanguageModel(model) && !isSequenceToSequenceModel(model)) {
    disposeModel(model);
    throw new UsageError(`Expected a model that writes text in ${folder}. Received a ${model.constructor.name}.`);
  }
  if (bits !== undefined) quantizeModel(model, bits);
  const given = await readOptional(join(folder, "generation_config.json"));
  const settings: GenerationConfigInput = given === undefined ? {} : readGenerationConfig(JSON.parse(given));
  const endTokens = [...new Set([...(settings.endTokens ?? []), ...model.specialTokens.end])];
  return { model, tokenizer, settings: { ...settings, endTokens }, dispose: () => disposeModel(model) };
}

/** Undefined when there is no such file. */
export async function readOptional(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

const SamplingFlags = GenerationConfig.pick({
  maxNewTokens: true,
  minNewTokens: true,
  temperature: true,
  topK: true,
  topP: true,
  minP: true,
  typicalP: true,
  repetitionPenalty: true,
  presencePenalty: true,
  frequencyPenalty: true,
  noRepeatNgramSize: true,
  seed: true,
});

export interface ConstraintFlags {
  readonly stop?: string[];
  readonly schema?: string;
  readonly regex?: string;
  readonly quantize?: string;
}

export function addGenerationFlags(command: Command): void {
  addFlags(command, SamplingFlags);
  command
    .option("--stop <texts...>", "texts that end the answer, and are not part of it")
    .option("--schema <file>", "write JSON that is valid under the JSON Schema in this file")
    .option("--regex <pattern>", "write text that matches this regular expression from beginning to end")
    .option("--quantize <bits>", "round the weights to 8 or 4 bits: less memory, more tokens a second");
}

/** The folder's settings, changed by the flags that were given. */
export function settingsOf(command: Command, { settings }: LanguageFolder): GenerationConfigInput {
  const flags = Object.keys(GenerationConfig.shape).filter((name) => command.getOptionValueSource(name) === "cli");
  return { ...settings, ...Object.fromEntries(flags.map((name) => [name, command.getOptionValue(name)])) };
}

/** @throws UsageError for a schema or pattern that tokens cannot be held to. */
export async function constraintOf(
  { schema, regex }: ConstraintFlags,
  { tokenizer }: LanguageFolder,
): Promise<TokenConstraint | undefined> {
  if (schema === undefined && regex === undefined) return undefined;
  if (schema !== undefined && regex !== undefined) throw new UsageError("Expected --schema or --regex, not both.");
  try {
    const trie = new TokenTrie(spellTokens(tokenizer));
    if (regex !== undefined) return regexConstraint(regex, trie);
    return jsonSchemaConstraint(JSON.parse(await readFile(schema!, "utf8")), trie);
  } catch (error) {
    throw new UsageError(`${schema ?? "--regex"}: ${(error as Error).message}`, { cause: error });
  }
}
