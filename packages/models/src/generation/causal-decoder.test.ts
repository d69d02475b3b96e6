import { Random } from "@nacre/random";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { Gpt2, Gpt2Config } from "../gpt2.ts";
import { inference } from "../layer.ts";
import { causalDecoder } from "./causal-decoder.ts";
import { generate } from "./generate.ts";
import { generateText } from "./generate-text.ts";
import { score, scoreContinuations } from "./score.ts";

const sizes = { family: "gpt2", vocabulary: 23, context: 40, layers: 2, heads: 2, width: 16 } as const;
const models = new Map<string, Gpt2>();
const working: string[] = [];
for (const backend of ["cpu", "native"] as const) {
  await ready({ backend }).then(
    () => working.push(backend),
    (error) => console.log(`Skipped: decoding on ${backend}: ${error.message}`),
  );
}

beforeAll(async () => {
  await ready({ backend: "cpu" });
  for (const [name, changes] of [
    ["full", {}],
    ["windowed", { window: 4 }],
  ] as const) {
    const model = new Gpt2(Gpt2Config.parse({ ...sizes, ...changes }), new Random(1));
    // Wider than at the beginning of training, so that the tokens matter.
    for (const [index, weight] of [model.tokens.weight, model.positions.weight].entries()) {
      weight.assign(tf.tensor(new Random(index).fillNormal(new Float32Array(weight.size), 0, 0.7), weight.shape));
    }
    models.set(name, model);
  }
});

const prompts = [[1, 2, 3, 4, 5, 6], [7], [8, 9, 10], [11, 12, 13, 14]];
const config = { temperature: 0, maxNewTokens: 12 };

/** Without a cache: everything from the beginning for each token. */
async function greedy(model: Gpt2, prompt: readonly number[], count: number): Promise<number[]> {
  const ids = [...prompt];
  for (let step = 0; step < count; step++) {
    const next = tf.tidy(() => {
      const logits = model.forward(tf.tensor2d(ids, [1, ids.length], "int32"), inference);
      return tf.argMax(tf.slice(logits, [0, ids.length - 1, 0], [1, 1, -1]), 2);
    });
    ids.push((await next.data())[0]!);
    next.dispose();
  }
  return ids.slice(prompt.length);
}

const places = working.flatMap((backend) => ["full", "windowed"].map((name) => [backend, name] as const));

describe.each(places)("on %s a small GPT-2, %s attention", (backend, name) => {
  beforeAll(async () => void (await tf.setBackend(backend)));

  it("gives in a padded batch, with its cache, what it gives each prompt alone without one", async () => {
    const model = models.get(name)!;
    const before = tf.memory().numTensors;
    const together = await generateText(model, { prompts, config: { ...config, logProbabilities: true } });
    for (const [row, prompt] of prompts.entries()) {
      expect(together[row]!.ids).toEqual(await greedy(model, prompt, 12));
      const [alone] = await generateText(model, { prompts: [prompt], config: { ...config, logProbabilities: true } });
      alone!.logProbabilities.forEach((value, at) => expect(together[row]!.logProbabilities[at]).toBeCloseTo(value, 4));
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it("guesses ahead and takes back", async () => {
    const model = models.get(name)!;
    const before = tf.memory().numTensors;
    const other = models.get(name === "full" ? "windowed" : "full")!;
    const repeating = [1, 2, 3, 4, 1, 2, 3, 4, 1, 2];
    const [plain] = await generateText(model, { prompts: [repeating], config });
    for (const speculation of [{ draft: other, tokens: 3 }, { draft: model }, { lookup: {} }]) {
      const [text] = await generateText(model, { prompts: [repeating], config, speculation });
      expect(text!.ids).toEqual(plain!.ids);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it("searches with beams, and frees when it is stopped", async () => {
    const model = models.get(name)!;
    const before = tf.memory().numTensors;
    const beams = { beams: 4, samples: 2, maxNewTokens: 8 };
    const found = await generateText(model, { prompts: prompts.slice(0, 3), config: beams });
    const [alone] = await generateText(model, { prompts: [prompts[1]!], config: beams });
    expect(found[2]!.ids).toEqual(alone!.ids);
    // The search must find at least what greedy decoding finds.
    const sum = async (ids: readonly number[]): Promise<number> =>
      (await score(model, [...prompts[0]!, ...ids], { from: prompts[0]!.length })).logLikelihood;
    expect(await sum(found[0]!.ids)).toBeGreaterThanOrEqual((await sum(await greedy(model, prompts[0]!, 8))) - 1e-4);
    for await (const _ of generate(model, { prompts })) break;
    expect(tf.memory().numTensors).toBe(before);
  });

  it("scores as its logits say", async () => {
    const model = models.get(name)!;
    const before = tf.memory().numTensors;
    const ids = Array.from({ length: 30 }, (_, at) => (at * 7) % 23);
    const { logProbabilities } = await score(model, ids);
    const wanted = tf.tidy(() => {
      const logits = model.forward(tf.tensor2d(ids, [1, 30], "int32"), inference);
      return tf.logSoftmax(logits).arraySync() as number[][][];
    });
    logProbabilities.forEach((value, at) => expect(value).toBeCloseTo(wanted[0]![at]![ids[at + 1]!]!, 4));
    const choices = await scoreContinuations(model, {
      context: ids.slice(0, 5),
      continuations: [ids.slice(5, 9), [3]],
    });
    choices[0]!.logProbabilities.forEach((value, at) => expect(value).toBeCloseTo(logProbabilities[at + 4]!, 4));
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("is a decoder", () => {
  const model = models.get("full")!;
  const decoder = causalDecoder(model);
  expect([decoder.vocabulary, decoder.context]).toEqual([23, 40]);
  for (const each of models.values()) disposeModel(each);
});
