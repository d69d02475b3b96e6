import { from, Tokenizer, trainTokenizer } from "@nacre/data";
import { chatTemplates } from "@nacre/data/text";
import { Gpt2, Gpt2Config, Llama, savePretrained, tinyLlama } from "@nacre/models";
import { Random } from "@nacre/random";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { adamw, type TokenBatch, tokenBatch, tokenLoss, train } from "@nacre/train";

const capitals = {
  Austria: "Vienna",
  Chile: "Santiago",
  China: "Beijing",
  Cuba: "Havana",
  Egypt: "Cairo",
  France: "Paris",
  Greece: "Athens",
  Italy: "Rome",
  Japan: "Tokyo",
  Kenya: "Nairobi",
  Norway: "Oslo",
  Peru: "Lima",
};
const asking = [
  "What is the capital of {0}?",
  "Which city is the capital of {0}?",
  "Name the capital of {0}.",
  "{0}的首都是哪里？",
  "Tell me the main city of {0}!",
  "Where does {0} have its government?",
];

/** Questions, short answers and long ones. */
export const questions = Object.entries(capitals).flatMap(([country, capital]) =>
  asking.map((form) => ({
    question: form.replace("{0}", country),
    short: `${capital}.`,
    long: `The capital of ${country} is ${capital}.`,
  })),
);

/** A folder with a decoder that has read the answers but no conversation, its tokenizer and, unless it is left out, a chat template. */
export async function writeTinyDecoder(
  folder: string,
  { family = "llama", template = true }: { family?: "llama" | "gpt2"; template?: boolean } = {},
): Promise<void> {
  await ready();
  const special = ["<|im_start|>", "<|im_end|>"];
  const texts = questions.map(({ question, long }) => `${question} ${long} user assistant system`);
  const learnt = await trainTokenizer(texts, { vocabularySize: 400, special });
  const names = { eos_token: "<|im_end|>", ...(template ? { chat_template: chatTemplates.chatml } : {}) };
  await Tokenizer.fromJson(learnt.toJson(), names).save(folder);
  const specialTokens = { end: [learnt.tokenToId("<|im_end|>")!] };
  const sizes = { vocabulary: learnt.vocabularySize, context: 128, layers: 2, heads: 2, width: 32, specialTokens };
  const model =
    family === "llama"
      ? new Llama(tinyLlama({ ...sizes, keyValueHeads: 1, hidden: 64, tied: true }), new Random(1))
      : new Gpt2(Gpt2Config.parse({ family, ...sizes }), new Random(1));
  const read = texts.map((text) => ({ ids: learnt.encodeIds(text) }));
  const batches = from(read).shuffle({ seed: 1 }).batch(12);
  const training = train<Llama | Gpt2, TokenBatch>({
    model,
    data: batches.map((rows) => tokenBatch(rows, { padding: 0, longest: 32 })),
    loss: (net, { ids, size, time, labels }, context) =>
      tokenLoss(net.forward(tf.tensor2d(ids, [size, time], "int32"), context), labels),
    optimizer: adamw(0.01),
    steps: 40,
    seed: 1,
  });
  for await (const _ of training);
  await savePretrained(model, folder);
  disposeModel(model);
}
