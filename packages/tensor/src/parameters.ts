import * as tf from "@tensorflow/tfjs-core";

/** A model: any object. Its variables are found by walking its fields. */
export type Model = object;

/**
 * The variables of a model under the path of the fields that hold them, in the order of the fields
 * (`blocks.0.attention.query.weight`).
 *
 * Plain objects, class instances, arrays and Maps with text keys are walked; tensors that are no variables, functions,
 * typed arrays and primitive values are passed over. A variable reached twice (tied weights) appears once, under the first
 * path. Variables that training must not move (`trainable: false`, as the running statistics of batch normalisation) are
 * listed too: they are part of what is saved.
 */
export function parameters(model: Model): Map<string, tf.Variable> {
  const found = new Map<string, tf.Variable>();
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
    seen.add(value);
    if (value instanceof tf.Variable) {
      found.set(path, value);
      return;
    }
    if (value instanceof tf.Tensor) return;
    const entries = value instanceof Map ? value.entries() : Object.entries(value);
    for (const [name, field] of entries) visit(field, path === "" ? `${name}` : `${path}.${name}`);
  };
  visit(model, "");
  return found;
}

/** The variables that training moves. */
export function trainable(model: Model): Map<string, tf.Variable> {
  return new Map([...parameters(model)].filter(([, variable]) => variable.trainable));
}

/** Frees every variable of a model. */
export function disposeModel(model: Model): void {
  for (const variable of parameters(model).values()) variable.dispose();
}
