import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { removeBoilerplate } from "./boilerplate.ts";
import { collapseWhitespace, limitLength, normalizeUnicode, removeControlCharacters } from "./characters.ts";
import { dropDuplicateTexts } from "./exact-duplicates.ts";
import { htmlToText, stripHtml } from "./html-text.ts";
import { countLines } from "./line-counts.ts";
import { chineseQuality, filterQuality, filterRepetition, qualityReason, repetitionReason } from "./quality.ts";
import { cleanTexts, startTextCleaning, type TextCleaningStep } from "./text-cleaning.ts";
import { splitWords } from "./words.ts";

const golden = new URL("../../../../../shared/golden/text/datatrove_gopher_filters.json", import.meta.url);
const goldenIsHere = existsSync(golden);
if (!goldenIsHere) console.log(`Skipped: no reference vectors at ${golden.pathname}`);

const clean = (step: TextCleaningStep, text: string) => {
  const pass = startTextCleaning([step]);
  return { text: pass.clean({ text })?.text, cleaning: pass.cleaning() };
};

describe("characters", () => {
  it("normalises", () => {
    expect(clean(normalizeUnicode(), "cafe\u0301 ﬁ")).toEqual({
      text: "café ﬁ",
      cleaning: [{ reason: "not in NFC", action: "changed", count: 1 }],
    });
    expect(clean(normalizeUnicode({ form: "NFKC" }), "ＡＢＣ１２３").text).toBe("ABC123");
    expect(clean(normalizeUnicode(), "中文").cleaning).toEqual([]);
  });

  it("takes out control characters, keeps tabs, joiners and line ends", () => {
    const text = "\uFEFFa\u0000b\tc\u200Bd\u00ADe\r\nf\rg\u2028h👩‍👩‍👧\uD800\u202Ei";
    expect(clean(removeControlCharacters(), text).text).toBe("ab\tcde\nf\ng\nh👩‍👩‍👧i");
  });

  it("collapses white space of every kind", () => {
    expect(clean(collapseWhitespace(), "\n\n  a \t\u00A0b\u3000c  \n \n\n\n\n d  ").text).toBe("a b c\n\nd");
    expect(clean(collapseWhitespace({ indentation: true }), "\nif x:\n    y  =  1  \n").text).toBe("if x:\n    y = 1");
  });

  it("limits length", () => {
    expect(clean(limitLength({ minimum: 5 }), "a b c d")).toEqual({
      text: undefined,
      cleaning: [{ reason: "shorter than 5 characters", action: "dropped", count: 1 }],
    });
    expect(clean(limitLength({ maximum: 5 }), "a b c d").text).toBe("a b c d");
  });
});

const page = `<!doctype html><html><head><title>T</title><style>p{}</style><script>var a = "<p>no</p>";</script></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul></nav>
<div class="cookie-banner">We use cookies. <button>Accept all</button></div>
<header><a href="/">Site</a></header>
<main><article><header><h1>R&amp;D in Spain &mdash; 研究</h1></header>
<p>First <b>para</b>graph<br>with a <a href="#">link</a> in it, and words enough around it.</p>
<ul><li>one</li><li>two</li></ul>
<p hidden>secret</p><p style="display: none">gone</p>
<table><tr><td>a</td><td>b</td></tr></table>
<pre>x  =  1
y</pre>
<div><a href="1">Related story one</a> <a href="2">Related story two</a></div></article></main>
<footer>© 2026 Site. All rights reserved.</footer></body></html>`;

