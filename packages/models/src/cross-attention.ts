import { tf } from "@nacre/tensor";
import { inference } from "./layer.ts";
import type { SequenceToSequenceModel } from "./sequence-to-sequence.ts";

/**
 * Where an encoder–decoder model looks in the source while it writes each token of a target: a row of S weights that add up to 1
 * for each of the T target tokens, from the decoder's last layer, its heads averaged. Leaves no tensors.
 *
 * @param source S ids, as the model was given them
 * @param target T ids, without `model.start`
 * @throws Error when a side is empty.
 */
export async function crossAttention(
  model: SequenceToSequenceModel,
  { source, target }: { readonly source: readonly number[]; readonly target: readonly number[] },
): Promise<number[][]> {
  if (source.length === 0 || target.length === 0) {
    throw new Error(`crossAttention: expected tokens on both sides. Received ${source.length} and ${target.length}.`);
  }
  const weights = tf.tidy(() => {
    let last: tf.Tensor3D | undefined; // [1, T, S]
    const memory = model.encode(tf.tensor2d([...source], [1, source.length], "int32"), inference);
    // Row t is what token t was chosen with: the decoder had read those before it.
    const read = tf.tensor2d([model.start, ...target.slice(0, -1)], [1, target.length], "int32");
    model.decode(read, {
      ...inference,
      memory,
      observeAttention: (observed, { kind }) => {
        if (kind !== "cross") return;
        last?.dispose();
        last = tf.keep(tf.mean<tf.Tensor3D>(observed, 1));
      },
    });
    return last;
  });
  if (weights === undefined) throw new Error("crossAttention: expected a decoder with cross-attention. It has none.");
  const [rows] = (await weights.array()) as [number[][]];
  weights.dispose();
  return rows;
}
