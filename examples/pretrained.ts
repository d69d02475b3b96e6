// A small Llama that learns a rhyme letter by letter, is written as a Hugging Face folder (Python's `AutoModelForCausalLM` opens
// it), opened again and asked to go on. A folder downloaded from the Hub is opened by the same line.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { from } from "@nacre/data";
import { generateText, Llama, languageModelFromPretrained, savePretrained, tinyLlama } from "@nacre/models";
import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { adamw, crossEntropy, train } from "@nacre/train";

const text = `Twinkle, twinkle, little star, how I wonder what you are!
Up above the world so high, like a diamond in the sky.
`;
const letters = [...new Set(text)];
const encode = (part: string): number[] => [...part].map((letter) => letters.indexOf(letter));
const decode = (ids: readonly number[]): string => ids.map((id) => letters[id]).join("");

await ready();
const random = new Random(1);
const sizes = { context: 64, layers: 2, heads: 4, keyValueHeads: 2, width: 64, hidden: 128 };
const model = new Llama(tinyLlama({ vocabulary: letters.length, ...sizes }), random.fork("model"));

const ids = encode(text + text);
const windows = Array.from({ length: text.length }, (_, start) => ids.slice(start, start + 41));
const batches = from(windows).shuffle({ seed: 1 }).batch(16);
const steps = train({
  model,
  data: batches,
  loss: (llama, batch, context) => {
    const inputs = tf.tensor2d(
      batch.map((window) => window.slice(0, -1)),
      undefined,
      "int32",
    ); // [B, T]
    const targets = tf.tensor1d(
      batch.flatMap((window) => window.slice(1)),
      "int32",
    ); // [B · T]
    return crossEntropy(tf.reshape(llama.forward(inputs, context), [-1, letters.length]) as tf.Tensor2D, targets);
  },
  optimizer: adamw(0.005),
  steps: 120,
  seed: 1,
});
for await (const { step, loss } of steps) if (step % 40 === 0) console.log(`step ${step}  loss ${loss.toFixed(3)}`);

const folder = await mkdtemp(join(tmpdir(), "rhyme-"));
await savePretrained(model, folder, { dtype: "BF16" });
const opened = await languageModelFromPretrained(folder);
const [answer] = await generateText(opened, {
  prompts: [encode("Up above")],
  config: { temperature: 0, maxNewTokens: 40 },
  decode,
});
console.log(`Up above${answer!.text}`);
await rm(folder, { recursive: true });
