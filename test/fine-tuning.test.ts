import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBundle } from "@nacre/lineage";
import { languageModelFromPretrained, loadAdapters, mergeAdapters } from "@nacre/models";
import type { TextContinuation } from "@nacre/tasks";
import { disposeModel, parameters, parseSafetensors, ready, tf } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nacre } from "./nacre.ts";
import { predictorOf, runIn } from "./run-in.ts";
import { questions, writeTinyDecoder } from "./tiny-decoder.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-fine-tuning-"));
  await writeTinyDecoder(join(folder, "base"));
  const talks = questions.map(({ question, long }, index) => {
    const system = { role: "system", content: "Answer in a sentence." };
    const messages = [
      { role: "user", content: question },
      { role: "assistant", content: long },
    ];
    if (index % 5 === 1) return { messages: [system, ...messages] };
    // Its second answer does not fit the context.
    if (index === 7) return { messages: [...messages, { role: "user", content: "Again! ".repeat(40) }, messages[1]] };
    return { messages };
  });
  const pairs = questions.map(({ question, short, long }, index) =>
    index % 2 === 0
      ? { prompt: question, chosen: long, rejected: short }
      : {
          messages: [{ role: "user", content: question }],
          chosen: [{ role: "assistant", content: long }],
          rejected: [{ role: "assistant", content: short }],
        },
  );
  await writeLines("talks.jsonl", talks);
  await writeLines("pairs.jsonl", pairs);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function writeLines(name: string, rows: readonly unknown[]): Promise<void> {
  return writeFile(join(folder, name), rows.map((row) => JSON.stringify(row)).join("\n"));
}

interface Changes {
  readonly path?: string;
  readonly model?: string;
  readonly rest?: string;
  readonly rows?: string;
}

const adapter = "adapter: { rank: 4, alpha: 8, dropout: 0.05 }";
const recipe = ({
  path = "talks.jsonl",
  model = `pretrained: base, ${adapter}`,
  rest = "",
  rows = "packed",
}: Changes) =>
  `name: talks
title: { en: Talks, zh: 对话 }
task: text-generation
seed: 3
data: { source: { from: conversations, path: ${path}, test: 0.2 }, validation: 0.15, context: 96, rows: ${rows} }
model: { ${model} }
train: { epochs: 4, batch: 4, checkpointEvery: 7, optimizer: { name: adamw, learningRate: 0.02 } }
evaluate: { resamples: 100 }
generate: { samples: 2, maxNewTokens: 12 }
${rest}`;

const scoreOf = (scores: readonly { name: string; value: number }[], name: string): number =>
  scores.find((score) => score.name === name)!.value;
const weights = (run: string) => readFile(join(folder, run, "bundle", "model.safetensors"));

