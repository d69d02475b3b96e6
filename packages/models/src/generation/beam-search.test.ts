import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { beamSearch } from "./beam-search.ts";
import { parseGenerationConfig, readGenerationConfig } from "./config.ts";
import { regexConstraint } from "./constraint/constraints.ts";
import { TokenTrie } from "./constraint/token-trie.ts";
import type { Decoder } from "./decoder.ts";
import { generateText } from "./generate-text.ts";
import { TableDecoder } from "./testing/table-decoder.ts";

interface Searched {
  model: string;
  settings: { num_return_sequences?: number };
  prompt: number[];
  table: Record<string, number[]>;
  sequences: number[][];
  scores: number[];
}

/** Made by tools/golden/models_generation.py. */
const { searches } = JSON.parse(readFileSync(new URL("./fixtures/beams.json", import.meta.url), "utf8")) as {
  searches: Searched[];
};

/** Gives the recorded logits. */
function recorded(tables: readonly Record<string, number[]>[], vocabulary: number): Decoder {
  return {
    vocabulary,
    context: 100,
    open: ({ padding }) => {
      let rows = padding.map((count, at) => ({ ids: [] as number[], count, table: tables[at]! }));
      return {
        get length() {
          return rows[0]!.ids.length;
        },
        async advance(ids) {
          const time = ids.length / rows.length;
          rows.forEach((row, at) => void row.ids.push(...ids.subarray(at * time, (at + 1) * time)));
          return Float32Array.from(rows.flatMap(({ ids: seen, count, table }) => table[seen.slice(count).join(" ")]!));
        },
        reorder(order) {
          rows = order.map((at) => ({ ...rows[at]!, ids: [...rows[at]!.ids] }));
        },
        truncate() {},
        dispose() {},
      };
    },
  };
}

describe("beam search", () => {
  it.each(searches.map((each) => [each.model, JSON.stringify(each.settings), each] as const))(
    "finds transformers' sequences and scores: %s %s",
    async (_, __, { settings, prompt, table, sequences, scores }) => {
      const decoder = recorded([table], 11);
      const found = await beamSearch({ decoder, prompts: [prompt], settings: readGenerationConfig(settings) });
      const best = found[0]!.slice(0, sequences.length);
      expect(best.map(({ ids }) => ids)).toEqual(sequences);
      best.forEach(({ score }, at) => expect(score).toBeCloseTo(scores[at]!, 4));
    },
  );

  it("searches several prompts at once as it does each alone", async () => {
    const prompts = [[1, 2, 3], [4], [5, 6], [7, 7, 7, 7]];
    for (const changes of [{}, { earlyStopping: true }, { lengthPenalty: 2, repetitionPenalty: 1.3 }]) {
      const settings = parseGenerationConfig({ beams: 3, maxNewTokens: 12, endTokens: [0, 9], ...changes });
      const together = await beamSearch({ decoder: new TableDecoder({ vocabulary: 10 }), prompts, settings });
      for (const [at, prompt] of prompts.entries()) {
        const alone = new TableDecoder({ vocabulary: 10 });
        expect([together[at]]).toEqual(await beamSearch({ decoder: alone, prompts: [prompt], settings }));
      }
    }
  });

  it("keeps to a constraint", async () => {
    const letters = new TokenTrie([..."abcdefgh"].map((letter) => new TextEncoder().encode(letter)));
    const constraint = regexConstraint(/a[bc]{2}(de)*|hhh/, letters);
    const decoder = new TableDecoder({ vocabulary: 8 });
    const config = { beams: 3, samples: 3, maxNewTokens: 6 };
    const decode = (ids: readonly number[]): string => ids.map((id) => "abcdefgh"[id]).join("");
    const found = await generateText(decoder, { prompts: [[0, 1]], config, constraint, decode });
    expect(found).toHaveLength(3);
    for (const { text } of found) expect(text).toMatch(/^(a[bc]{2}(de)*|hhh)$/);
    expect(decoder.sessions).toBe(0);
  });

  it("refuses what it does not do", async () => {
    const decoder = new TableDecoder({ vocabulary: 8 });
    const run = (config: object) => generateText(decoder, { prompts: [[1]], config, decode: () => "" });
    await expect(run({ beams: 2, samples: 3 })).rejects.toThrow("at most as many samples as beams, 2. Received 3");
    await expect(run({ beams: 2, stop: ["x"] })).rejects.toThrow("Received stop strings");
  });
});
