import { trainTokenizer } from "@nacre/data";
import { describe, expect, it } from "vitest";
import { cutText } from "./token-cuts.ts";

describe("cutText", () => {
  it("tells each token's bytes, of pieces of characters too", async () => {
    const tokenizer = await trainTokenizer(["a cat and a cat"], { vocabularySize: 270, minimumFrequency: 1 });
    const text = "a cat 猫😀";
    const { tokens, characters, bytes } = cutText(tokenizer, text);
    expect([characters, bytes]).toEqual([8, 13]);
    expect(tokens.slice(0, 2).map((cut) => [cut.text, cut.bytes])).toEqual([
      ["a", [0, 1]],
      [" cat", [1, 5]],
    ]);
    const whole = new TextEncoder().encode(text);
    for (const { text: shown, partial, bytes: place, id } of tokens) {
      const own = whole.slice(...place);
      expect(tokenizer.tokenBytes(id)).toEqual(own);
      if (partial) expect(shown).toBe([...own].map((byte) => byte.toString(16).toUpperCase()).join(" "));
    }
    // The pieces of one character follow each other without a gap.
    expect(tokens.map(({ bytes: [start] }) => start)).toEqual([
      0,
      ...tokens.slice(0, -1).map(({ bytes: [, end] }) => end),
    ]);
    expect(tokens.some(({ partial }) => partial)).toBe(true);
  });

  it("gives places in the text as it was written where a tokenizer changes it", async () => {
    const tokenizer = await trainTokenizer(["the café is open", "猫在睡觉"], {
      model: "wordpiece",
      vocabularySize: 60,
      lowercase: true,
    });
    const { tokens } = cutText(tokenizer, "THE Café 猫");
    expect(tokens.map(({ text }) => text).join("")).toBe("THECafé猫");
    expect(tokens.at(-1)!.bytes).toEqual([10, 13]);
  });

  it("cuts nothing into nothing", async () => {
    const tokenizer = await trainTokenizer(["a"], { vocabularySize: 260 });
    expect(cutText(tokenizer, "")).toEqual({ tokens: [], characters: 0, bytes: 0 });
  });
});
