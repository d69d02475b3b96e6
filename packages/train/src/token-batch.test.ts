import { attention, ready, tf } from "@nacre/tensor";
import { describe, expect, it } from "vitest";
import { documentMask, documentPositions } from "./documents.ts";
import { ignored, nextTokenLabels, shiftRight, tokenBatch } from "./token-batch.ts";

const x = ignored;

describe("tokenBatch", () => {
  it("pads, shifts, and leaves out what is not to be learnt", () => {
    const examples = [{ ids: [1, 2, 3, 4, 5], learned: [0, 0, 1, 1, 0] }, { ids: [6, 7] }];
    const batch = tokenBatch(examples, { padding: 9, multipleOf: 4 });
    expect([batch.size, batch.time, batch.tokens]).toEqual([2, 8, 3]);
    expect([...batch.ids]).toEqual([1, 2, 3, 4, 5, 9, 9, 9, 6, 7, 9, 9, 9, 9, 9, 9]);
    expect([...batch.labels]).toEqual([x, 3, 4, x, x, x, x, x, 7, x, x, x, x, x, x, x]);
    expect([...batch.mask]).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
    expect(batch.documents).toBeUndefined();
    expect([...tokenBatch(examples, { padding: 9, longest: 3 }).labels]).toEqual([x, 3, x, 7, x, x]);
  });

  it("does not learn the first tokens of packed documents", () => {
    const batch = tokenBatch([{ ids: [1, 2, 3, 4, 5], documents: [0, 0, 1, 1, 1] }, { ids: [6] }], { padding: 0 });
    expect([...batch.labels]).toEqual([2, x, 4, 5, x, x, x, x, x, x]);
    expect([...batch.documents!]).toEqual([0, 0, 1, 1, 1, 0, -1, -1, -1, -1]);
    expect([...documentPositions(batch.documents!, 5)]).toEqual([0, 1, 0, 1, 2, 0, 0, 0, 0, 0]);
  });

  it("says what does not fit", () => {
    expect(() => tokenBatch([], { padding: 0 })).toThrow("expected examples. Received none.");
    expect(() => tokenBatch([{ ids: [1, 2], learned: [1] }], { padding: 0 })).toThrow(
      "expected as many values in `learned` as ids, 2, in example 0. Received 1.",
    );
    expect(() => nextTokenLabels([1, 2, 3], 2)).toThrow("Received 3 values for 2 a row.");
  });

  it("shiftRight starts decoders", () => {
    const labels = [5, 6, x, 7, x, x];
    expect([...shiftRight(labels, 3, { start: 1, padding: 0 })]).toEqual([1, 5, 6, 1, 7, 0]);
  });
});

it("documentMask makes packed documents as if each were alone", async () => {
  await ready({ backend: "cpu" });
  const draw = (seed: number) => tf.randomNormal([1, 6, 2, 4], 0, 1, "float32", seed) as tf.Tensor4D;
  const [query, key, value] = [draw(1), draw(2), draw(3)] as const;
  const documents = tf.tensor2d([[0, 0, 1, 1, 1, -1]], undefined, "int32");
  const packed = attention(query, key, value, { mask: documentMask(documents) }).arraySync()[0]!;
  for (const [start, length] of [
    [0, 2],
    [2, 3],
  ] as const) {
    const part = (tensor: tf.Tensor4D) => tf.slice(tensor, [0, start, 0, 0], [1, length, 2, 4]);
    const alone = attention(part(query), part(key), part(value), { causal: true }).arraySync()[0]!;
    alone.flat(2).forEach((expected, index) => {
      expect(packed.slice(start, start + length).flat(2)[index]).toBeCloseTo(expected, 6);
    });
  }
  expect(packed[5]!.flat()).toEqual(new Array(8).fill(0));
  const both = documentMask(documents, { causal: false }).arraySync()[0]![0]!;
  expect(both[0]).toEqual([0, 0, -Infinity, -Infinity, -Infinity, -Infinity]);
});
