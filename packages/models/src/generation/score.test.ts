import { describe, expect, it } from "vitest";
import { logSumExp } from "./exponential.ts";
import { score, scoreContinuations } from "./score.ts";
import { TableDecoder } from "./testing/table-decoder.ts";

const ids = Array.from({ length: 200 }, (_, at) => (at * at + (at >> 3)) % 7);

function expected(decoder: TableDecoder, from = 1): number[] {
  return ids.slice(from).map((id, at) => {
    const logits = decoder.logits(ids.slice(0, from + at));
    return logits[id]! - logSumExp(logits);
  });
}

describe("score", () => {
  it.each([1, 2, 64, 65, 130, 199])("gives each token its log-probability, from token %i on", async (from) => {
    const decoder = new TableDecoder({ vocabulary: 7 });
    const { logLikelihood, logProbabilities } = await score(decoder, ids, { from });
    const wanted = expected(decoder, from);
    expect([...logProbabilities]).toEqual(wanted);
    expect(logLikelihood).toBeCloseTo(
      wanted.reduce((sum, value) => sum + value, 0),
      9,
    );
    expect(decoder.sessions).toBe(0);
  });

  it("strides over texts longer than the context, each token once, with enough before it", async () => {
    for (const [context, stride] of [
      [20, 10],
      [20, 1],
      [33, 32],
      [150, undefined],
    ] as const) {
      // Logits depend on two tokens: with two before it, a token's are those of the whole text.
      const decoder = new TableDecoder({ vocabulary: 7, context });
      const { logProbabilities } = await score(decoder, ids, stride === undefined ? {} : { stride });
      const wanted = expected(decoder);
      logProbabilities.forEach((value, at) => {
        const few = stride === 32 && at >= 32;
        if (!few) expect(value).toBe(wanted[at]);
      });
    }
  });

  it("knows whether greedy decoding would have written it", async () => {
    const decoder = new TableDecoder({ vocabulary: 7 });
    const text = [3, 1];
    for (let step = 0; step < 5; step++) {
      const logits = decoder.logits(text);
      text.push(logits.indexOf(Math.max(...logits)));
    }
    expect((await score(decoder, text, { from: 2 })).greedy).toBe(true);
    text[4] = (text[4]! + 1) % 7;
    expect((await score(decoder, text, { from: 2 })).greedy).toBe(false);
  });

  it("scores the choices of a question together as it does each alone", async () => {
    const decoder = new TableDecoder({ vocabulary: 7 });
    const context = [1, 5, 2];
    const continuations = [[3], [4, 4, 1], [0, 6]];
    const scores = await scoreContinuations(decoder, { context, continuations });
    for (const [at, continuation] of continuations.entries()) {
      expect(scores[at]).toEqual(await score(decoder, [...context, ...continuation], { from: context.length }));
    }
    expect(decoder.sessions).toBe(0);
  });

  it("checks what comes in", async () => {
    const decoder = new TableDecoder({ vocabulary: 7, context: 10 });
    await expect(score(decoder, [1])).rejects.toThrow("`from` from 1 to 0");
    await expect(score(decoder, [1, 2], { from: 2 })).rejects.toThrow("Received 2");
    await expect(score(decoder, ids, { stride: 10 })).rejects.toThrow("stride from 1 to 9");
    await expect(scoreContinuations(decoder, { context: [1], continuations: [[2], []] })).rejects.toThrow(
      "an empty one",
    );
  });
});
