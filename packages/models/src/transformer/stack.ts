import { tf } from "@nacre/tensor";
import { through } from "../layer.ts";
import type { BlockContext, TransformerBlock } from "./block.ts";

/** What blocks read beside their input, which may depend on variables. */
const shared = ["mask", "positionBias", "source", "sourceMask"] as const;

/**
 * Blocks one after the other, each with the same context and its number as `layer`: x [B, T, C] → [B, T, C]. With
 * `context.checkpoint` what they compute inside is computed again for the gradient.
 */
export function runBlocks(x: tf.Tensor3D, blocks: readonly TransformerBlock[], context: BlockContext): tf.Tensor3D {
  return tf.tidy(() => {
    const names = shared.filter((name) => context[name] !== undefined);
    const tensors: tf.Tensor[] = names.map((name) => context[name]!);
    let states = x;
    for (const [layer, block] of blocks.entries()) {
      const next = through(context, [states, ...tensors], ([input, ...rest], inner) => {
        const given = Object.fromEntries(names.map((name, index) => [name, rest[index]]));
        return block.forward(input as tf.Tensor3D, { ...context, ...inner, ...given, layer });
      });
      if (layer > 0) states.dispose();
      states = next;
    }
    return states;
  });
}