describe("fine-tuning", () => {
  it("learns answers by adapters, is compared with what it was, and answers from its bundle", async () => {
    await ready();
    const before = tf.memory().numTensors;
    const files = await runIn(join(folder, "first"), recipe({}));
    expect(tf.memory().numTensors).toBe(before);

    const { evaluation, baselines, comparison, samples } = JSON.parse(
      await readFile(join(files.path, "evaluation.json"), "utf8"),
    );
    expect(baselines.map(({ name }: { name: string }) => name)).toEqual(["before fine-tuning"]);
    expect(scoreOf(evaluation.scores, "loss")).toBeLessThan(0.7 * scoreOf(baselines[0].scores, "loss"));
    expect(comparison).toMatchObject({ answer: "no", of: "answers" });
    expect(samples).toHaveLength(2);
    expect(samples[0]).toMatchObject({ text: expect.any(String), before: expect.any(String) });
    const [english, chinese] = [await readFile(files.report, "utf8"), await readFile(files.reportIn("zh"), "utf8")];
    expect(english).toContain("Fine-tuning has paid");
    expect(chinese).toContain("微调见效");
    expect(chinese).toContain("与微调之前相比");
    expect(await readFile(files.dataReportIn("en"), "utf8")).toContain("longer than 96 tokens: cut at the end");

    const bundle = await openBundle(files.bundle);
    expect(bundle.manifest.base).toEqual({ name: "base", digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(Object.keys(bundle.manifest.files)).toContain("adapter/adapter_model.safetensors");
    const predictor = await predictorOf(files);
    const input = predictor.inputSchema.parse({ prompt: questions[0]!.question, temperature: 0, maxNewTokens: 20 });
    const [answer] = (await predictor.predict([input])) as TextContinuation[];
    expect(answer!.text).not.toContain("<|im_end|>");
    predictor.dispose();

    const chat = [
      "chat",
      files.bundle,
      questions[0]!.question,
      "--temperature",
      "0",
      "--max-new-tokens",
      "20",
      "--json",
    ];
    const talked = await nacre(...chat);
    expect(talked.code, talked.error).toBe(0);
    expect(JSON.parse(talked.out).content).toBe(answer!.text);
    const generated = await nacre("generate", files.bundle, "The capital", "--max-new-tokens", "5");
    expect(generated.code, generated.error).toBe(0);
  });

  it("keeps the adapter in PEFT's form: on the base it gives the bundle's weights", async () => {
    const tuned = await languageModelFromPretrained(join(folder, "first", "bundle"));
    const again = await languageModelFromPretrained(join(folder, "base"));
    await loadAdapters(again, join(folder, "first", "bundle", "adapter"));
    mergeAdapters(again);
    const merged = parameters(again);
    for (const [name, variable] of parameters(tuned)) {
      expect(merged.get(name)!.dataSync(), name).toEqual(variable.dataSync());
    }
    disposeModel(tuned);
    disposeModel(again);
  });

  it("resumes a stopped run to the same bits", async () => {
    await runIn(join(folder, "stopped"), recipe({}), { pauseAfterEpochs: 1 });
    await runIn(join(folder, "stopped"), "", { recipe: undefined, resume: true });
    expect((await weights("stopped")).equals(await weights("first"))).toBe(true);
    const [newest] = (await readdir(join(folder, "stopped", "checkpoints"))).sort().reverse();
    const tensors = parseSafetensors(
      await readFile(join(folder, "stopped", "checkpoints", newest!, "tensors.safetensors")),
    ).tensors;
    const kept = [...tensors.keys()].filter((name) => name.startsWith("model."));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.filter((name) => !name.includes(".adapter."))).toEqual([]);
  });

  it("does not resume on another base", async () => {
    await cp(join(folder, "base"), join(folder, "other"), { recursive: true });
    const text = recipe({ model: `pretrained: other, ${adapter}` });
    await runIn(join(folder, "moved"), text, { pauseAfterEpochs: 1 });
    await cp(join(folder, "first", "bundle", "model.safetensors"), join(folder, "other", "model.safetensors"));
    const resumed = runIn(join(folder, "moved"), "", { recipe: undefined, resume: true });
    await expect(resumed).rejects.toThrow("Expected other as it was when the run began");
  });

  it("learns all weights of a GPT-2 without an adapter, a conversation a row, by a template of the recipe", async () => {
    await writeTinyDecoder(join(folder, "plain"), { family: "gpt2", template: false });
    await expect(runIn(join(folder, "no-template"), recipe({ model: "pretrained: plain" }))).rejects.toThrow(
      /Expected a chat template in .*plain.*template: chatml/,
    );
    const files = await runIn(
      join(folder, "whole"),
      recipe({ model: "pretrained: plain, template: chatml", rows: "padded" }),
    );
    const { comparison } = JSON.parse(await readFile(join(files.path, "evaluation.json"), "utf8"));
    expect(comparison.answer).toBe("no");
    expect(Object.keys((await openBundle(files.bundle)).manifest.files).join()).not.toContain("adapter");
    const talked = await nacre("chat", files.bundle, "Name the capital of Peru.", "--max-new-tokens", "5", "--json");
    expect(talked.code, talked.error).toBe(0);
  });

  it("learns preferences, and goes on from a bundle", async () => {
    const objective = "objective: { kind: preference, beta: 0.3 }";
    const model = `pretrained: first/bundle, ${adapter}`;
    const changes = { path: "pairs.jsonl", model, rest: objective };
    const files = await runIn(join(folder, "preferred"), recipe(changes));
    const { evaluation, baselines, comparison } = JSON.parse(
      await readFile(join(files.path, "evaluation.json"), "utf8"),
    );
    expect(comparison.of).toBe("pairs");
    const [now, then] = [evaluation.scores, baselines[0].scores];
    expect(scoreOf(now, "pairs ranked right")).toBeGreaterThanOrEqual(scoreOf(then, "pairs ranked right"));
    expect(scoreOf(now, "reward accuracy")).toBeGreaterThan(0.8);
    expect(scoreOf(now, "reward margin")).toBeGreaterThan(0);
    await runIn(join(folder, "paused"), recipe(changes), { pauseAfterEpochs: 2 });
    await runIn(join(folder, "paused"), "", { recipe: undefined, resume: true });
    expect((await weights("paused")).equals(await weights("preferred"))).toBe(true);
  });

  it.each([
    [
      "without an answer",
      [{ messages: [{ role: "user", content: "Hello?" }] }],
      "record 1: expected an answer to learn",
    ],
    ["without messages", [{ text: "Hello" }], "record 1: messages: .*The record has text"],
    ["of nothing", [], "Expected conversations in .*Received none"],
  ])("refuses a file %s", async (name, rows, message) => {
    await writeLines("faulty.jsonl", rows);
    await expect(
      runIn(join(folder, `faulty ${name}`), recipe({ path: "faulty.jsonl" }), { until: "data" }),
    ).rejects.toThrow(new RegExp(message));
  });

  it("names the faults of a recipe", async () => {
    const model = "pretrained: base, adapter: { rank: 0 }";
    await expect(runIn(join(folder, "faulty"), recipe({ model }))).rejects.toThrow(/:6: model\.adapter\.rank: .*>0/);
    const context = recipe({}).replace("context: 96", "context: 500");
    await expect(runIn(join(folder, "long"), context)).rejects.toThrow("expected at most 128 tokens");
  });
});
