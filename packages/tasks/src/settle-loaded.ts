import { settle } from "@nacre/models";
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
