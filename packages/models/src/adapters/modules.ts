import { type Model, parameters, tf } from "@nacre/tensor";
import { families } from "../pretrained/families.ts";
import type { StoredTensor } from "../pretrained/family.ts";
import type { LowRank } from "./low-rank.ts";

/** A layer as transformers has it, with its change: one layer here, or several that lie one after the other there. */
export interface AdaptedModule {
  readonly name: string;
  readonly rank: number;
  readonly alpha: number;
  /** Whether transformers keeps its weight with inputs first. */
  readonly transposed: boolean;
  /** Under PEFT's names, new ones. */
  tensors(): Record<string, tf.Tensor>;
}

/** Every layer of transformers that has an adapter. */
export function modulesOf(model: Model, adapters: ReadonlyMap<string, LowRank>): AdaptedModule[] {
  const weights = parameters(model);
  return storedTensors(model).flatMap((stored) => {
    const paths = layersOf(stored);
    const own = paths.map((path) => adapters.get(path));
    const present = own.filter((adapter) => adapter !== undefined);
    if (present.length === 0) return [];
    const rows = paths.map((path) => weights.get(`${path}.weight`)?.shape[0] ?? adapters.get(path)!.up.shape[0]!);
    const { options } = present[0]!;
    const rank = present.reduce((sum, adapter) => sum + adapter.options.rank, 0);
    const { scale } = present[0]!;
    return [
      {
        name: moduleName(stored),
        rank,
        alpha: paths.length === 1 ? options.alpha : scale * (options.rankStabilized ? Math.sqrt(rank) : rank),
        transposed: stored.transposed ?? false,
        tensors: () =>
          tf.tidy(() =>
            joined(
              own,
              rows,
              paths.map((path) => weights.get(`${path}.weight`)),
            ),
          ),
      },
    ];
  });
}

/** A of all parts below each other, B as blocks along the diagonal: the product has each part's product in its own rows. */
function joined(
  adapters: readonly (LowRank | undefined)[],
  rows: readonly number[],
  weights: readonly (tf.Variable | undefined)[],
): Record<string, tf.Tensor> {
  const present = adapters.filter((adapter) => adapter !== undefined);
  const rank = present.reduce((sum, adapter) => sum + adapter.options.rank, 0);
  let column = 0;
  const blocks = adapters.map((adapter, part) => {
    if (adapter === undefined) return tf.zeros([rows[part]!, rank]);
    const after = rank - column - adapter.options.rank;
    const block = tf.pad(adapter.up, [
      [0, 0],
      [column, after],
    ] as [number, number][]);
    column += adapter.options.rank;
    return block;
  });
  const lengths = adapters.map(
    (adapter, part) => adapter?.magnitude ?? tf.norm(weights[part] ?? tf.zeros([rows[part]!, 1]), 2, 1),
  );
  return {
    "lora_A.weight": tf.concat(
      present.map(({ down }) => down),
      0,
    ),
    "lora_B.weight": tf.concat(blocks as tf.Tensor2D[], 0),
    ...(present[0]!.magnitude && { lora_magnitude_vector: tf.concat(lengths as tf.Tensor1D[], 0) }),
  };
}

/** The paths here of a layer of transformers, or undefined when the model has none of that name. */
export function layersOfModule(model: Model, module: string): readonly string[] | undefined {
  const stored = find(model, `${module}.weight`);
  return stored && layersOf(stored);
}

/** The path here of a parameter that lies in a folder as it is here. */
export function parameterOf(model: Model, name: string): string | undefined {
  const stored = find(model, name);
  return stored && stored.parameters.length === 1 && !stored.transposed ? stored.parameters[0] : undefined;
}

/** Parameters that are trained beside the adapters, under their names in transformers. */
export function wholeTensors(model: Model, adapters: ReadonlyMap<string, LowRank>): Map<string, tf.Variable> {
  const own = new Set([...adapters.values()].flatMap(({ down, up, magnitude }) => [down, up, magnitude]));
  const names = new Map(
    storedTensors(model).flatMap((stored) => stored.parameters.map((path) => [path, stored] as const)),
  );
  const whole = new Map<string, tf.Variable>();
  for (const [path, parameter] of parameters(model)) {
    if (!parameter.trainable || own.has(parameter)) continue;
    const stored = names.get(path);
    if (stored === undefined || stored.transposed || stored.parameters.length > 1) {
      throw new Error(`saveAdapters: expected whole parameters that lie in a folder as they are. Received "${path}".`);
    }
    whole.set(stored.name, parameter);
  }
  return whole;
}

function find(model: Model, name: string): StoredTensor | undefined {
  const { prefix = "" } = families.find(({ owns }) => owns(model)) ?? {};
  const other = name.startsWith(prefix) ? name.slice(prefix.length) : `${prefix}${name}`;
  const stored = storedTensors(model);
  return stored.find((tensor) => tensor.name === name) ?? stored.find((tensor) => tensor.name === other);
}

/** As the family says; models without one have their own names. */
function storedTensors(model: Model): readonly StoredTensor[] {
  const family = families.find(({ owns }) => owns(model));
  if (family) return family.tensors(model);
  const paths = [...parameters(model).keys()].filter((path) => !/\.adapter\.(down|up|magnitude)$/.test(path));
  return paths.map((path) => ({ name: path, parameters: [path] }));
}

function moduleName({ name }: StoredTensor): string {
  return name.replace(/\.weight$/, "");
}

/** Of a tensor of weights the layers, else none. */
function layersOf({ name, parameters: paths }: StoredTensor): string[] {
  if (!name.endsWith(".weight")) return [];
  return paths.map((path) => path.replace(/\.weight$/, ""));
}
