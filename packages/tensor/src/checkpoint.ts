import { Random, type RandomState } from "@nacre/random";
import * as tf from "@tensorflow/tfjs-core";
import { isRecording } from "./fused/recording.ts";
import { onOwnTape } from "./tape.ts";
import { valueAndGradients } from "./value-and-gradients.ts";

export interface CheckpointOptions {
  /** The stream that `work` draws from. It advances once, and the second run draws the same values. */
  readonly random?: Random | undefined;
}

/**
 * Runs `work` and keeps nothing of what it computes for the gradient but its inputs: the backward pass runs it again. A stack
 * of n blocks, each in a checkpoint, so keeps n inputs and the inside of one block, for one more forward pass. Chen et al.
 * 2016, "Training deep nets with sublinear memory cost".
 *
 * Gradients flow to `inputs` of float32 and to the trainable variables that `work` reads, and are those without a checkpoint
 * to the bit, as long as no variable is used outside of it, too (their sum then has another order). Other tensors that
 * `work` closes over are constants. What it does to the world, it does twice: assign no variables in it. First-order
 * gradients only.
 *
 * @param work runs in a tidy; a function of its inputs, the stream and variables alone
 */
export function checkpoint<const Inputs extends readonly tf.Tensor[], Output extends tf.Tensor>(
  work: (inputs: Inputs, random: Random | undefined) => Output,
  inputs: Inputs,
  { random }: CheckpointOptions = {},
): Output {
  if (!isRecording()) return tf.tidy(() => work(inputs, random));
  const drawnFrom = random?.state;
  const { output, variables } = runUnrecorded(() => work(inputs, random));
  const segment = tf.customGrad((...all) => {
    const save = all.at(-1) as unknown as tf.GradSaveFunc;
    save([...inputs]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
      gradientsOf(work, { inputs: saved as unknown as Inputs, variables, dy, drawnFrom });
    return { value: output, gradFunc: gradFunc as never };
  });
  return segment(...inputs, ...variables) as Output;
}

/** Runs `work` on a tape of its own, which tells the variables it reads and is thrown away. */
function runUnrecorded<Output extends tf.Tensor>(work: () => Output): { output: Output; variables: tf.Variable[] } {
  const { output, tape } = onOwnTape(work);
  const variables = new Set<tf.Variable>();
  for (const { inputs, saved } of tape) {
    for (const input of Object.values(inputs)) {
      if (input instanceof tf.Variable && input.trainable) variables.add(input);
    }
    for (const tensor of saved ?? []) tensor.dispose();
  }
  return { output, variables: [...variables] };
}

interface Segment<Inputs> {
  readonly inputs: Inputs;
  readonly variables: readonly tf.Variable[];
  /** The gradient of the output. */
  readonly dy: tf.Tensor;
  readonly drawnFrom: RandomState | undefined;
}

/** Gradients for all inputs and variables, in this order; 0 for those that the output does not depend on. */
function gradientsOf<Inputs extends readonly tf.Tensor[]>(
  work: (inputs: Inputs, random: Random | undefined) => tf.Tensor,
  { inputs, variables, dy, drawnFrom }: Segment<Inputs>,
): tf.Tensor[] {
  const all = [...inputs, ...variables];
  const wanted = all.filter(({ dtype }) => dtype === "float32");
  return tf.tidy(() => {
    const again = () => work(inputs, drawnFrom && new Random(drawnFrom));
    const { gradients } = valueAndGradients(again, wanted, dy);
    const found = new Map(wanted.map((tensor, index) => [tensor, gradients[index]]));
    return all.map((tensor) => found.get(tensor) ?? tf.zeros(tensor.shape));
  });
}
