// Runs in the workers: the loader of models that come from bundles.
import { workerData } from "node:worker_threads";
import { type BundleParts, loadPredictor, type Predictor } from "@nacre/tasks";
import { ready, shareProcessors } from "@nacre/tensor";
import type { WorkerData } from "./worker-thread.ts";

/** A predictor over the parts of a bundle, whose weights lie in shared memory. */
export async function load(spec: BundleParts): Promise<Predictor> {
  await ready();
  shareProcessors((workerData as WorkerData).workers);
  return loadPredictor(spec);
}
