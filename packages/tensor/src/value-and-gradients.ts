import * as tf from "@tensorflow/tfjs-core";
import { recorded, type TapeNode } from "./tape.ts";

export interface ValueAndGradients<Output extends tf.Tensor> {
  /** What `work` gave. */
  readonly value: Output;
  /** One for each tensor of `wanted`; undefined for those that the value does not depend on. */
  readonly gradients: readonly (tf.Tensor | undefined)[];
}

/**
 * The gradients of Σ dy · work() with regard to `wanted`: those of TensorFlow.js to the bit, for less memory. It lets go of what the
 * forward pass kept, and of the gradients in between, as soon as the walk back has passed them, where TensorFlow.js holds
 * all of it to the end.
 *
 * @param work runs in a tidy
 * @param dy of the shape that `work` gives. Default: ones
 */
export function valueAndGradients<Output extends tf.Tensor>(
  work: () => Output,
  wanted: readonly tf.Tensor[],
  dy?: tf.Tensor,
): ValueAndGradients<Output> {
  const { output: value, tape } = recorded(work);
  const path = pathBetween(tape, wanted, value);
  for (const node of tape) if (!path.has(node)) release(node);
  const gradients = new Map<number, tf.Tensor>();
  gradients.set(value.id, tf.keep(dy === undefined ? tf.ones(value.shape) : tf.clone(dy)));
  const ends = new Set(wanted.map(({ id }) => id));
  try {
    for (const [node, inputs] of [...path].reverse()) {
      tf.tidy(() => walkBack(node, inputs, gradients));
      release(node);
      for (const { id } of node.outputs) {
        if (ends.has(id)) continue;
        gradients.get(id)?.dispose();
        gradients.delete(id);
      }
    }
  } catch (error) {
    for (const node of path.keys()) release(node);
    for (const gradient of gradients.values()) gradient.dispose();
    throw error;
  }
  // Kept until now; the handles given are the surrounding tidy's, as any result.
  const found = wanted.map(({ id }) => gradients.get(id) && tf.clone(gradients.get(id)!));
  for (const gradient of gradients.values()) gradient.dispose();
  return { value, gradients: found };
}

/** One step back: adds what the node's inputs get to `gradients`, in new tensors that outlive the tidy. */
function walkBack(node: TapeNode, inputs: readonly string[], gradients: Map<number, tf.Tensor>): void {
  if (node.gradient === undefined) {
    throw new Error(
      `Expected operations that have a gradient between variables and loss. Received ${node.kernelName}.`,
    );
  }
  const derivatives = node.gradient(node.outputs.map(({ id }) => gradients.get(id) ?? null));
  for (const name of inputs) {
    const input = node.inputs[name]!;
    const derivative = derivatives[name];
    if (derivative === undefined)
      throw new Error(`Expected a gradient of ${node.kernelName} for its ${name}. Received none.`);
    const gradient = tf.tidy(derivative);
    tf.util.assertShapesMatch(gradient.shape, input.shape, `The gradient of ${node.kernelName} for its ${name}: `);
    const before = gradients.get(input.id);
    // A handle of its own: some operations hand their own gradient on.
    gradients.set(input.id, tf.keep(before === undefined ? tf.clone(gradient) : tf.add(before, gradient)));
    before?.dispose();
  }
}

/** The nodes that lead from `from` to `to`, in order, with those of their inputs that depend on `from`. */
function pathBetween(tape: readonly TapeNode[], from: readonly tf.Tensor[], to: tf.Tensor): Map<TapeNode, string[]> {
  const dependent = new Set(from.map(({ id }) => id));
  const reached = new Map<TapeNode, string[]>();
  for (const node of tape) {
    const inputs = Object.keys(node.inputs).filter((name) => dependent.has(node.inputs[name]!.id));
    if (inputs.length === 0) continue;
    for (const { id } of node.outputs) dependent.add(id);
    reached.set(node, inputs);
  }
  const leading = new Set([to.id]);
  const path: [TapeNode, string[]][] = [];
  for (const [node, inputs] of [...reached].reverse()) {
    if (!node.outputs.some(({ id }) => leading.has(id))) continue;
    for (const name of inputs) leading.add(node.inputs[name]!.id);
    path.push([node, inputs]);
  }
  return new Map(path.reverse());
}

function release({ saved }: TapeNode): void {
  for (const tensor of saved ?? []) tensor.dispose();
}
