import { Random } from "@nacre/random";
import { disposeModel, parameters, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { Gpt2, Gpt2Config, generateText, inference, Llama, LlamaConfig, quantizeModel } from "./index.ts";

const working: string[] = [];
for (const backend of ["cpu", "native"] as const) {
  await ready({ backend }).then(
    () => working.push(backend),
    (error) => console.log(`Skipped: quantised models on ${backend}: ${error.message}`),
  );
}

const sizes = { vocabulary: 70, context: 40, layers: 2, heads: 4, width: 64, hidden: 96 };

function models() {
  const llama = { ...sizes, family: "llama", keyValueHeads: 2 } as const;
  return {
    tied: new Llama(LlamaConfig.parse({ ...llama, tied: true }), new Random(1)),
    untied: new Llama(LlamaConfig.parse({ ...llama, bias: "all" }), new Random(2)),
    gpt2: new Gpt2(Gpt2Config.parse({ ...sizes, family: "gpt2" }), new Random(3)),
  };
}

describe.each(working)("on %s", (backend) => {
  beforeAll(async () => void (await tf.setBackend(backend)));

  it.each([
    [8, 0.06],
    [4, 0.6],
  ] as const)("a model in %i bits gives almost the same logits, whole and token by token", (bits, tolerance) => {
    for (const [name, model] of Object.entries(models())) {
      // Ten times wider than at the beginning of training, so that the layers matter.
      for (const parameter of parameters(model).values()) {
        if (parameter.rank === 2) tf.tidy(() => parameter.assign(tf.mul(parameter, 10)));
      }
      const ids = tf.tensor2d([1, 5, 9, 60, 33, 2, 8, 8, 44, 69], [2, 5], "int32");
      const before = model.forward(ids, inference).dataSync().slice();
      quantizeModel(model, bits);
      const left = [...parameters(model).keys()].filter((path) => /weight$/.test(path) && !/norm/i.test(path));
      expect(left, name).toEqual(name === "gpt2" ? ["positions.weight"] : name === "untied" ? ["tokens.weight"] : []);
      const after = model.forward(ids, inference).dataSync().slice();
      expect(error(before, after), name).toBeLessThan(tolerance);
      expect(error(before, after), name).toBeGreaterThan(1e-4);
      const cache = model.createCache();
      const parts = [3, 1, 1].map((count) =>
        model.forward(tf.slice(ids, [0, cache.length], [2, count]), { ...inference, cache }),
      );
      expect(error(before, tf.concat(parts, 1).dataSync()), name).toBeLessThan(tolerance);
      cache.dispose();
      disposeModel(model);
    }
  });

  it("writes what the model writes", async () => {
    const { tied, untied, gpt2 } = models();
    disposeModel(untied);
    disposeModel(gpt2);
    const options = { prompts: [[1, 2, 3]], config: { temperature: 0, maxNewTokens: 12 } };
    const [before] = await generateText(tied, options);
    quantizeModel(tied, 8);
    const [after] = await generateText(tied, options);
    expect(after!.ids).toHaveLength(12);
    expect(after!.ids[0]).toBe(before!.ids[0]);
    disposeModel(tied);
  });
});

/** √ of the squared differences over the squares. */
function error(wanted: ArrayLike<number>, got: ArrayLike<number>): number {
  const squares = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares(Array.from(wanted, (value, i) => value - got[i]!)) / squares(Array.from(wanted)));
}