describe("HTML", () => {
  it("gives what a reader reads", () => {
    expect(htmlToText(page)).toBe(
      "R&D in Spain — 研究\n\nFirst paragraph\nwith a link in it, and words enough around it.\n\none\ntwo\n\na\nb\n\nx = 1\ny",
    );
  });

  it("keeps boilerplate when told to, never scripts", () => {
    const text = htmlToText(page, { boilerplate: "keep" });
    for (const part of ["Home", "We use cookies. Accept all", "Related story one", "All rights reserved"]) {
      expect(text).toContain(part);
    }
    expect(text).not.toMatch(/secret|gone|var a|p\{/);
  });

  it("reads broken markup and leaves plain text alone", () => {
    expect(htmlToText("<p>a<p>b</div>c<b>d")).toBe("a\n\nbcd");
    for (const text of ["a < b and c > d", "AT&T", "x<y", "3 <4> 5", "中文 <- 箭头"]) {
      expect(clean(stripHtml(), text)).toEqual({ text, cleaning: [] });
    }
    expect(clean(stripHtml(), "a &lt; b<br/>c").text).toBe("a < b\nc");
  });
});

describe("boilerplate", () => {
  it("takes out banners, menus and legal lines in both languages, no prose", () => {
    const lines = {
      kept: [
        "The commission fined the company because it tracked users although they had refused its cookies.",
        "他在首页上看到了这条新闻，随后联系了编辑部。",
        "Copyright law is old.",
        "天气很好，我们去公园吧。",
        "",
      ],
      gone: [
        "Home | News | Sport | Contact",
        "首页 > 新闻 > 国内",
        "We use cookies to improve your experience.",
        "© 2024 Example Inc. All rights reserved.",
        "Read more »",
        "阅读全文",
        "版权所有 北京某某科技有限公司",
        "京ICP备12345678号-1",
        "责任编辑：张三",
      ],
    };
    const { text, cleaning } = clean(removeBoilerplate(), [...lines.gone, ...lines.kept].join("\n"));
    expect(text).toBe(lines.kept.join("\n"));
    expect(cleaning).toEqual([
      { reason: "lines of banners, menus and legal notes", action: "changed", count: lines.gone.length },
    ]);
  });

  it("takes out lines repeated across documents, their numbers aside", async () => {
    const documents = Array.from({ length: 10 }, (_, index) => ({
      text: `Visit our shop, offer ${index}\nText number ${"abcdefghij"[index]}\nIn two only${index < 2 ? "" : index}x${"abcdefghij"[index]}`,
    }));
    const lines = await countLines(documents);
    const { documents: kept, cleaning } = await cleanTexts(documents, [removeBoilerplate({ lines })]);
    expect(kept[3]!.text).toBe("Text number d\nIn two only3xd");
    expect(cleaning).toEqual([{ reason: "lines repeated across documents", action: "changed", count: 10 }]);
  });

  it("forgets rare lines first when memory is short", async () => {
    const documents = Array.from({ length: 500 }, (_, index) => ({
      text: `same line\n${"abcdefghij"[index % 10]}${"klmnopqrst"[Math.floor(index / 10) % 10]}${"uvwxy"[Math.floor(index / 100)]} only here`,
    }));
    const lines = await countLines(documents, { memory: 50 });
    const { documents: kept } = await cleanTexts(documents.slice(0, 1), [removeBoilerplate({ lines })]);
    expect(kept[0]!.text).toBe("aku only here");
  });
});

describe("quality", () => {
  const { gopher_repetition_default_thresholds: repetition = [], gopher_quality_min10_max1000_words: quality = [] } =
    goldenIsHere ? JSON.parse(readFileSync(golden, "utf8")) : {};

  it.skipIf(!goldenIsHere)("repetition: the same first reasons as datatrove", () => {
    expect(repetition).toHaveLength(7);
    for (const { text, first_reason } of repetition) expect(repetitionReason(text), text).toBe(first_reason);
  });

  it.skipIf(!goldenIsHere)("quality: the same first reasons as datatrove", () => {
    expect(quality).toHaveLength(6);
    for (const { text, first_reason } of quality) {
      expect(qualityReason(text, { minimumWords: 10, maximumWords: 1000 }), text).toBe(first_reason);
    }
  });

  const prose =
    "It was the best of times, and it was the worst of times; people have said that we were to be with it for ever. " +
    "Every paragraph of a book reads unlike the ones before it, and nobody minds a comma, a dash or a question. " +
    "Whoever wrote this did not repeat himself much, though he could have done so easily, given time and paper.";

  it("keeps prose, in English and Chinese", () => {
    expect([qualityReason(prose), repetitionReason(prose)]).toEqual([undefined, undefined]);
    const chinese =
      "春天来了，公园里的花都开了。老人们在湖边散步，孩子们放着风筝，年轻人坐在长椅上看书。远处传来了音乐声，那是有人在拉二胡。" +
      "我和朋友约好了下午一起去爬山，可是天气预报说傍晚会下雨，所以我们决定早点出发，也不走得太远。";
    expect([qualityReason(chinese), repetitionReason(chinese)]).toEqual([undefined, undefined]);
    expect(qualityReason(chinese, { minimumWordLength: 3 })).toBe("gopher_below_avg_threshold");
    expect(qualityReason("花草树木山川河流日月星辰。".repeat(20), chineseQuality)).toBe("gopher_enough_stop_words");
  });

  it("gives every other reason", () => {
    const small = { minimumWords: 1 };
    expect(qualityReason("word ".repeat(20), { ...small, maximumWords: 10 })).toBe("gopher_long_doc");
    expect(qualityReason("• apples and pears with that\n".repeat(5), small)).toBe("gopher_too_many_bullets");
    expect(qualityReason("apples and pears have been with that and more than this ...\n".repeat(5), small)).toBe(
      "gopher_too_many_end_ellipsis",
    );
    expect(qualityReason("bananas apples oranges", small)).toBe("gopher_enough_stop_words");
    expect(qualityReason("", { minimumWords: null })).toBe("gopher_below_avg_threshold");
    expect(qualityReason("bananas apples oranges", { ...small, minimumStopWords: null })).toBeUndefined();
  });

  it("drops with the rule as the reason", async () => {
    const documents = [{ text: prose }, { text: "short" }, { text: `${"again and again\n".repeat(30)}` }];
    const { documents: kept, cleaning } = await cleanTexts(documents, [filterRepetition(), filterQuality()]);
    expect(kept).toEqual([{ text: prose }]);
    expect(cleaning).toEqual([
      { reason: "dup_line_frac", action: "dropped", count: 1 },
      { reason: "gopher_short_doc", action: "dropped", count: 1 },
    ]);
  });

  it("splits words", () => {
    expect(splitWords("Don't stop... e-mail, 3 词语分割很好!")).toEqual([
      "Don't",
      "stop",
      "...",
      "e-mail",
      ",",
      "3",
      "词语",
      "分割",
      "很好",
      "!",
    ]);
  });
});

describe("exact duplicates", () => {
  it("keeps the first, exactly or loosely", async () => {
    const documents = ["Hello, world", "hello world!", "Hello, world", "other"].map((text, id) => ({ text, id }));
    expect((await cleanTexts(documents, [dropDuplicateTexts()])).documents.map(({ id }) => id)).toEqual([0, 1, 3]);
    const { documents: kept, cleaning } = await cleanTexts(documents, [dropDuplicateTexts({ loose: true })]);
    expect(kept.map(({ id }) => id)).toEqual([0, 3]);
    expect(cleaning).toEqual([{ reason: "same text as an earlier document", action: "dropped", count: 2 }]);
  });

  it("tells a hundred thousand texts apart", async () => {
    const documents = Array.from({ length: 100_000 }, (_, id) => ({ text: `document ${id}` }));
    expect((await cleanTexts(documents, [dropDuplicateTexts()])).documents).toHaveLength(100_000);
  });
});
