import { type Model, parameters, tf } from "@nacre/tensor";
import { inference, type Layer } from "./layer.ts";

export interface LayerSummary {
  /** Path of the fields that hold it, as in parameter names. */
  name: string;
  /** Name of its class. */
  type: string;
  /** null is the batch. Empty for a layer that holds parameters but did not run. */
  outputShape: (number | null)[];
  /** Numbers it holds, those of inner layers that have a row of their own not counted. */
  parameters: number;
}

export interface SummarizeOptions<Input extends tf.Tensor> {
  /** Of the input. Default: float32. */
  dtype?: "float32" | "int32";
  /** Runs a model that needs more than its input, as a target: `(input) => model.forward(input, { ...inference, target: input })`. */
  run?: (input: Input) => tf.Tensor;
}

/**
 * One row for every layer that holds no other layer, or has parameters of its own beside them, in the order in which they
 * run; the parameters of the rows add up to the model's. The model runs once on zeros.
 *
 * @param inputShape shape of one input without the batch, as [28, 28, 1]
 */
export function summarize<Input extends tf.Tensor>(
  model: Layer<Input, tf.Tensor>,
  inputShape: readonly number[],
  { dtype = "float32", run = (input) => model.forward(input, inference) }: SummarizeOptions<Input> = {},
): LayerSummary[] {
  const layers = findLayers(model);
  const outputs = record(run as Probe["run"], { layers, shape: [1, ...inputShape], dtype });
  const counted = new Set<tf.Variable>();
  const rows = new Map<string, LayerSummary>();
  // Inner layers first: what they hold is not counted again for the outer one.
  for (const { name, layer, inner } of [...layers].reverse()) {
    let own = 0;
    for (const variable of parameters(layer).values()) {
      if (counted.has(variable)) continue;
      counted.add(variable);
      own += variable.size;
    }
    const outputShape = outputs.get(layer);
    if (own > 0 || (!inner && outputShape)) {
      rows.set(name, { name, type: layer.constructor.name, outputShape: outputShape ?? [], parameters: own });
    }
  }
  const ran = [...outputs.keys()];
  const order = (name: string) => {
    const place = ran.indexOf(layers.find((found) => found.name === name)!.layer);
    return place === -1 ? ran.length : place;
  };
  return [...rows.values()].reverse().sort((left, right) => order(left.name) - order(right.name));
}

/** A summary as a table of text. */
export function describeModel(layers: readonly LayerSummary[]): string {
  const rows = layers.map(({ name, type, outputShape, parameters: count }) => {
    const shape = outputShape.length === 0 ? "" : `[${outputShape.map((size) => size ?? "B").join(", ")}]`;
    return [name || "(model)", type, shape, count.toLocaleString("en")];
  });
  const total = layers.reduce((sum, { parameters: count }) => sum + count, 0);
  const all = [["layer", "type", "output", "parameters"], ...rows, ["total", "", "", total.toLocaleString("en")]];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row.map((cell, column) => (column === 3 ? cell.padStart(widths[3]!) : cell.padEnd(widths[column]!))).join("  ");
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [line(all[0]!), rule, ...all.slice(1, -1).map(line), rule, line(all.at(-1)!)].join("\n");
}

interface FoundLayer {
  name: string;
  layer: Layer;
  /** Whether it holds other layers. */
  inner: boolean;
}

/** The model and every layer in its fields, outer before inner. */
function findLayers(model: Model): FoundLayer[] {
  const found: FoundLayer[] = [];
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string): boolean => {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof tf.Tensor)
      return false;
    if (seen.has(value)) return false;
    seen.add(value);
    const entry = isLayer(value) ? { name: path, layer: value, inner: false } : undefined;
    if (entry) found.push(entry);
    const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
    const inner = entries
      .map(([name, field]) => visit(field, path === "" ? `${name}` : `${path}.${name}`))
      .includes(true);
    if (entry) entry.inner = inner;
    return inner || entry !== undefined;
  };
  visit(model, "");
  return found;
}

function isLayer(value: object): value is Layer {
  return typeof (value as { forward?: unknown }).forward === "function";
}

interface Probe {
  run: (input: tf.Tensor) => tf.Tensor;
  layers: readonly FoundLayer[];
  shape: number[];
  dtype: "float32" | "int32";
}

/** Runs the model on zeros and notes the shape each layer gives, in the order in which they finish. */
function record(run: Probe["run"], { layers, shape, dtype }: Omit<Probe, "run">): Map<Layer, (number | null)[]> {
  const outputs = new Map<Layer, (number | null)[]>();
  const own = layers.map(({ layer }) => ({ layer, descriptor: Object.getOwnPropertyDescriptor(layer, "forward") }));
  try {
    for (const { layer } of own) {
      const forward = layer.forward.bind(layer);
      const watched: Layer["forward"] = (input, context) => {
        const output = forward(input, context);
        if (!outputs.has(layer)) outputs.set(layer, [null, ...output.shape.slice(1)]);
        return output;
      };
      Object.defineProperty(layer, "forward", { value: watched, configurable: true });
    }
    tf.tidy(() => void run(tf.zeros(shape, dtype)));
  } finally {
    for (const { layer, descriptor } of own) {
      delete (layer as Partial<Layer>).forward;
      if (descriptor) Object.defineProperty(layer, "forward", descriptor);
    }
  }
  return outputs;
}
