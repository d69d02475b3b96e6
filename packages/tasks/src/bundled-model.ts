import { fromPretrainedParts, settle } from "@nacre/models";
import { disposeModel, type Model } from "@nacre/tensor";
import type { BundleParts } from "./task.ts";

/** Settles a model of a bundle; one that cannot be is disposed of. */
export function settleLoaded(model: object, { order }: Pick<BundleParts, "order">): void {
  try {
    settle(model, { order });
  } catch (error) {
    disposeModel(model as Model);
    throw error;
  }
}

/**
 * The model of a bundle that is a folder of Hugging Face's kind, settled.
 *
 * @param expected what is said to be expected where it does not fit
 * @throws Error when the bundle holds another model.
 */
export async function bundledModel<M extends object>(
  { config, weights, order }: Pick<BundleParts, "config" | "weights" | "order">,
  fits: (model: object) => model is M,
  expected: string,
): Promise<M> {
  const model = await fromPretrainedParts({ config: config as Readonly<Record<string, unknown>>, weights });
  if (!fits(model)) {
    disposeModel(model as Model);
    throw new Error(`Expected ${expected} in the bundle. Received a ${(model as object).constructor.name}.`);
  }
  settleLoaded(model, { order });
  return model;
}
