import type { Random } from "@nacre/random";
import { type Model, parameters, type QuantizedWeights, quantizeWeights, tf } from "@nacre/tensor";
import { z } from "zod";
import { Dense } from "../dense.ts";
import { LowRank } from "./low-rank.ts";

/** Low-rank changes of dense layers, trained instead of the layers themselves. */
export const AdapterConfig = z.strictObject({
  kind: z.enum(["lora", "dora"]).default("lora").describe("whether the length of each row is trained apart (dora)"),
  rank: z.int().positive().default(8).describe("r, of the two matrices"),
  alpha: z.number().positive().default(16).describe("the change is multiplied by alpha / rank"),
  rankStabilized: z.boolean().default(false).describe("multiplies by alpha / √rank instead"),
  dropout: z.number().min(0).lt(1).default(0).describe("share of an adapter's input dropped in training"),
  targets: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      "ends of the paths of dense layers, as `query` or `feedForward.up`; all inside of numbered blocks if absent",
    ),
  alsoTrain: z
    .array(z.string().min(1))
    .default([])
    .describe("beginnings of the paths of parameters that are trained whole, as a new classifier's"),
});
export type AdapterConfig = z.infer<typeof AdapterConfig>;

/** What training moved before a model got adapters. */
const frozen = new WeakMap<Model, readonly tf.Variable[]>();

/**
 * Gives dense layers adapters and freezes everything else: `trainable(model)` then has `….adapter.down`, `….adapter.up` and for
 * DoRA `….adapter.magnitude`. What the model computes stays the same at first.
 *
 * @throws Error when no layer fits, or when there are adapters already.
 */
export function attachAdapters(
  model: Model,
  settings: z.input<typeof AdapterConfig>,
  random: Random,
): ReadonlyMap<string, LowRank> {
  const { kind, targets, alsoTrain, ...config } = AdapterConfig.parse(settings);
  const layers = denseLayers(model);
  const wanted = [...layers].filter(([path]) =>
    targets === undefined ? inBlock(path) : targets.some((end) => path === end || path.endsWith(`.${end}`)),
  );
  if (wanted.length === 0) {
    const ends = targets === undefined ? "inside of numbered blocks" : `whose path ends with ${targets.join(" or ")}`;
    throw new Error(
      `attachAdapters: expected dense layers ${ends}. Received ${[...layers.keys()].join(", ") || "none"}.`,
    );
  }
  const options = { ...config, magnitude: kind === "dora" };
  const adapters = new Map(
    wanted.map(([path, layer]) => [path, new LowRank(layer, options, random.fork("adapter", path))] as const),
  );
  putAdapters(model, adapters, (path) => alsoTrain.some((start) => path === start || path.startsWith(`${start}.`)));
  return adapters;
}

/** @param keeps which parameters are trained whole */
export function putAdapters(
  model: Model,
  adapters: ReadonlyMap<string, LowRank>,
  keeps: (path: string) => boolean,
): void {
  if (adaptersOf(model).size > 0) {
    for (const adapter of adapters.values()) adapter.dispose();
    throw new Error("Expected a model without adapters. Received one with some: call `removeAdapters(model)` first.");
  }
  const moving = [...parameters(model)].filter(([path, { trainable }]) => trainable && !keeps(path));
  frozen.set(
    model,
    moving.map(([, parameter]) => parameter),
  );
  for (const [, parameter] of moving) parameter.trainable = false;
  const layers = denseLayers(model);
  for (const [path, adapter] of adapters) layers.get(path)!.adapter = adapter;
}

/** The adapters of a model, by the path of their layer. */
export function adaptersOf(model: Model): ReadonlyMap<string, LowRank> {
  const found = [...denseLayers(model)].flatMap(([path, { adapter }]) =>
    adapter instanceof LowRank ? [[path, adapter] as const] : [],
  );
  return new Map(found);
}

