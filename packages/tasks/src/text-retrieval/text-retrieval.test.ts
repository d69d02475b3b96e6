import { describe, expect, it } from "vitest";
import { groupsOf } from "./pair-batch.ts";
import { phrases } from "./phrases.ts";
import { TextRetrievalRecipe } from "./recipe.ts";
import { retrieved, searchesOf } from "./searching.ts";
import { openPairs } from "./source.ts";

const sides = { query: "zh", document: "en" };

describe("searchesOf", () => {
  const pairs = [
    { query: "你好。", document: "Hello!" },
    { query: "你好！", document: "Hi." },
    { query: "嗨。", document: "hi" },
    { query: "再见。", document: "Goodbye." },
  ];
  const [forth, back] = searchesOf(pairs.slice(0, 3), pairs, sides);

  it("takes texts that differ in marks and case alone as one, right by any of their pairs", () => {
    expect(forth).toEqual({
      direction: "zh → en",
      queries: ["你好。", "嗨。"],
      documents: ["Hello!", "Hi.", "Goodbye."],
      relevant: [new Set([0, 1]), new Set([1])],
    });
    expect(back!.direction).toBe("en → zh");
    expect(back!.queries).toEqual(["Hello!", "Hi."]);
    expect(back!.documents).toEqual(["你好。", "嗨。", "再见。"]);
    expect(back!.relevant).toEqual([new Set([0]), new Set([0, 1])]);
  });

  it("gives rankings by texts", () => {
    expect(retrieved(forth!, [[2, 1], [0]])[0]).toEqual({
      query: "你好。",
      ranking: ["Goodbye.", "Hi."],
      relevance: { "Hello!": 1, "Hi.": 1 },
    });
  });
});

describe("groupsOf", () => {
  it("joins pairs that share a text, and those that they share one with", () => {
    const groups = groupsOf([
      { query: "a", document: "1" },
      { query: "b", document: "2" },
      { query: "c", document: "3" },
      { query: "a", document: "2" },
    ]);
    expect(groups[0]).toBe(groups[1]);
    expect(groups[0]).toBe(groups[3]);
    expect(groups[2]).not.toBe(groups[0]);
  });
});

describe("phrases", () => {
  it("are the same for a seed, and each English sentence comes once", () => {
    const made = phrases({ count: 500, seed: 4 });
    expect(made).toHaveLength(500);
    expect(made).toEqual(phrases({ count: 500, seed: 4 }));
    expect(new Set(made.map(({ document }) => document)).size).toBe(500);
    expect(made[0]!.query).toMatch(/^\p{sc=Han}+。$/u);
  });

  it("are split so that no English sentence is in two parts", async () => {
    const recipe = TextRetrievalRecipe.parse({
      name: "small",
      title: { en: "", zh: "" },
      task: "text-retrieval",
      data: { source: { from: "generator", generator: "phrases", count: 400 } },
      model: { family: "bert" },
      train: { epochs: 1 },
    });
    const { train, validation, test } = await openPairs(recipe, { folder: ".", progress: () => {} });
    const all = [train, validation, test].flatMap((part) => [...new Set(part.map(({ document }) => document))]);
    expect(all).toHaveLength(400);
    expect(new Set(all).size).toBe(400);
  });
});
