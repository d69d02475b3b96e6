import type { Random } from "@nacre/random";
import { disposeModel, parameters, parseSafetensors, tf, toFloat32 } from "@nacre/tensor";
import { builtin } from "../builtin.ts";
import { type CausalLanguageModel, isCausalLanguageModel } from "../language-model.ts";
import { families } from "./families.ts";
import type { FolderConfig, PretrainedFamily, StoredTensor } from "./family.ts";
import { ofModel, openWeights, type WeightsFile } from "./weights-file.ts";

export interface FromPretrainedOptions {
  /** The class of the model in transformers' words (`BertForSequenceClassification`). Default: what the folder says. */
  readonly architecture?: string;
  /**
   * What a head is drawn from that the folder lacks, or has for another number of classes. Without it, a folder must have every
   * tensor.
   */
  readonly random?: Random;
  /** Changes to the folder's config.json, in its own words: `{ num_labels: 5 }`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/**
 * The model of a Hugging Face folder (Node only): `config.json` says which family and sizes, `model.safetensors` or its shards
 * hold the weights, in F32, BF16, F16 or F64, which become float32. One tensor at a time is in memory beside the model.
 *
 * @throws Error for an unknown `model_type`, for settings that the family lacks, and for tensors that are missing, unexpected or
 * of another shape, all of them named.
 */
export async function fromPretrained(folder: string, options: FromPretrainedOptions = {}): Promise<object> {
  const config = { ...(await readConfig(folder)), ...options.config };
  const family = familyFor(config, folder);
  const weights = await openWeights(folder);
  try {
    const has = (name: string) => weights.tensors.has(name);
    const architecture = options.architecture ?? (config.architectures as string[] | undefined)?.[0];
    const model = family.build(config, { architecture, random: options.random, has });
    try {
      await fill(model, { family, weights, folder, mayDraw: options.random !== undefined });
      return model;
    } catch (error) {
      disposeModel(model);
      throw error;
    }
  } finally {
    await weights.close();
  }
}

/** The parts of a folder that are in memory already. */
export interface PretrainedParts {
  /** The content of config.json. */
  readonly config: FolderConfig;
  /** The bytes of model.safetensors. */
  readonly weights: Uint8Array;
}

/**
 * As `fromPretrained`, from the contents of a folder with one file of weights; runs in browsers too.
 *
 * @throws as `fromPretrained`; `name` says which folder is meant.
 */
export async function fromPretrainedParts({ config, weights }: PretrainedParts, name = "the model"): Promise<object> {
  const family = familyFor(config, name);
  const tensors = ofModel(parseSafetensors(weights));
  const architecture = (config.architectures as string[] | undefined)?.[0];
  const model = family.build(config, { architecture, random: undefined, has: (tensor) => tensors.has(tensor) });
  try {
    const read = async (tensor: string) => tensors.get(tensor)!;
    await fill(model, { family, weights: { tensors, read, async close() {} }, folder: name, mayDraw: false });
    return model;
  } catch (error) {
    disposeModel(model);
    throw error;
  }
}

/**
 * As `fromPretrained`, for models that predict the next token.
 *
 * @throws Error when the folder holds another kind.
 */
export async function languageModelFromPretrained(
  folder: string,
  options: FromPretrainedOptions = {},
): Promise<CausalLanguageModel> {
  const model = await fromPretrained(folder, options);
  if (isCausalLanguageModel(model)) return model;
  disposeModel(model);
  throw new Error(`Expected a causal language model in ${folder}. Received a ${model.constructor.name}.`);
}

/** config.json, with the special tokens of generation_config.json, which know better where a text ends. */
async function readConfig(folder: string): Promise<FolderConfig> {
  const { readFile } = builtin("node:fs/promises");
  const { join } = builtin("node:path");
  const read = async (name: string): Promise<Record<string, unknown>> => {
    const path = join(folder, name);
    const text = await readFile(path, "utf8");
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch (error) {
      throw new Error(`Expected JSON in ${path}: ${(error as Error).message}`);
    }
  };
  const config = await read("config.json");
  const generation = await read("generation_config.json").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return {} as Record<string, unknown>;
    throw error;
  });
  for (const name of ["bos_token_id", "eos_token_id", "pad_token_id"]) {
    if (generation[name] !== undefined && generation[name] !== null) config[name] = generation[name];
  }
  return config;
}

