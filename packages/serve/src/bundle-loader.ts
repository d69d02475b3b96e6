// Runs in the workers: the loader of models that come from bundles.
import { type BundleParts, loadPredictor, type Predictor } from "@nacre/tasks";
import { ready } from "@nacre/tensor";

/** A predictor over the parts of a bundle, whose weights lie in shared memory. */
export async function load(spec: BundleParts): Promise<Predictor> {
  await ready();
  return loadPredictor(spec);
}
