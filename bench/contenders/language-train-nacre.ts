// Tokens per second of training by Nacre: the models of @nacre/models, train() with AdamW.
import { from } from "@nacre/data";
import { Bert, bertBase, Gpt2, Gpt2Config, SequenceClassifier } from "@nacre/models";
import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { adamw, crossEntropy, train } from "@nacre/train";
import { settings } from "./language-settings.ts";

await ready();
const { shape, batch, time, seconds, vocabulary, ...sizes } = settings;
const ids = Int32Array.from({ length: batch * time }, (_, at) => (at * 31) % vocabulary);
const random = new Random(1);
const items = { length: 2 ** 30, get: () => ({ ids, size: batch }) };
const input = () => tf.tensor2d(ids, [batch, time], "int32");

function steps(): AsyncIterable<unknown> {
  const common = { data: from(items), optimizer: adamw(1e-4), epochs: 1, seed: 0 };
  if (shape === "bert") {
    const model = new SequenceClassifier(
      new Bert(bertBase({ dropout: 0, attentionDropout: 0 }), random),
      { classes: 2, dropout: 0 },
      random,
    );
    const labels = Int32Array.from({ length: batch }, (_, at) => at % 2);
    const loss = (trained: SequenceClassifier, _: unknown, context: { training: boolean }) =>
      crossEntropy(trained.forward(input(), context), tf.tensor1d(labels, "int32"));
    return train({ ...common, model, loss });
  }
  const config = { ...sizes, vocabulary, context: time, dropout: 0, attentionDropout: 0 };
  const model = new Gpt2(Gpt2Config.parse({ family: "gpt2", ...config }), random);
  const targets = ids.map((id) => (id * 17) % vocabulary);
  const loss = (trained: Gpt2, _: unknown, context: { training: boolean }) =>
    crossEntropy(tf.reshape(trained.forward(input(), context), [-1, vocabulary]), tf.tensor1d(targets, "int32"));
  return train({ ...common, model, loss });
}

let started = 0;
let tokens = 0;
const warmUntil = performance.now() + seconds * 250;
for await (const _ of steps()) {
  const now = performance.now();
  if (started === 0) {
    if (now >= warmUntil) started = now;
    continue;
  }
  tokens += batch * time;
  if (now - started >= seconds * 1000) break;
}
console.log(tokens / ((performance.now() - started) / 1000));
