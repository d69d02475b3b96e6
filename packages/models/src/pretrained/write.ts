import {
  fromFloat32,
  type NamedTensorData,
  parameters,
  tf,
  type WritableTensor,
  writeSafetensors,
} from "@nacre/tensor";
import { builtin } from "../builtin.ts";
import { families } from "./families.ts";
import type { FolderConfig, StoredTensor } from "./family.ts";
import { storedShape } from "./read.ts";
import { weightsMetadata } from "./weights-file.ts";

export interface SavePretrainedOptions {
  /** Type of the weights on disk. Default: F32. */
  readonly dtype?: "F32" | "BF16" | "F16";
  /** Weights beyond this many bytes are split into several files. Default: 5 GB. */
  readonly shardBytes?: number;
  /**
   * Tensors that are not the model's, under names of their own, in the last file whatever their size: `fromPretrained` passes over
   * them, Python too, with a warning. Default: none.
   */
  readonly extra?: readonly NamedTensorData[];
}

/**
 * Writes a folder that Python's `AutoModel….from_pretrained(folder)` opens, and `fromPretrained` (Node only): the weights under
 * transformers' names, tied ones once, then `generation_config.json` and `config.json`. Each file gets a temporary name first;
 * `config.json` comes last, so a folder that has one is whole. One tensor at a time is in memory beside the model.
 *
 * @throws Error when no family owns the model, or when transformers has no model that computes the same.
 */
export async function savePretrained(
  model: object,
  folder: string,
  { dtype = "F32", shardBytes = 5e9, extra = [] }: SavePretrainedOptions = {},
): Promise<void> {
  const { mkdir, rm } = builtin("node:fs/promises");
  const { join } = builtin("node:path");
  const family = families.find(({ owns }) => owns(model));
  if (!family) {
    throw new Error(`Expected a model of a family that has folders. Received a ${model.constructor.name}.`);
  }
  const config = { ...family.describe(model), dtype: { F32: "float32", BF16: "bfloat16", F16: "float16" }[dtype] };
  const shards = intoShards(family.tensors(model), { model, bytes: dtype === "F32" ? 4 : 2, shardBytes });
  await mkdir(folder, { recursive: true });
  const write = async (names: readonly StoredTensor[], file: string, others: readonly NamedTensorData[] = []) => {
    const tensors = names.map((tensor) => writable(tensor, model, dtype));
    const metadata = weightsMetadata(others.map(({ name }) => name));
    await writeSafetensors(join(folder, file), [...tensors, ...others], metadata);
  };
  const index = join(folder, "model.safetensors.index.json");
  if (shards.length === 1) {
    await write(shards[0]!.tensors, "model.safetensors", extra);
    await rm(index, { force: true });
  } else {
    const count = `${shards.length}`.padStart(5, "0");
    const fileOf = (shard: number) => `model-${`${shard + 1}`.padStart(5, "0")}-of-${count}.safetensors`;
    const others = (shard: number) => (shard === shards.length - 1 ? extra : []);
    for (const [shard, { tensors }] of shards.entries()) await write(tensors, fileOf(shard), others(shard));
    const places = shards.flatMap(({ tensors }, shard) =>
      [...tensors, ...others(shard)].map(({ name }) => [name, fileOf(shard)]),
    );
    const extraBytes = extra.reduce((sum, { data }) => sum + data.byteLength, 0);
    const size = shards.reduce((sum, { size: bytes }) => sum + bytes, extraBytes);
    await writeJson(index, { metadata: { total_size: size }, weight_map: Object.fromEntries(places) });
    await rm(join(folder, "model.safetensors"), { force: true });
  }
  const generation = generationConfig(config);
  if (generation) await writeJson(join(folder, "generation_config.json"), generation);
  await writeJson(join(folder, "config.json"), config);
}

function writable(tensor: StoredTensor, model: object, dtype: "F32" | "BF16" | "F16"): WritableTensor {
  const variables = parameters(model);
  const data = async () => {
    const whole = tf.tidy(() => {
      const parts = tensor.parameters.map((path) => variables.get(path)!);
      const joined = parts.length === 1 ? tf.clone(parts[0]!) : tf.concat(parts, 0);
      return tensor.transposed ? tf.transpose(joined) : joined;
    });
    const values = (await whole.data()) as Float32Array;
    whole.dispose();
    return fromFloat32(values, dtype);
  };
  return { name: tensor.name, dtype, shape: storedShape(tensor, variables), data };
}

interface Shard {
  tensors: StoredTensor[];
  size: number;
}

function intoShards(
  tensors: readonly StoredTensor[],
  { model, bytes, shardBytes }: { model: object; bytes: number; shardBytes: number },
): Shard[] {
  const variables = parameters(model);
  const shards: Shard[] = [{ tensors: [], size: 0 }];
  for (const tensor of tensors) {
    const size = bytes * storedShape(tensor, variables).reduce((product, length) => product * length, 1);
    let shard = shards.at(-1)!;
    if (shard.size > 0 && shard.size + size > shardBytes) shards.push((shard = { tensors: [], size: 0 }));
    shard.tensors.push(tensor);
    shard.size += size;
  }
  return shards;
}

/** Only for models that generate. */
function generationConfig(config: FolderConfig): FolderConfig | undefined {
  const generates = /LMHeadModel|ForCausalLM|ForConditionalGeneration/;
  if (!(config.architectures as string[] | undefined)?.some((name) => generates.test(name))) return undefined;
  const names = ["bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"];
  const known = names.filter((name) => config[name] !== undefined && config[name] !== null);
  return { _from_model_config: true, ...Object.fromEntries(known.map((name) => [name, config[name]])) };
}

/** Writes JSON to a temporary name first. */
export async function writeJson(path: string, value: object): Promise<void> {
  const { rename, rm, writeFile } = builtin("node:fs/promises");
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(value, undefined, 2)}\n`);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
