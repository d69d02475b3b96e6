import { Random } from "@nacre/random";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { fixtureFolder } from "./fixtures/reference.ts";
import {
  crossAttention,
  fromPretrained,
  type SequenceToSequenceModel,
  Transformer,
  transformerSmall,
} from "./index.ts";

beforeAll(async () => void (await ready({ backend: "cpu" })));

const small = () => {
  const sizes = { encoderLayers: 1, decoderLayers: 2, heads: 2, width: 8, hidden: 16 };
  return new Transformer(transformerSmall(11, { ...sizes, start: 3 }), new Random(2));
};

describe("crossAttention", () => {
  it("has a row for each target token that adds up to 1, and sees nothing that is written later", async () => {
    const model = small();
    const before = tf.memory().numTensors;
    const rows = await crossAttention(model, { source: [5, 6, 7, 1], target: [2, 9, 1] });
    expect(tf.memory().numTensors).toBe(before);
    expect(rows.map((row) => row.length)).toEqual([4, 4, 4]);
    for (const row of rows) expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    const other = await crossAttention(model, { source: [5, 6, 7, 1], target: [2, 8, 4] });
    expect(other.slice(0, 2)).toEqual(rows.slice(0, 2));
    expect(other[2]).not.toEqual(rows[2]);
    disposeModel(model);
  });

  it("is that of the last layer, the mean over its heads", async () => {
    const model = small();
    const seen: number[][][][] = [];
    tf.tidy(() => {
      const memory = model.encode(tf.tensor2d([[5, 6]], [1, 2], "int32"), { training: false });
      model.decode(tf.tensor2d([[3, 2]], [1, 2], "int32"), {
        training: false,
        memory,
        observeAttention: (weights, { kind }) =>
          kind === "cross" && seen.push((weights.arraySync() as number[][][][])[0]!),
      });
    });
    expect(seen).toHaveLength(2);
    const rows = await crossAttention(model, { source: [5, 6], target: [2, 4] });
    rows.forEach((row, place) => {
      row.forEach((weight, from) => {
        const mean = (seen[1]![0]![place]![from]! + seen[1]![1]![place]![from]!) / 2;
        expect(weight).toBeCloseTo(mean, 6);
      });
    });
    disposeModel(model);
  });

  it("takes any model with an encoder, and asks for tokens", async () => {
    const model = (await fromPretrained(fixtureFolder("t5"))) as SequenceToSequenceModel;
    const [row] = await crossAttention(model, { source: [5, 6, 1], target: [2] });
    expect(row!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    await expect(crossAttention(model, { source: [], target: [2] })).rejects.toThrow("Received 0 and 1");
  });
});
