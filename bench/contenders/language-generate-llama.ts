// The same Llama by llama.cpp, through node-llama-cpp where NACRE_BENCH_NODE_LLAMA names the folder it was installed in.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { printTokenRates, settings, written } from "./language-settings.ts";

const { model: file } = settings as typeof settings & { model: string };
const path = createRequire(join(process.env.NACRE_BENCH_NODE_LLAMA!, "x.js")).resolve("node-llama-cpp");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(path).href);
const llama = await getLlama({ build: "never", gpu: false, logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({
  contextSize: settings.time + written + 8,
  batchSize: settings.time,
  threads: settings.threads,
});
let sequence = context.getSequence();
await printTokenRates({
  async start(prompt) {
    sequence.dispose();
    sequence = context.getSequence();
    await sequence.evaluateWithoutGeneratingNewTokens(prompt);
  },
  async next(token) {
    // With the logits of what follows, as others compute them.
    await sequence.controlledEvaluate([[token, { generateNext: { token: true } }]]);
  },
});
await llama.dispose();
