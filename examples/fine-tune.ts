// A pretrained folder becomes an assistant: LoRA on conversations, with a loss on the answers alone; the adapter in PEFT's format,
// opened again; then DPO, with what the model was before as the frozen reference. A folder from the Hub goes the same way.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { from, openTokenizer, Tokenizer, trainTokenizer } from "@nacre/data";
import { answerMask, applyChatTemplate, type ChatMessage, chatTemplates, renderConversation } from "@nacre/data/text";
import {
  attachAdapters,
  type CausalLanguageModel,
  type ForwardContext,
  generateText,
  inference,
  Llama,
  languageModelFromPretrained,
  loadAdapters,
  mergeAdapters,
  removeAdapters,
  saveAdapters,
  savePretrained,
  tinyLlama,
  withoutAdapters,
} from "@nacre/models";
import { Random } from "@nacre/random";
import { ready, tf, withoutGradient } from "@nacre/tensor";
import {
  adamw,
  cosine,
  preferenceLoss,
  sequenceLogProbabilities,
  type TokenBatch,
  type TokenExample,
  tokenBatch,
  tokenLoss,
  train,
  warmUp,
} from "@nacre/train";

const capitals: Record<string, string> = {
  Austria: "Vienna",
  Belgium: "Brussels",
  Chile: "Santiago",
  China: "Beijing",
  Cuba: "Havana",
  Denmark: "Copenhagen",
  Egypt: "Cairo",
  Finland: "Helsinki",
  France: "Paris",
  Germany: "Berlin",
  Greece: "Athens",
  India: "Delhi",
  Iran: "Tehran",
  Italy: "Rome",
  Japan: "Tokyo",
  Kenya: "Nairobi",
  Norway: "Oslo",
  Peru: "Lima",
  Poland: "Warsaw",
  Spain: "Madrid",
};
const countries = Object.keys(capitals);
await ready();
const random = new Random(1);
const folder = await mkdtemp(join(tmpdir(), "assistant-"));

// 1. A base that has read about capitals, and conversations about other things, as a Hugging Face folder.
const talk = (question: string, answer?: string): ChatMessage[] => [
  { role: "user", content: question },
  ...(answer === undefined ? [] : [{ role: "assistant", content: answer }]),
];
const facts = countries.flatMap((country) => [
  `The capital of ${country} is ${capitals[country]}.`,
  `What is the capital of ${country}? ${capitals[country]}.`,
  applyChatTemplate(talk(`Where is ${capitals[country]}?`, `It is in ${country}.`), { template: "chatml" }),
]);
const texts = Array.from({ length: 60 }, (_, pass) =>
  random
    .fork(pass)
    .shuffle([...facts])
    .join(" "),
);
const special = ["<|im_start|>", "<|im_end|>"];
const cuts = await trainTokenizer(texts, { vocabularySize: 480, special });
const names = { eos_token: "<|im_end|>", pad_token: "<|im_end|>", chat_template: chatTemplates.chatml };
await Tokenizer.fromJson(cuts.toJson(), names).save(folder);
const end = cuts.tokenToId("<|im_end|>")!;

type Rows = readonly TokenExample[];
const logitsOf = (model: CausalLanguageModel, { ids, size, time }: TokenBatch, context: ForwardContext): tf.Tensor3D =>
  model.forward(tf.tensor2d(ids, [size, time], "int32"), context);
/** Next tokens, of all that the examples say is to be learnt. */
async function learn(name: string, model: Llama, rows: Rows, options: { rate: number; steps: number }): Promise<void> {
  const batches = from(rows).shuffle({ seed: 1 }).batch(16);
  const { rate, steps } = options;
  for await (const { step, loss } of train({
    model,
    data: batches.map((examples) => tokenBatch(examples, { padding: end, multipleOf: 8 })),
    loss: (net, batch, context) => tokenLoss(logitsOf(net, batch, context), batch.labels),
    optimizer: adamw(warmUp(cosine(rate, { steps: steps - 10 }), { steps: 10 })),
    clipNorm: 1,
    steps,
    seed: 1,
  })) {
    if (step % 50 === 0) console.log(`${name}: step ${step}  loss ${loss.toFixed(3)}`);
  }
}

const stream = texts.flatMap((text) => [...cuts.encodeIds(text)]);
const windows = Array.from({ length: Math.floor(stream.length / 64) }, (_, row) => ({
  ids: stream.slice(64 * row, 64 * (row + 1)),
}));
const sizes = { layers: 2, heads: 4, keyValueHeads: 2, width: 96, hidden: 256, context: 128, tied: true };
const vocabulary = { vocabulary: cuts.vocabularySize, specialTokens: { end: [end] } };
const base = new Llama(tinyLlama({ ...vocabulary, ...sizes }), random.fork("base"));
await learn("pretraining", base, windows, { rate: 0.006, steps: 300 });
await savePretrained(base, folder);

