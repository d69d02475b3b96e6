import type { tf } from "@nacre/tensor";

/** Tensors by parameter name. */
export type NamedTensors = ReadonlyMap<string, tf.Tensor>;

/** Tensors in objects, arrays and Maps: what checkpoints save, by walking it. Counters are not state; they follow from `step`. */
export type TensorTree =
  | tf.Tensor
  | readonly TensorTree[]
  | ReadonlyMap<string, TensorTree>
  | { readonly [name: string]: TensorTree };

/** What a transform may look at besides its own state. */
export interface TransformContext {
  /** Updates made so far: 0 at the first. */
  readonly step: number;
  /** The parameters' values before this update. */
  readonly parameters: NamedTensors;
  /** The monitored validation scores so far, oldest first; smaller is better (scores to maximise come negated). */
  readonly history: readonly number[];
}

export interface InPlaceContext extends TransformContext {
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** Gradients are multiplied by this first: what clipping leaves of them. */
  readonly gradientScale: number;
}

/**
 * One stage on the way from gradients to updates, in the manner of optax. Updates are added to the parameters, so the last
 * stage of an optimizer scales by the negative learning rate.
 *
 * `update` runs inside a tidy, returns new updates and new state, and never writes to what it was given.
 */
export interface Transform<State extends TensorTree = TensorTree> {
  init(parameters: NamedTensors): State;
  update(
    updates: NamedTensors,
    state: State,
    context: TransformContext,
  ): { readonly updates: NamedTensors; readonly state: State };
  /**
   * Does update and addition in one pass over the memory and writes over variables and state, for backends that can
   * (`updatesInPlace` of @nacre/tensor). The same step otherwise, up to rounding. Runs inside a tidy.
   *
   * @returns the state: the same, or another where not all of it can be written over
   */
  applyInPlace?(gradients: NamedTensors, state: State, context: InPlaceContext): State;
  /** The learning rate of the coming update, where the transform has one. */
  readonly learningRate?: (context: Pick<TransformContext, "step" | "history">) => number;
}

/** Applies transforms one after the other. */
export function chain(...transforms: readonly Transform[]): Transform<readonly TensorTree[]> {
  const rate = transforms.find(({ learningRate }) => learningRate !== undefined)?.learningRate;
  return {
    init: (parameters) => transforms.map((transform) => transform.init(parameters)),
    update(updates, states, context) {
      let current = updates;
      const next = transforms.map((transform, index) => {
        const result = transform.update(current, states[index]!, context);
        current = result.updates;
        return result.state;
      });
      return { updates: current, state: next };
    },
    ...(rate === undefined ? {} : { learningRate: rate }),
  };
}

/** A transform without state, from a function of each update. */
export function stateless(
  transform: (update: tf.Tensor, name: string, context: TransformContext) => tf.Tensor,
): Transform<readonly []> {
  return {
    init: () => [],
    update: (updates, state, context) => ({
      updates: mapNamed(updates, (update, name) => transform(update, name, context)),
      state,
    }),
  };
}

export function mapNamed<T extends TensorTree>(
  tensors: NamedTensors,
  transform: (tensor: tf.Tensor, name: string) => T,
): Map<string, T> {
  return new Map([...tensors].map(([name, tensor]) => [name, transform(tensor, name)]));
}
