import { orthogonalize, tf } from "@nacre/tensor";
import { mapNamed, type NamedTensors, type Transform } from "../transform.ts";

export interface MuonOptions {
  /** Default: 0.95. */
  readonly momentum?: number;
  /** Default: true. */
  readonly nesterov?: boolean;
  /** Iterations of Newton and Schulz. Default: 5. */
  readonly iterations?: number;
  /**
   * What an update of a matrix [R, C] is multiplied by: `original` √max(1, R / C); `adam` 0.2 √max(R, C), so that its elements are as
   * large as AdamW's and its learning rates fit (Liu et al. 2025, "Muon is scalable for LLM training", equation 4). Default: adam.
   */
  readonly fit?: "original" | "adam";
}

/** Orthogonalises the momentum of each matrix: Jordan et al. 2024; momentum as in PyTorch's `Muon`, a moving average. */
export function scaleByMuon({
  momentum = 0.95,
  nesterov = true,
  iterations = 5,
  fit = "adam",
}: MuonOptions = {}): Transform<NamedTensors> {
  const blend = (left: tf.Tensor, right: tf.Tensor): tf.Tensor =>
    tf.add(tf.mul(left, momentum), tf.mul(right, 1 - momentum));
  return {
    init(parameters) {
      for (const [name, { shape }] of parameters) {
        if (shape.length !== 2) throw new Error(`Muon: expected matrices only. Received "${name}" [${shape}].`);
      }
      return mapNamed(parameters, (tensor) => tf.zerosLike(tensor));
    },
    update(updates, state) {
      const average = mapNamed(updates, (update, name) => blend(state.get(name)!, update));
      const orthogonal = mapNamed(average, (mean, name) =>
        tf.tidy(() => {
          const direction = nesterov ? blend(mean, updates.get(name)!) : mean;
          const [rows, columns] = direction.shape as [number, number];
          const scale =
            fit === "adam" ? 0.2 * Math.sqrt(Math.max(rows, columns)) : Math.sqrt(Math.max(1, rows / columns));
          return tf.mul(orthogonalize(direction as tf.Tensor2D, iterations), scale);
        }),
      );
      return { updates: orthogonal, state: average };
    },
  };
}
