// Peak memory of training GPT-2 small (124 M parameters) with AdamW:
//   npx tsx --conditions=@nacre/source bench/memory.ts [rows] [tokens of a row] [--checkpoint]
import { from } from "@nacre/data";
import { Gpt2, gpt2Parameters, gpt2Small } from "@nacre/models";
import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { adamw, tokenBatch, tokenLoss, train } from "@nacre/train";

const [rows = 4, time = 256] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const checkpoint = process.argv.includes("--checkpoint");
await ready();
const config = gpt2Small({ dropout: 0 });
const model = new Gpt2(config, new Random(1));
const random = new Random(2);
const examples = Array.from({ length: rows }, () => ({
  ids: Int32Array.from({ length: time }, () => random.integer(config.vocabulary)),
}));
const batch = tokenBatch(examples, { padding: 0 });
let [peak, milliseconds] = [0, 0];
for await (const step of train({
  model,
  data: from([batch]),
  loss: (net, { ids, size, time: long, labels }, context) =>
    tokenLoss(net.forward(tf.tensor2d(ids, [size, long], "int32"), { ...context, checkpoint }), labels),
  optimizer: adamw(1e-4),
  steps: 3,
  seed: 1,
})) {
  peak = Math.max(peak, step.peakBytes);
  milliseconds = step.milliseconds;
}
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
console.log(
  `GPT-2 of ${(gpt2Parameters(config) / 1e6).toFixed(0)} M parameters, AdamW, ${rows} × ${time} tokens${checkpoint ? ", checkpointed" : ""}`,
);
console.log(`tensors at most ${gigabytes(peak)}, process at most ${gigabytes(process.resourceUsage().maxRSS * 1024)}`);
console.log(`${(milliseconds / 1000).toFixed(1)} s a step`);
