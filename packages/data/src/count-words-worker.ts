import { builtin } from "./builtin.ts";
import { type Cutting, createCounter, type WordCounts } from "./tokenizers/training/cutting.ts";

/** A thread that counts the words of the texts it is sent; asked with nothing, it answers with the counts. */
const { parentPort, workerData } = builtin("node:worker_threads");
const count = createCounter(workerData as Cutting);
const counts: WordCounts = new Map();

parentPort?.on("message", (texts: string[] | undefined) => {
  for (const text of texts ?? []) count(text, counts);
  parentPort?.postMessage(texts === undefined ? counts : true);
});
