// The same Llama by llama.cpp, through node-llama-cpp where NACRE_BENCH_NODE_LLAMA names the folder it was installed in.
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { printTokenRate, settings, written } from "./language-settings.ts";

const { file } = settings as typeof settings & { file: string };
const path = createRequire(join(process.env.NACRE_BENCH_NODE_LLAMA!, "x.js")).resolve("node-llama-cpp");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(path).href);
const llama = await getLlama({ build: "never", gpu: false, logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({
  contextSize: settings.time + written + 8,
  batchSize: settings.time,
  threads: availableParallelism(),
});
let sequence = context.getSequence();
await printTokenRate({
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