/** Runs `work` with the model as it was before: the reference of preference training, for one. */
export function withoutAdapters<T>(model: Model, work: () => T): T {
  const adapters = [...adaptersOf(model).values()].filter(({ active }) => active);
  for (const adapter of adapters) adapter.active = false;
  try {
    return work();
  } finally {
    for (const adapter of adapters) adapter.active = true;
  }
}

/** Puts the adapters' changes into the weights, so that the model computes as fast as one without. */
export function mergeAdapters(model: Model): void {
  for (const [layer, adapter] of adapted(model)) {
    if (adapter.original !== undefined) continue;
    const changed = adapter.changed(layer);
    if (layer.quantized !== undefined) {
      adapter.original = { quantized: layer.quantized };
      layer.quantized = undefined;
      layer.weight = tf.variable(changed, false);
    } else {
      adapter.original = { weight: tf.tidy(() => tf.clone(layer.weight as tf.Tensor2D)) };
      layer.weight.assign(changed);
    }
    changed.dispose();
  }
}

/** Takes merged changes out again: the weights are those from before, to the bit. */
export function unmergeAdapters(model: Model): void {
  for (const [layer, adapter] of adapted(model)) {
    const { original } = adapter;
    if (original === undefined) continue;
    adapter.original = undefined;
    if ("quantized" in original) {
      layer.weight.dispose();
      putQuantized(layer, original.quantized);
    } else {
      layer.weight.assign(original.weight);
      original.weight.dispose();
    }
  }
}

/** Frees the adapters; the changes of merged ones stay in the weights. What they froze is trained again. */
export function removeAdapters(model: Model): void {
  for (const [layer, adapter] of adapted(model)) {
    layer.adapter = undefined;
    adapter.dispose();
  }
  for (const parameter of frozen.get(model) ?? []) if (!parameter.isDisposed) parameter.trainable = true;
  frozen.delete(model);
}

/**
 * Rounds the weights of dense layers to 8 or 4 bits in groups of 32, a quarter or an eighth of their memory, and lets go of the
 * floats: for a base that is not trained, under adapters (Dettmers et al. 2023, "QLoRA", with scales per 32 instead of NF4).
 * Gradients flow through to what is before them. Layers whose inputs are no multiple of 32 stay.
 *
 * @param targets ends of the layers' paths. Default: all inside of numbered blocks
 */
export function quantizeBase(model: Model, bits: 8 | 4, targets?: readonly string[]): void {
  const wanted = [...denseLayers(model)].filter(
    ([path, layer]) =>
      layer.inputs % 32 === 0 &&
      layer.quantized === undefined &&
      (targets === undefined ? inBlock(path) : targets.some((end) => path === end || path.endsWith(`.${end}`))),
  );
  if (wanted.length === 0)
    throw new Error("quantizeBase: expected dense layers with a multiple of 32 inputs. Received none.");
  for (const [, layer] of wanted) {
    const { weight } = layer;
    putQuantized(layer, quantizeWeights(weight as tf.Tensor2D, bits));
    weight.dispose();
  }
}

/** The weight is gone then, for whoever walks the parameters. */
export function putQuantized(layer: { quantized: QuantizedWeights | undefined }, quantized: QuantizedWeights): void {
  layer.quantized = quantized;
  delete (layer as { weight?: tf.Variable }).weight;
}

function adapted(model: Model): (readonly [Dense, LowRank])[] {
  const layers = denseLayers(model);
  return [...adaptersOf(model)].map(([path, adapter]) => [layers.get(path)!, adapter] as const);
}

function inBlock(path: string): boolean {
  return /(^|\.)\d+(\.|$)/.test(path);
}

/** The dense layers of a model by the path of the fields that hold them, as in parameter names. */
export function denseLayers(model: Model): Map<string, Dense> {
  const found = new Map<string, Dense>();
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
    seen.add(value);
    if (value instanceof tf.Tensor) return;
    if (value instanceof Dense) found.set(path, value);
    const entries = value instanceof Map ? value.entries() : Object.entries(value);
    for (const [name, field] of entries) visit(field, path === "" ? `${name}` : `${path}.${name}`);
  };
  visit(model, "");
  return found;
}
