import type { tf } from "@nacre/tensor";

/** What is needed of a `tf.LayersModel`, so that this package does not depend on `@tensorflow/tfjs-layers`. */
export interface LayersModelLike {
  readonly weights: readonly { readonly originalName: string; readonly trainable: boolean; read(): tf.Tensor }[];
  apply(inputs: tf.Tensor, options?: { readonly training?: boolean }): unknown;
}

/** A Keras-style model as a plain one: `variables` are found by `parameters(model)` under the names of its weights. */
export interface TrainableLayersModel {
  readonly variables: Readonly<Record<string, tf.Variable>>;
  forward(input: tf.Tensor, context: { readonly training: boolean }): tf.Tensor;
}

/**
 * Lets `train()` train a `tf.LayersModel`. The variables are the model's own: after training it is trained, and `predict`,
 * `save` and the rest work on it. Its initial weights and its Dropout draw from the seeds given to its layers
 * (`kernelInitializer: tf.initializers.glorotUniform({ seed })`), not from the training's.
 *
 * @throws Error when the model has not been built: give its first layer an `inputShape`.
 */
export function fromLayersModel(model: LayersModelLike): TrainableLayersModel {
  const variables: Record<string, tf.Variable> = {};
  for (const weight of model.weights) {
    const variable = (weight as unknown as { readonly val?: tf.Variable }).val;
    if (variable === undefined) {
      throw new Error(
        `Expected weights with variables in the layers model. ${weight.originalName} has none; is the model built?`,
      );
    }
    let name = weight.originalName.replaceAll("/", ".");
    // Two layers may bear the same name.
    for (let copy = 2; name in variables; copy++) name = `${weight.originalName.replaceAll("/", ".")}-${copy}`;
    variables[name] = variable;
  }
  if (Object.keys(variables).length === 0) {
    throw new Error(
      "Expected a layers model with weights. Received none: give its first layer an inputShape, or call build().",
    );
  }
  return {
    variables,
    forward(input, { training }) {
      const output = model.apply(input, { training });
      if (Array.isArray(output)) throw new Error(`Expected a layers model with one output. Received ${output.length}.`);
      return output as tf.Tensor;
    },
  };
}
