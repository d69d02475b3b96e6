import { readFileSync } from "node:fs";
import { disposeModel, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { fixtureFolder } from "../fixtures/reference.ts";
import { fromPretrained } from "../pretrained/read.ts";
import type { SequenceToSequenceModel } from "../sequence-to-sequence.ts";
import { beamSearch } from "./beam-search.ts";
import { readGenerationConfig } from "./config.ts";
import { generateText } from "./generate-text.ts";
import { sequenceDecoder } from "./sequence-decoder.ts";

interface Generated {
  folder: string;
  sources: number[][];
  settings: { num_beams: number };
  sequences: number[][];
  scores: number[] | null;
}

/** Made by tools/golden/models_generation.py. */
const { generated } = JSON.parse(readFileSync(new URL("./fixtures/sequences.json", import.meta.url), "utf8")) as {
  generated: Generated[];
};

beforeAll(async () => void (await ready({ backend: "cpu" })));

describe("sequenceDecoder", () => {
  it.each(generated.map((each) => [each.folder, JSON.stringify(each.settings), each] as const))(
    "generates what transformers does: %s %s",
    async (folder, _, { sources, settings, sequences, scores }) => {
      const model = (await fromPretrained(fixtureFolder(folder))) as SequenceToSequenceModel;
      const before = tf.memory().numTensors;
      const prompts = sources.map(() => [model.start]);
      const config = readGenerationConfig(settings);
      const texts = await generateText(sequenceDecoder(model, sources), { prompts, config });
      expect(texts.map(({ ids }) => ids)).toEqual(sequences);
      if (scores) {
        const found = await beamSearch({ decoder: sequenceDecoder(model, sources), prompts, settings: config });
        scores.forEach((score, row) => expect(found[row]![0]!.score).toBeCloseTo(score, 4));
      }
      // Each source alone, without padding, gives the same.
      for (const [row, source] of sources.entries()) {
        const [alone] = await generateText(sequenceDecoder(model, [source]), { prompts: [[model.start]], config });
        expect(alone!.ids).toEqual(sequences[row]);
      }
      expect(tf.memory().numTensors).toBe(before);
      disposeModel(model);
    },
  );

  it("checks what comes in", async () => {
    const model = (await fromPretrained(fixtureFolder("t5"))) as SequenceToSequenceModel;
    expect(() => sequenceDecoder(model, [[1], []])).toThrow("at least one token each");
    const run = (prompts: number[][]): Promise<unknown> => generateText(sequenceDecoder(model, [[3, 4]]), { prompts });
    await expect(run([[0], [0]])).rejects.toThrow("a prompt for each of 1 sources. Received 2");
    const two = generateText(sequenceDecoder(model, [[3], [4]]), { prompts: [[0], [0, 5]] });
    await expect(two).rejects.toThrow("equally many tokens");
    disposeModel(model);
  });
});