function familyFor(config: FolderConfig, folder: string): PretrainedFamily {
  const found = families.find(({ modelTypes }) => modelTypes.includes(`${config.model_type}`));
  if (found) return found;
  const known = families.flatMap(({ modelTypes }) => modelTypes).join(", ");
  throw new Error(`Expected a \`model_type\` of ${known} in ${folder}/config.json. Received ${config.model_type}.`);
}

interface Source {
  family: PretrainedFamily;
  weights: WeightsFile;
  folder: string;
  mayDraw: boolean;
}

async function fill(model: object, { family, weights, folder, mayDraw }: Source): Promise<void> {
  const wanted = parameters(model);
  const stored = family.tensors(model);
  const names = new Map<string, string>(); // of the model's tensors in this folder
  const replaced = new Set<string>(); // heads of another size
  const problems: string[] = [];
  for (const tensor of stored) {
    const name = nameIn(weights.tensors, tensor.name, family.prefix);
    const shape = storedShape(tensor, wanted);
    const drawn = tensor.optional && mayDraw;
    if (name === undefined) {
      if (!drawn) problems.push(`  missing "${tensor.name}" [${shape}]`);
      continue;
    }
    const place = weights.tensors.get(name)!;
    const fits = place.shape.length === shape.length && shape.every((size, axis) => size === place.shape[axis]);
    if (!fits && drawn) {
      replaced.add(name);
      continue;
    }
    names.set(tensor.name, name);
    if (!fits) {
      problems.push(`  "${name}": expected shape [${shape}], received [${place.shape}]`);
    } else if (!readable.includes(place.dtype)) {
      problems.push(`  "${name}": expected ${readable.join(" or ")}, received ${place.dtype}`);
    }
  }
  const used = new Set(names.values());
  for (const [name, { shape }] of weights.tensors) {
    if (!used.has(name) && !replaced.has(name) && !family.ignored?.some((pattern) => pattern.test(name))) {
      problems.push(`  unexpected "${name}" [${shape}]`);
    }
  }
  if (problems.length > 0) {
    const shown = problems.length > 20 ? [...problems.slice(0, 20), `  … and ${problems.length - 20} more`] : problems;
    throw new Error(
      `Expected the ${stored.length} tensors of a ${model.constructor.name} in ${folder}. Received ${weights.tensors.size} that ` +
        `differ:\n${shown.join("\n")}`,
    );
  }
  for (const tensor of stored) {
    const name = names.get(tensor.name);
    if (name !== undefined) assign(tensor, await weights.read(name).then(toFloat32), wanted);
  }
}

const readable: readonly string[] = ["F32", "BF16", "F16", "F64"];

/** Folders of models without a head leave the prefix out; those of models with one that we read without it have it. */
function nameIn(tensors: WeightsFile["tensors"], name: string, prefix = ""): string | undefined {
  const other = name.startsWith(prefix) ? name.slice(prefix.length) : `${prefix}${name}`;
  return [name, other, `${prefix}${name}`].find((candidate) => tensors.has(candidate));
}

/** The shape a tensor has in the folder. */
export function storedShape(
  { name, parameters: paths, transposed }: StoredTensor,
  wanted: ReadonlyMap<string, tf.Variable>,
): number[] {
  const shapes = paths.map((path) => {
    const variable = wanted.get(path);
    if (!variable) throw new Error(`"${name}" is mapped to "${path}", and the model has no such parameter.`);
    return variable.shape;
  });
  const rows = shapes.reduce((sum, [first = 1]) => sum + first, 0);
  const joined = shapes.length === 1 ? [...shapes[0]!] : [rows, ...shapes[0]!.slice(1)];
  return transposed ? joined.reverse() : joined;
}

function assign(tensor: StoredTensor, values: Float32Array, wanted: ReadonlyMap<string, tf.Variable>): void {
  tf.tidy(() => {
    let whole = tf.tensor(values, storedShape(tensor, wanted));
    if (tensor.transposed) whole = tf.transpose(whole);
    const variables = tensor.parameters.map((path) => wanted.get(path)!);
    const rows = variables.map(({ shape }) => shape[0] ?? 1);
    const parts = variables.length === 1 ? [whole] : tf.split(whole, rows, 0);
    variables.forEach((variable, index) => variable.assign(parts[index]!));
  });
}