// 2. Conversations about 14 of the countries; the other 6 are never asked about in training.
const model = (await languageModelFromPretrained(folder)) as Llama;
const tokenizer = await openTokenizer(folder);
const shuffled = random.fork("split").shuffle([...countries]);
const [known, held] = [shuffled.slice(0, 14), shuffled.slice(14)];
const question = (country: string): string => `What is the capital of ${country}?`;
const styles = [
  (country: string) => `It is ${capitals[country]}.`,
  (country: string) => `The capital of ${country} is ${capitals[country]}.`,
];
const template = { tokenizerConfig: tokenizer.config };
function conversation(country: string, answer: string): TokenExample {
  const { text, answers } = renderConversation(talk(question(country), answer), template);
  const { ids, offsets } = tokenizer.encode(text);
  return { ids, learned: answerMask(offsets, answers) };
}
const asked = known.flatMap((country) => styles.map((style) => conversation(country, style(country))));
attachAdapters(model, { rank: 16, alpha: 32 }, random.fork("adapters"));
await learn("fine-tuning", model, asked, { rate: 0.004, steps: 200 });
const adapterFolder = join(folder, "adapter");
await saveAdapters(model, adapterFolder, { baseModel: folder, taskType: "CAUSAL_LM" });

async function answersOf(net: CausalLanguageModel, seed: number): Promise<string[]> {
  const prompts = countries.map((country) => [
    ...tokenizer.encodeIds(applyChatTemplate(talk(question(country)), { ...template, addGenerationPrompt: true })),
  ]);
  const settings = { maxNewTokens: 20, endTokens: [end], temperature: 0.7, seed };
  const written = await generateText(net, { prompts, config: settings, decode: (ids) => tokenizer.decode(ids) });
  return written.map(({ text }) => text);
}
const share = (hits: readonly boolean[]): string => `${hits.filter(Boolean).length} of ${hits.length}`;
async function ask(name: string, net: CausalLanguageModel): Promise<void> {
  const answers = await answersOf(net, 1);
  const right = (country: string): boolean => answers[countries.indexOf(country)]!.includes(capitals[country]!);
  const whole = answers.map((answer) => answer.startsWith("The capital"));
  const [trained, others] = [share(known.map(right)), share(held.map(right))];
  console.log(`${name}: right of the trained ${trained}, of the others ${others}; whole sentences ${share(whole)}`);
}
await ask("base", base);
await ask("fine-tuned", model);

// 3. The adapter on a base opened anew: the same model.
const again = (await languageModelFromPretrained(folder)) as Llama;
await loadAdapters(again, adapterFolder);
const same = JSON.stringify(await answersOf(again, 2)) === JSON.stringify(await answersOf(model, 2));
console.log(`the adapter from its folder answers the same: ${same}`);

// 4. Whole sentences are preferred. The adapter goes into the weights, and a new one learns against them.
mergeAdapters(again);
removeAdapters(again);
attachAdapters(again, { rank: 4, alpha: 8 }, random.fork("preference"));
const pairs = known.map((country) => {
  const [short, whole] = styles.map((style) => conversation(country, style(country)));
  return { chosen: whole!, rejected: short! };
});
type Pair = (typeof pairs)[number];
for await (const { step, loss, scalars } of train({
  model: again,
  data: from(pairs).shuffle({ seed: 1 }).batch(7),
  loss(net, batch: Pair[], context) {
    const side = (which: keyof Pair) =>
      tokenBatch(
        batch.map((pair) => pair[which]),
        { padding: end, multipleOf: 8 },
      );
    const [chosen, rejected] = [side("chosen"), side("rejected")];
    const both = (given: ForwardContext) => ({
      chosen: sequenceLogProbabilities(logitsOf(net, chosen, given), chosen.labels),
      rejected: sequenceLogProbabilities(logitsOf(net, rejected, given), rejected.labels),
    });
    const reference = withoutGradient(() => withoutAdapters(net, () => both(inference)));
    return preferenceLoss(both(context), { reference, beta: 0.5 });
  },
  optimizer: adamw(0.0005),
  epochs: 16,
  seed: 1,
})) {
  if (step % 10 === 0) {
    console.log(`preferences: step ${step}  loss ${loss.toFixed(3)}  margin ${scalars!["reward-margin"]!.toFixed(2)}`);
  }
}
await ask("after DPO", again);
await rm(folder, { recursive: true });
