import type { tf } from "@nacre/tensor";

/** Tensors by parameter name. */
export type NamedTensors = ReadonlyMap<string, tf.Tensor>;

/** What a transform may look at besides its own state. */
export interface TransformContext {
  /** Updates made so far: 0 at the first. */
  readonly step: number;
  /** The parameters' values before this update. */
  readonly parameters: NamedTensors;
}

/**
 * One stage on the way from gradients to updates, in the manner of optax. Updates are added to the parameters, so the last
 * stage of an optimizer scales by the negative learning rate.
 *
 * State is a plain tree (objects, Maps, arrays) of tensors and numbers: checkpoints save it by walking it, so resuming is
 * exact. `update` runs inside a tidy, returns new updates and new state, and never writes to what it was given.
 */
export interface Transform<State = unknown> {
  init(parameters: NamedTensors): State;
  update(
    updates: NamedTensors,
    state: State,
    context: TransformContext,
  ): { readonly updates: NamedTensors; readonly state: State };
}
