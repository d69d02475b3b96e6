import { describe, expect, it } from "vitest";
import { maskPersonalData } from "../personal-data.ts";
import { filterQuality } from "../quality.ts";
import { startTextCleaning } from "../text-cleaning.ts";
import { renderTextReport } from "./render-text-report.ts";
import { reportTexts } from "./report-texts.ts";
import { fill, wordings } from "./wording.ts";

const documents = [
  { text: "Write to <jane@example.com> & be happy.", label: "a" },
  { text: "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。", label: "b" },
  { text: "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。", label: "b" },
  { text: "", label: "b" },
];
const report = await reportTexts({
  name: "poems <1>",
  splits: { train: documents.slice(0, 3), test: documents.slice(3).concat(documents[1]!) },
  label: ({ label }) => label,
  detector: (text) => ({ language: /\p{Script=Han}/u.test(text) ? "zh" : "en", reliable: true }),
  nearDuplicates: { documents: 2, clusters: 1, threshold: 0.8 },
  cleaning: [{ reason: "HTML", count: 3 }],
  examples: [
    { reason: "HTML", before: "<b>x</b>", after: "x" },
    { reason: "gopher_short_doc", before: "short" },
  ],
});

describe("reportTexts", () => {
  it("counts", () => {
    expect([report.records, report.splits, report.duplicates]).toEqual([
      5,
      { train: 3, test: 2 },
      { within: 1, across: 1 },
    ]);
    const { texts } = report;
    expect([texts.totalCharacters, texts.totalWords]).toEqual([39 + 3 * 25, 7 + 3 * 20]);
    expect([texts.lines.maximum, texts.characters.quantiles["0.5"]]).toEqual([2, 25]);
    expect(texts.languages).toEqual([
      { name: "zh", count: 3 },
      { name: "en", count: 2 },
    ]);
    expect(texts.quality).toEqual([{ name: "gopher_short_doc", count: 5 }]);
    expect(texts.personalData).toEqual([{ name: "email", count: 1, texts: 1 }]);
    expect(report.classes?.map(({ label }) => label)).toEqual(["a", "b"]);
    expect(report.warnings.join()).toContain("1 texts are empty.");
    expect(report.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("leaves out what it is not asked for, and holds nothing of nothing", async () => {
    const bare = await reportTexts({ name: "none", splits: { all: [] }, quality: false, personalData: false });
    expect([bare.texts.languages, bare.texts.quality, bare.texts.personalData]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(renderTextReport(bare)).toContain("<h1>none</h1>");
  });
});

describe("renderTextReport", () => {
  it.each(["en", "zh"] as const)("is a page of its own in %s, with every text escaped", (language) => {
    const page = renderTextReport(report, { language });
    const words = wordings[language];
    for (const part of [words.lengths, words.languages, words.quality, words.personal, words.examples, words.dropped]) {
      expect(page).toContain(part);
    }
    expect(page).toContain("Write to &#60;jane@example.com&#62; &#38; be happy.");
    expect(page).toContain("poems &#60;1&#62;");
    expect(page).toContain(fill(words.nearHint, 2, 1, 0.8));
    expect(page).not.toMatch(/<script|https?:|undefined|\{\d\}|NaN/);
  });
});

describe("examples of cleaning", () => {
  it("show the first difference, a few of each reason", () => {
    const pass = startTextCleaning([maskPersonalData(), filterQuality({ minimumWords: 3 })], { examples: 1 });
    const long = "word ".repeat(100);
    for (const text of [`${long}a@b.com end`, "c@d.com", "no"]) pass.clean({ text });
    expect(pass.examples()).toEqual([
      {
        reason: "personal data: email",
        before: `…${"word ".repeat(8)}a@b.com end`,
        after: `…${"word ".repeat(8)}<EMAIL> end`,
      },
      { reason: "gopher_enough_stop_words", before: expect.stringContaining("word word") },
      { reason: "gopher_short_doc", before: "<EMAIL>" },
    ]);
  });
});
