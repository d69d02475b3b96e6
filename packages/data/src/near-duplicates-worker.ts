import { builtin } from "./builtin.ts";
import { createSigner, type SignerOptions } from "./text/signer.ts";

/** A worker thread of `findNearDuplicates`: texts in, what is kept of their signatures out. */
const { parentPort, workerData } = builtin("node:worker_threads");
const sign = createSigner(workerData as SignerOptions);
parentPort!.on("message", (texts: readonly string[]) => {
  const signed = sign(texts);
  parentPort!.postMessage(signed, [signed.bandHashes.buffer, signed.signatures.buffer]);
});
