import { Random } from "@nacre/random";
import {
  fromFloat32,
  type Model,
  openSafetensors,
  parameters,
  tf,
  toFloat32,
  type WritableTensor,
  writeSafetensors,
} from "@nacre/tensor";
import { z } from "zod";
import { builtin } from "../builtin.ts";
import { adaptersOf, denseLayers, putAdapters } from "./attach.ts";
import { LowRank, type LowRankOptions } from "./low-rank.ts";
import { type AdaptedModule, layersOfModule, modulesOf, parameterOf, wholeTensors } from "./modules.ts";

/** What of PEFT's `LoraConfig` decides what is computed. */
const PeftConfig = z.looseObject({
  peft_type: z.literal("LORA"),
  bias: z.literal("none").default("none"),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  lora_dropout: z.number().min(0).lt(1).default(0),
  use_dora: z.boolean().default(false),
  use_rslora: z.boolean().default(false),
});

const prefix = "base_model.model.";

export interface SaveAdaptersOptions {
  /** Name or folder of the model that the adapters are for. */
  readonly baseModel?: string;
  /** As "CAUSAL_LM" or "SEQ_CLS": what Python's `AutoPeftModelFor…` goes by. */
  readonly taskType?: string;
}

/**
 * Writes the adapters as Python's PEFT does (0.21): `adapter_model.safetensors` and `adapter_config.json`, each under a temporary
 * name first (Node only). Layers that are one in transformers and several here, as GPT-2's queries, keys and values, are
 * written as one of their ranks together. Other parameters that are trained go in as `modules_to_save`.
 *
 * @throws Error when the model has no adapters, or merged ones.
 */
export async function saveAdapters(model: Model, folder: string, options: SaveAdaptersOptions = {}): Promise<void> {
  const adapters = adaptersOf(model);
  const [first] = adapters.values();
  if (first === undefined) throw new Error("saveAdapters: expected a model with adapters. Received one without.");
  if (first.original !== undefined)
    throw new Error("saveAdapters: expected adapters that are not merged. Call `unmergeAdapters(model)`.");
  const { mkdir, rename, writeFile } = builtin("node:fs/promises");
  const { join } = builtin("node:path");
  const modules = modulesOf(model, adapters);
  const tensors: WritableTensor[] = [];
  for (const module of modules) {
    for (const [name, tensor] of Object.entries(module.tensors()))
      tensors.push(await written(`${prefix}${module.name}.${name}`, tensor));
  }
  const whole = wholeTensors(model, adapters);
  for (const [name, tensor] of whole) tensors.push(await written(`${prefix}${name}`, tensor));
  const { rank, alpha } = modules[0]!;
  const differing = modules.filter((module) => module.rank !== rank || module.alpha !== alpha);
  const pattern = (value: (module: AdaptedModule) => number) =>
    Object.fromEntries(differing.map((module) => [module.name.replaceAll(".", "\\."), value(module)]));
  const saved = new Set([...whole.keys()].map((name) => name.replace(/\.(weight|bias)$/, "")));
  const config = {
    alpha_pattern: pattern((module) => module.alpha),
    auto_mapping: null,
    base_model_name_or_path: options.baseModel ?? null,
    bias: "none",
    fan_in_fan_out: modules.some(({ transposed }) => transposed),
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: alpha,
    lora_dropout: first.options.dropout,
    modules_to_save: saved.size === 0 ? null : [...saved],
    peft_type: "LORA",
    r: rank,
    rank_pattern: pattern((module) => module.rank),
    revision: null,
    target_modules: modules.map(({ name }) => name),
    task_type: options.taskType ?? null,
    use_dora: first.options.magnitude,
    use_rslora: first.options.rankStabilized,
  };
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, "adapter_model.safetensors"), tensors, { format: "pt" });
  const path = join(folder, "adapter_config.json");
  await writeFile(`${path}.${process.pid}.tmp`, `${JSON.stringify(config, undefined, 2)}\n`);
  await rename(`${path}.${process.pid}.tmp`, path);
}

/**
 * Gives a model the adapters of a folder that PEFT or `saveAdapters` wrote (Node only), and freezes everything else, save what the
 * folder has whole (`modules_to_save`), which is put in.
 *
 * @throws Error for adapters of another kind or of another model; the model is then as it was.
 */
