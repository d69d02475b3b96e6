import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FoundAnswer } from "@nacre/tasks";
import { ready, tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nacre } from "./nacre.ts";
import { predictorOf, runIn } from "./run-in.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-answers-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const recipe = ({ source, model }: { source: string; model: string }) => `name: answers
title: { en: Answers, zh: 问答 }
task: question-answering
seed: 3
data: { source: ${source}, length: 64, stride: 16 }
model: ${model}
train: { epochs: 1, batch: 16, optimizer: { name: adamw, learningRate: 0.003 } }
evaluate: { resamples: 100, baselineLimit: 30 }
`;

describe("question answering", () => {
  it("learns, is compared with simple algorithms, and finds answers from its bundle", async () => {
    await ready();
    const before = tf.memory().numTensors;
    const model =
      "{ family: bert, layers: 1, heads: 2, width: 16, tokenizer: { kind: wordpiece, vocabularySize: 400 } }";
    const files = await runIn(
      join(folder, "first"),
      recipe({ source: "{ from: generator, generator: notes, count: 200, test: 0.2 }", model }),
    );
    expect(tf.memory().numTensors).toBe(before);
    const { evaluation, baselines } = JSON.parse(await readFile(join(files.path, "evaluation.json"), "utf8"));
    expect(evaluation.scores.map(({ name }: { name: string }) => name)).toEqual(["exact match", "F1"]);
    expect(baselines.map(({ name }: { name: string }) => name)).toEqual(["sliding window", "log-linear model"]);
    expect(baselines[1].note).toMatch(/^trained on 30 of/);
    const report = await readFile(files.reportIn("zh"), "utf8");
    expect(report).toContain("滑动窗口");
    expect(report).toContain('<mark class="');

    const predictor = await predictorOf(files);
    const passage = `${"Ada lives in Leeds. Ben was born in 1984. ".repeat(20)}小明住在北京。😀`;
    const ask = (input: object) => predictor.inputSchema.parse(input);
    const answers = (await predictor.predict([
      ask({ question: "Where does Ada live?", passage }),
      ask({ question: "小明住在哪里？", passage: "小明住在北京。", answers: 2 }),
      ask({ question: "Where?", passage: " ", answers: 2 }),
    ])) as FoundAnswer[];
    expect(answers[0]!.further).toHaveLength(4);
    for (const { text, start, end } of [answers[0]!, ...answers[0]!.further]) {
      expect(text).not.toBe("");
      expect(passage.slice(start, end)).toBe(text);
    }
    expect(answers[0]!.score).toBeGreaterThanOrEqual(answers[0]!.further[0]!.score);
    expect(answers[1]!.further).toHaveLength(1);
    expect(answers[2]).toMatchObject({ text: "", further: [] });
    expect(() => predictor.inputSchema.parse({ question: " ", passage })).toThrow();
    predictor.dispose();
  });

  it("goes on from a pretrained folder with a file of SQuAD's form; the command answers from files", async () => {
    const paragraphs = Array.from({ length: 40 }, (_, at) => {
      const context = `😀 Note ${at}: Ada lives in city ${at} by the sea.`;
      // SQuAD counts characters, of which 😀 is one.
      const answers = [{ text: `city ${at}`, answer_start: context.indexOf("city") - 1 }];
      return { context, qas: [{ id: `${at}`, question: "Where does Ada live?", answers }] };
    });
    await writeFile(join(folder, "squad.json"), JSON.stringify({ data: [{ title: "notes", paragraphs }] }));
    const files = await runIn(
      join(folder, "second"),
      recipe({ source: "{ from: files, train: squad.json, test: 0.3 }", model: "{ pretrained: first/bundle }" }),
    );
    const config = JSON.parse(await readFile(join(files.bundle, "config.json"), "utf8"));
    expect(config).toMatchObject({ architectures: ["BertForQuestionAnswering"], hidden_size: 16 });
    await expect(
      runIn(
        join(folder, "third"),
        recipe({ source: "{ from: files, train: squad.json }", model: "{ pretrained: nowhere }" }),
      ),
    ).rejects.toThrow("tools/pretrained/minilm.mjs");

    const question = { question: "Where does Ada live?", passage: "Ada lives in Leeds." };
    await writeFile(join(folder, "questions.jsonl"), JSON.stringify(question));
    const { code, out, error } = await nacre("predict", files.bundle, join(folder, "questions.jsonl"), "--json");
    expect(error).toBe("");
    expect(code).toBe(0);
    const { text, start, end } = JSON.parse(out) as FoundAnswer;
    expect(question.passage.slice(start, end)).toBe(text);
  });
});
