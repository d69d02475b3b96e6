import { describe, expect, it } from "vitest";
import fixtures from "../fixtures/text-baselines.json" with { type: "json" };
import { AnswerFinder } from "./answer-finder.ts";
import { passageOf, questionKind } from "./passage.ts";
import { slidingWindowAnswer } from "./sliding-window.ts";
import { WordTranslator } from "./word-translator.ts";

describe("passages", () => {
  it("are cut into words, characters, marks and sentences", () => {
    const passage = passageOf("Dr. No paid $1,204.50 at 6:30. 我们走了。好吗？");
    expect(passage.units.map(({ text }) => text)).toEqual([
      "dr",
      ".",
      "no",
      "paid",
      "$",
      "1,204.50",
      "at",
      "6:30",
      ".",
      ..."我们走了。好吗？",
    ]);
    expect(passage.sentences.map(([from, to]) => to - from)).toEqual([2, 7, 5, 3]);
    for (const { start, end, text } of passage.units) expect(passage.text.slice(start, end).toLowerCase()).toBe(text);
  });

  it.each([
    ["How many boats came?", "number"],
    ["In what year was it built?", "time"],
    ["谁写了它？", "person"],
    ["在哪里？", "place"],
    ["为什么？", "reason"],
    ["Name it.", "other"],
  ])("%s asks for %s", (question, kind) => {
    expect(questionKind(question)).toBe(kind);
  });
});

const context =
  "The harbour was built in 1712 by Jacob Stern. A lighthouse of red brick followed in 1840, paid for by the town. The keeper was Anna Wolf.";

describe("sliding window", () => {
  it("answers from the sentence that shares most with the question", () => {
    const found = slidingWindowAnswer("Who built the harbour?", context);
    expect(found.start).toBeLessThan(context.indexOf("A lighthouse"));
    expect(context.slice(found.start, found.end)).toBe(found.text);
    expect(slidingWindowAnswer("谁是船长？", "船长是李明，厨师是王芳。").text).toBe("李明");
    expect(() => slidingWindowAnswer("Who?", "…")).toThrow("Received none");
  });
});

describe("answer finder", () => {
  it("learns what questions ask for, the same for the same seed", async () => {
    const [people, years] = [
      ["Jacob Stern", "Anna Wolf", "Karl Berg", "Lena Holm"],
      ["1712", "1840", "1901", "1655"],
    ];
    const things = ["harbour", "mill", "bridge", "tower"];
    const questions = things.flatMap((thing, index) => {
      const text = `In the north, the ${thing} was built in ${years[index]} by ${people[index]} for the town. It is still there.`;
      return [
        {
          question: `Who built the ${thing}?`,
          context: text,
          answer: people[index]!,
          start: text.indexOf(people[index]!),
        },
        {
          question: `When was the ${thing} built?`,
          context: text,
          answer: years[index]!,
          start: text.indexOf(years[index]!),
        },
      ];
    });
    const options = { seed: 1, epochs: 8, wrong: 40 };
    const finder = await AnswerFinder.fit(questions, options);
    const unseen = "Far in the south, the old church was built in 1733 by Otto Lind for the king. It burnt down.";
    expect(finder.answer("Who built the church?", unseen).text).toBe("Otto Lind");
    expect(finder.answer("When was the church built?", unseen).text).toBe("1733");
    const again = await AnswerFinder.fit(questions, options);
    expect(again.answer("Why?", unseen)).toEqual(finder.answer("Why?", unseen));
    const elsewhere = [{ question: "Who?", context: "Nobody knows.", answer: "Jacob", start: 40 }];
    await expect(AnswerFinder.fit(elsewhere, { seed: 1 })).rejects.toThrow("Received 1 without");
  });
});

describe("word translator", () => {
  it("has NLTK's IBM Model 1", async () => {
    const { sources, targets, table } = fixtures.ibm;
    const translator = await WordTranslator.fit(sources, targets, { iterations: 5 });
    for (const [source, target, chance] of table as [string, string, number][]) {
      expect(translator.probability(source, target), `${source} ${target}`).toBeCloseTo(chance, 8);
    }
    expect(translator.translate("ein rot boot, Xaver!")).toBe("a red boat, Xaver!");
  });

  it("writes Chinese without spaces and keeps what it does not know", async () => {
    const translator = await WordTranslator.fit(["red boat", "red house", "old boat"], ["红船", "红房", "旧船"]);
    expect(translator.translate("old house")).toMatch(/^旧[红房]$/);
    expect(translator.probability("boat", "狗")).toBe(0);
    await expect(WordTranslator.fit(["a"], [])).rejects.toThrow("Received 1 and 0");
  });
});
