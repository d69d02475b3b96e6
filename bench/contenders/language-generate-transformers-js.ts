// The same Llama by transformers.js, on onnxruntime, from the folder that NACRE_BENCH_TRANSFORMERS_JS names.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { printTokenRates, settings } from "./language-settings.ts";

const { model: folder, bits, threads } = settings as typeof settings & { model: string };
const path = createRequire(join(process.env.NACRE_BENCH_TRANSFORMERS_JS!, "x.js")).resolve("@huggingface/transformers");
const { AutoModelForCausalLM, Tensor } = await import(pathToFileURL(path).href);
const model = await AutoModelForCausalLM.from_pretrained(folder, {
  dtype: bits === 32 ? "fp32" : "q8",
  device: "cpu",
  local_files_only: true,
  session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
});

let length = 0;
let cache: Record<string, unknown> | undefined;
async function advance(ids: readonly number[]): Promise<void> {
  length += ids.length;
  const output = await model({
    input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
    attention_mask: new Tensor("int64", new BigInt64Array(length).fill(1n), [1, length]),
    num_logits_to_keep: new Tensor("int64", [1n], []),
    past_key_values: cache,
  });
  const { logits: _, ...present } = output;
  cache = Object.fromEntries(
    Object.entries(present).map(([name, value]) => [name.replace("present", "past_key_values"), value]),
  );
}

await printTokenRates({
  async start(prompt) {
    length = 0;
    cache = undefined;
    await advance(prompt);
  },
  next: (token) => advance([token]),
});