export async function loadAdapters(model: Model, folder: string): Promise<ReadonlyMap<string, LowRank>> {
  const { readFile } = builtin("node:fs/promises");
  const { join } = builtin("node:path");
  const path = join(folder, "adapter_config.json");
  const parsed = PeftConfig.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (!parsed.success)
    throw new Error(`${path}: expected a LoRA without biases. Received:\n${z.prettifyError(parsed.error)}`);
  const file = await openSafetensors(join(folder, "adapter_model.safetensors"));
  try {
    const read = new Map<string, StoredValues>();
    for (const [name] of file.tensors) {
      const tensor = await file.read(name);
      read.set(name.startsWith(prefix) ? name.slice(prefix.length) : name, {
        shape: tensor.shape,
        values: toFloat32(tensor),
      });
    }
    return put(model, read, parsed.data, folder);
  } finally {
    await file.close();
  }
}

interface StoredValues {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

function put(
  model: Model,
  read: ReadonlyMap<string, StoredValues>,
  config: z.output<typeof PeftConfig>,
  folder: string,
): ReadonlyMap<string, LowRank> {
  const layers = denseLayers(model);
  const adapters = new Map<string, LowRank>();
  const whole = new Map<string, StoredValues>();
  const unused = new Set(read.keys());
  const take = (name: string): StoredValues | undefined => {
    unused.delete(name);
    return read.get(name);
  };
  try {
    for (const name of read.keys()) {
      const module = name.match(/^(.*)\.lora_A(\.default)?\.weight$/)?.[1];
      if (module === undefined) continue;
      const down = take(name)!;
      const up = take(name.replace(".lora_A", ".lora_B"));
      const vector = `${module}.lora_magnitude_vector`;
      const magnitude = take(read.has(vector) ? vector : `${vector}.weight`);
      const parts = layersOfModule(model, module);
      if (up === undefined || parts === undefined || (magnitude !== undefined) !== config.use_dora) {
        throw new Error(`${folder}: expected adapters of dense layers of this model. Received one for "${module}".`);
      }
      const rank = down.shape[0]!;
      const options: LowRankOptions = {
        rank,
        alpha: alphaOf(module, config),
        rankStabilized: config.use_rslora,
        dropout: config.lora_dropout,
        magnitude: config.use_dora,
      };
      let row = 0;
      for (const path of parts) {
        const layer = layers.get(path)!;
        const adapter = new LowRank(layer, options, new Random(0));
        adapters.set(path, adapter);
        const rows = [row, row + layer.outputs] as const;
        fill(adapter.down, down, [0, rank]);
        fill(adapter.up, up, rows);
        if (adapter.magnitude && magnitude) fill(adapter.magnitude, magnitude, rows);
        row += layer.outputs;
      }
      if (up.shape[0] !== row) {
        throw new Error(`${folder}: expected [${row}, ${rank}] for "${module}". Received [${up.shape}].`);
      }
    }
    const known = parameters(model);
    for (const name of unused) {
      const target = parameterOf(model, name.replace(/\.modules_to_save(\.default)?\./, "."));
      if (target === undefined || !tf.util.arraysEqual(known.get(target)!.shape, [...read.get(name)!.shape])) {
        throw new Error(`${folder}: expected tensors for this model. Received "${name}" [${read.get(name)!.shape}].`);
      }
      whole.set(target, read.get(name)!);
    }
    if (adapters.size === 0) throw new Error(`${folder}: expected adapters. Received none.`);
  } catch (error) {
    for (const adapter of adapters.values()) adapter.dispose();
    throw error;
  }
  putAdapters(model, adapters, (path) => whole.has(path));
  const known = parameters(model);
  for (const [path, values] of whole) fill(known.get(path)!, values, [0, values.shape[0]!]);
  return adapters;
}

/** PEFT's rule: the last parts of the name match the pattern. */
function alphaOf(module: string, { lora_alpha: alpha, alpha_pattern: patterns }: z.output<typeof PeftConfig>): number {
  const found = Object.entries(patterns ?? {}).find(([pattern]) => new RegExp(`^(.*\\.)?(${pattern})$`).test(module));
  return found?.[1] ?? alpha;
}

/** Puts rows of stored values into a parameter. */
function fill(parameter: tf.Variable, { shape, values }: StoredValues, [from, to]: readonly [number, number]): void {
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const part = values.slice(from * width, to * width);
  tf.tidy(() => parameter.assign(tf.tensor(part, [...parameter.shape])));
}

async function written(name: string, tensor: tf.Tensor): Promise<WritableTensor> {
  const values = (await tensor.data()) as Float32Array;
  if (!(tensor instanceof tf.Variable)) tensor.dispose();
  const data = fromFloat32(values, "F32");
  return { name, dtype: "F32", shape: [...tensor.shape], data: async () => data };
}
