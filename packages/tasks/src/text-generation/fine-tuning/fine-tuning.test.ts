import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer, trainTokenizer } from "@nacre/data";
import { chatTemplates } from "@nacre/data/text";
import { type CausalLanguageModel, Gpt2, Gpt2Config, Llama, tinyLlama } from "@nacre/models";
import { Random } from "@nacre/random";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { tokenBatch, tokenLoss } from "@nacre/train";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scoreExamples } from "../../language-model-rows.ts";
import { TextGenerationRecipe } from "../recipe.ts";
import { answerRow, answerText, packRows, rowLogits } from "./answer-rows.ts";
import { questionOf, readConversations, readPreferences } from "./conversations.ts";

let folder: string;
let tokenizer: Tokenizer;
beforeAll(async () => {
  await ready({ backend: "cpu" });
  folder = await mkdtemp(join(tmpdir(), "nacre-conversations-"));
  const special = ["<|im_start|>", "<|im_end|>"];
  const learnt = await trainTokenizer(["How are you? Well. Bad. user assistant"], { vocabularySize: 280, special });
  tokenizer = Tokenizer.fromJson(learnt.toJson(), { eos_token: "<|im_end|>" });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const options = () => ({ tokenizer, template: chatTemplates.chatml, context: 96 });

describe("rows of conversations", () => {
  const messages = [user("How are you?"), assistant("Well."), user("How?"), assistant("Bad.")];

  it("learn what the assistant says, its end included, and nothing that is given", () => {
    const row = answerRow({ messages, asked: 0 }, options());
    expect(answerText(row, tokenizer)).toBe("Well.Bad.");
    const ends = row.ids.filter((id, at) => row.learned[at] === 1 && tokenizer.isSpecial(id));
    expect(ends).toHaveLength(2);
    expect(row.tokens).toBe(row.learned.filter((one) => one === 1).length);
    expect(answerText(answerRow({ messages, asked: 2 }, options()), tokenizer)).toBe("Bad.");
  });

  it("are cut at the end", () => {
    const row = answerRow({ messages, asked: 0 }, { ...options(), context: 8 });
    expect([row.cut, row.ids.length, row.learned.length]).toEqual([true, 8, 8]);
  });

  it.each(["llama", "gpt2"])("packed have the loss of the same rows apart, in a %s", async (family) => {
    const sizes = { vocabulary: tokenizer.vocabularySize, context: 96, layers: 2, heads: 2, width: 16 };
    const model: CausalLanguageModel =
      family === "llama"
        ? new Llama(tinyLlama({ ...sizes, keyValueHeads: 1, hidden: 32 }), new Random(1))
        : new Gpt2(Gpt2Config.parse({ family, ...sizes, dropout: 0 }), new Random(1));
    const talks = [messages, messages.slice(0, 2), [user("Well?"), assistant("How are you? Bad. Bad.")]];
    const rows = talks.map((each) => answerRow({ messages: each, asked: 0 }, options()));
    const packed = await packRows(rows, 96);
    expect(packed.length).toBeLessThan(rows.length);
    const before = tf.memory().numTensors;
    const sums = await scoreExamples(model, rows, { padding: 0 });
    const tokens = rows.reduce((sum, row) => sum + row.tokens, 0);
    const batch = tokenBatch(packed, { padding: 0 });
    expect(batch.tokens).toBe(tokens);
    const loss = tf.tidy(() => {
      const logits = rowLogits(model, batch, { training: true, random: new Random(2) });
      return tokenLoss(logits, batch.labels).loss.dataSync()[0]!;
    });
    expect(loss).toBeCloseTo(-sums.reduce((sum, value) => sum + value, 0) / tokens, 5);
    expect(tf.memory().numTensors).toBe(before);
    disposeModel(model);
  });
});

describe("files of conversations", () => {
  const write = async (...rows: readonly unknown[]): Promise<string> => {
    const path = join(folder, "rows.jsonl");
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join("\n"));
    return path;
  };

  it("have preferences in every form that TRL has", async () => {
    const [question, good, bad] = [user("How are you?"), assistant("Well."), assistant("Bad.")];
    const pairs = await readPreferences(
      await write(
        { prompt: question.content, chosen: good.content, rejected: bad.content },
        { prompt: [question], chosen: [good], rejected: [bad] },
        { messages: [question], chosen: good.content, rejected: [bad] },
        { chosen: [question, good], rejected: [question, bad] },
      ),
    );
    for (const { chosen, rejected } of pairs) {
      expect(chosen).toEqual({ messages: [question, good], asked: 1 });
      expect(rejected).toEqual({ messages: [question, bad], asked: 1 });
      expect(questionOf(chosen)).toEqual([question]);
    }
  });

  it("are refused where something is missing, by the record's number", async () => {
    const fine = { messages: [user("How?"), assistant("Well.")] };
    const refused = (...rows: readonly unknown[]) => write(...rows).then(readConversations);
    await expect(refused(fine, { messages: [user("How?")] })).rejects.toThrow(
      /rows\.jsonl, record 2: expected an answer to learn, a message of role assistant. Received user\./,
    );
    await expect(refused({ messages: [{ content: "How?" }] })).rejects.toThrow("record 1: messages.0.role");
    const pairs = (row: unknown) => write(row).then(readPreferences);
    await expect(pairs({ prompt: "How?", chosen: "Well." })).rejects.toThrow("record 1: rejected");
    await expect(pairs({ chosen: "Well.", rejected: "Bad." })).rejects.toThrow("expected a prompt");
  });
});

describe("recipes", () => {
  const recipe = (model: object) => ({
    name: "talks",
    title: { en: "Talks", zh: "对话" },
    task: "text-generation",
    data: { source: { from: "conversations", path: "talks.jsonl" } },
    model,
    train: { epochs: 1 },
  });

  it("go on with a pretrained model where they name one", () => {
    const read = TextGenerationRecipe.parse(recipe({ pretrained: "base", adapter: { rank: 4 } }));
    expect(read).toMatchObject({
      objective: { kind: "answers" },
      data: { rows: "packed" },
      model: { adapter: { kind: "lora" } },
    });
    const faults = TextGenerationRecipe.safeParse(recipe({ pretrained: "base", adapter: { rank: 0 } })).error!.issues;
    expect(faults.map(({ path }) => path.join("."))).toEqual(["model.adapter.rank"]);
  });
});
