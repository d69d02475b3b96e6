// A small GPT learns to write dates, character by character; then it writes some as it likes, and others that must fit a pattern
// or a JSON schema. `nacre generate FOLDER` does the same with a model from Hugging Face.
import { from, spellTokens, trainCharacters } from "@nacre/data";
import {
  Gpt2,
  Gpt2Config,
  generate,
  generateText,
  jsonSchemaConstraint,
  regexConstraint,
  TokenTrie,
} from "@nacre/models";
import { Random } from "@nacre/random";
import { ready, tf } from "@nacre/tensor";
import { adamw, nextTokenLabels, tokenLoss, train } from "@nacre/train";

const random = new Random(1);
const two = (value: number): string => String(value).padStart(2, "0");
const dates = Array.from({ length: 2000 }, () => {
  return `${1950 + random.integer(70)}-${two(1 + random.integer(12))}-${two(1 + random.integer(28))}\n`;
});
const tokenizer = trainCharacters([...dates, '{"day": }']);
const encode = (text: string): number[] => [...tokenizer.encodeIds(text)];

await ready();
const sizes = { vocabulary: tokenizer.vocabularySize, context: 32, layers: 2, heads: 2, width: 32, dropout: 0 };
const model = new Gpt2(Gpt2Config.parse({ family: "gpt2", ...sizes }), new Random(1));
// Each row begins with the end of the date before, so that the model learns where a date starts.
const rows = dates.map((date) => encode(`\n${date}`));
for await (const step of train({
  model,
  data: from(rows).shuffle({ seed: 1 }).batch(32),
  loss: (net, batch, context) => {
    const time = batch[0]!.length;
    const ids = Int32Array.from(batch.flat());
    const logits = net.forward(tf.tensor2d(ids, [batch.length, time], "int32"), context);
    return tokenLoss(logits, nextTokenLabels(ids, time)).loss;
  },
  optimizer: adamw(0.01),
  epochs: 4,
  seed: 1,
})) {
  if (step.step % 50 === 0) console.log(`step ${step.step}  loss ${step.loss.toFixed(3)}`);
}

// As it likes: three at once, each with draws of its own.
const decode = (ids: readonly number[]): string => tokenizer.decode(ids);
const config = { temperature: 0.7, maxNewTokens: 20, samples: 3, stop: ["\n"], seed: 1 };
const free = await generateText(model, { prompts: [encode("\n")], config, decode });
console.log("free:", free.map(({ text }) => text).join(" "));

// Held to a pattern, as a stream: each piece is written when it is certain.
const trie = new TokenTrie(spellTokens(tokenizer));
process.stdout.write("1999: ");
const constraint = regexConstraint(/1999-\d\d-\d\d/, trie);
for await (const { text } of generate(model, { prompts: [encode("\n")], config: { seed: 2 }, constraint, decode })) {
  process.stdout.write(text);
}
const schema = { type: "object", properties: { day: { type: "integer", minimum: 1, maximum: 31 } }, required: ["day"] };
const json = jsonSchemaConstraint(schema, trie);
const [object] = await generateText(model, {
  prompts: [encode("\n")],
  constraint: json,
  config: { maxNewTokens: 20 },
  decode,
});
console.log("\nJSON:", object!.text);
