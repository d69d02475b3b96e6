import { describe, expect, it } from "vitest";
import { noteQuestions } from "./notes.ts";

describe("generated notes", () => {
  it.each(["en", "zh", "both"] as const)("%s: answers stand where they are said to", (language) => {
    const all = noteQuestions({ count: 400, seed: 1, language });
    expect(all).toHaveLength(400);
    for (const { passage, answer, start } of all) expect(passage.startsWith(answer, start)).toBe(true);
    expect(all.some(({ passage }) => /\p{Script=Han}/u.test(passage))).toBe(language !== "en");
    expect(noteQuestions({ count: 400, seed: 1, language })).toEqual(all);
    expect(noteQuestions({ count: 400, seed: 2, language })).not.toEqual(all);
  });
});
