import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runRecipe } from "@nacre/tasks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, serve } from "./serve.ts";

const head = (task: string) => `name: ${task}
title: { en: Small, zh: 小 }
task: ${task}
seed: 3
`;
const recipes = {
  "text-generation": `data: { source: { from: generator, generator: sentences, count: 200 }, context: 32, rows: documents }
model: { family: gpt2, layers: 1, heads: 2, width: 16 }
train: { steps: 10, batch: 16 }
generate: { samples: 1, maxNewTokens: 8 }
evaluate: { resamples: 100, baselines: false, validationTokens: 500 }
`,
  "text-classification": `data: { source: { from: generator, generator: reviews, count: 400 } }
model: { family: bag, buckets: 256, features: 8, length: 24 }
train: { epochs: 3, batch: 16, optimizer: { name: adam, learningRate: 0.05 } }
evaluate: { resamples: 100, baselines: false }
`,
  "question-answering": `data: { source: { from: generator, generator: notes, count: 200 }, length: 64, stride: 16 }
model: { family: bert, layers: 1, heads: 2, width: 16, tokenizer: { kind: wordpiece, vocabularySize: 400 } }
train: { steps: 10, batch: 16 }
evaluate: { resamples: 100, baselines: false }
`,
  "text-retrieval": `data: { source: { from: generator, generator: phrases, count: 300 }, tokenizer: { vocabularySize: 400 } }
model: { family: bert, layers: 0, width: 16, dropout: 0 }
train: { epochs: 2, batch: 32, optimizer: { name: adam, learningRate: 0.02 } }
evaluate: { resamples: 100, baselines: false, candidates: 40 }
`,
};
type Name = keyof typeof recipes;

let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-serve-texts-"));
  const models = [];
  for (const [name, text] of Object.entries(recipes)) {
    const run = join(folder, name);
    for await (const _ of runRecipe({ recipe: { file: `${name}.yaml`, text: head(name) + text }, folder: run }));
    models.push({ id: name, folder: join(run, "bundle") });
  }
  server = await serve({ port: 0, workers: 1, maxBatch: 16, logLevel: "silent", models });
});

afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function post(model: Name, inputs: unknown): Promise<{ status: number; body: Record<string, never> }> {
  const answer = await fetch(`${server.address}/v1/models/${model}/predict`, {
    method: "POST",
    body: JSON.stringify({ inputs }),
    headers: { "content-type": "application/json" },
  });
  return { status: answer.status, body: await answer.json() };
}

async function predict<Output>(model: Name, ...inputs: object[]): Promise<Output[]> {
  const { status, body } = await post(model, inputs);
  expect(status, JSON.stringify(body)).toBe(200);
  return (body as unknown as { outputs: Output[] }).outputs;
}

async function refusal(model: Name, input: unknown): Promise<{ status: number; path: string }> {
  const { status, body } = await post(model, [input]);
  return { status, path: (body as unknown as { error: { path: string } }).error.path };
}

describe("bundles of texts", () => {
  it("a generator goes on with prompts, each by its own settings, alone as in a batch", async () => {
    type Continued = { prompt: string; text: string; tokens: unknown[]; finishReason: string };
    const prompts = [
      { prompt: "The ", seed: 1, maxNewTokens: 5 },
      { prompt: "A small", seed: 2, maxNewTokens: 3, temperature: 0 },
    ];
    const both = await predict<Continued>("text-generation", ...prompts);
    expect(both.map(({ prompt }) => prompt)).toEqual(["The ", "A small"]);
    expect(both.map(({ tokens, finishReason }) => tokens.length <= 5 && finishReason)).toEqual(["length", "length"]);
    expect(await predict<Continued>("text-generation", prompts[1]!)).toEqual([both[1]]);
    expect(await refusal("text-generation", { prompt: 3 })).toEqual({ status: 400, path: "inputs[0].prompt" });
    expect(await refusal("text-generation", { topP: 2 })).toEqual({ status: 400, path: "inputs[0].topP" });
  });

  it("a classifier tells classes of texts", async () => {
    type Told = { label: string; probabilities: Record<string, number> };
    const texts = ["the soup was very delicious", "this phone seemed really awful", "妙"].map((text) => ({ text }));
    const all = await predict<Told>("text-classification", ...texts);
    for (const { probabilities } of all) {
      expect(Object.keys(probabilities)).toEqual(["negative", "positive"]);
      expect(probabilities.negative! + probabilities.positive!).toBeCloseTo(1, 5);
    }
    const [alone] = await predict<Told>("text-classification", texts[1]!);
    expect(alone!.probabilities.negative).toBeCloseTo(all[1]!.probabilities.negative!, 5);
    expect(await refusal("text-classification", { text: "" })).toEqual({ status: 400, path: "inputs[0].text" });
    expect((await post("text-classification", "text")).status).toBe(400);
  });

  it("questions are answered with parts of their passages", async () => {
    type Answered = { question: string; text: string; start: number; end: number; further: { score: number }[] };
    const passage = `${"Ada lives in Leeds. Ben was born in 1984. ".repeat(20)}小明住在北京。😀`;
    const questions = [
      { question: "Where does Ada live?", passage },
      { question: "小明住在哪里？", passage: "小明住在北京。", answers: 2 },
    ];
    const both = await predict<Answered>("question-answering", ...questions);
    both.forEach(({ question, text, start, end }, index) => {
      expect(question).toBe(questions[index]!.question);
      expect(text).not.toBe("");
      expect(questions[index]!.passage.slice(start, end)).toBe(text);
    });
    expect(both.map(({ further }) => further.length)).toEqual([4, 1]);
    const [alone] = await predict<Answered>("question-answering", questions[1]!);
    expect(alone).toMatchObject({ text: both[1]!.text, start: both[1]!.start });
    const refused = (input: object) => refusal("question-answering", input);
    expect(await refused({ question: " ", passage })).toEqual({ status: 400, path: "inputs[0].question" });
    expect(await refused({ question: "Where?" })).toEqual({ status: 400, path: "inputs[0].passage" });
  });

  it("a search finds among its own texts and those it is given", async () => {
    type Found = { query: string; hits: { index: number; text: string; score: number }[] };
    const texts = ["The fox loves the book.", "狐狸爱书。"];
    const [own, given] = await predict<Found>(
      "text-retrieval",
      { query: "狐狸爱书。", count: 3 },
      { query: "狐狸爱书。", texts },
    );
    expect(own!.hits).toHaveLength(3);
    expect(given!.hits[0]).toMatchObject({ index: 1, text: "狐狸爱书。" });
    expect(given!.hits[0]!.score).toBeCloseTo(1, 5);
    expect(await refusal("text-retrieval", { query: "" })).toEqual({ status: 400, path: "inputs[0].query" });
    expect(await refusal("text-retrieval", { query: "a", texts: ["b", ""] })).toMatchObject({ status: 400 });
  });

  it("are described with what they take", async () => {
    for (const [name, kind] of [
      ["text-generation", "prompt"],
      ["text-classification", "text"],
      ["question-answering", "question"],
      ["text-retrieval", "search"],
    ]) {
      const model = await (await fetch(`${server.address}/v1/models/${name}`)).json();
      expect(model).toMatchObject({ task: name, state: "ready", input: { kind } });
    }
    const document = JSON.stringify(await (await fetch(`${server.address}/openapi.json`)).json());
    for (const name of Object.keys(recipes)) expect(document).toContain(`/v1/models/${name}/predict`);
  });
});
