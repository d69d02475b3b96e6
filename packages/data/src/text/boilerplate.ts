import { type LineCounts, lineHash } from "./line-counts.ts";
import type { TextCleaningStep } from "./text-cleaning.ts";

/** Share of a block's characters that are within links. */
export function blockDensity({ text, linked }: { readonly text: string; readonly linked: number }): number {
  return text.length === 0 ? 0 : Math.min(1, linked / text.length);
}

/** Phrases of banners, menus and legal lines. They count only in short lines: an article may speak of cookies. */
const phrases = [
  /\b(?:we|this (?:web)?site|our partners) uses? cookies\b/i,
  /\b(?:accept|allow|reject|manage) (?:all )?(?:cookies|consent|preferences)\b/i,
  /\bcookie (?:policy|settings|preferences|notice)\b/i,
  /\b(?:privacy policy|terms (?:of (?:use|service)|and conditions))\b/i,
  /\ball rights reserved\b/i,
  /^\s*(?:copyright\b.{0,12}(?:©|\(c\)|\b(?:19|20)\d\d)|©|\(c\) ?(?:19|20)\d\d).{0,120}$/i,
  /^\s*(?:skip to (?:main )?content|back to top|read more|continue reading|load more|show more|share (?:this|on).*|sign (?:in|up)|log ?in|register|subscribe(?: to .*)?|previous|next|home|search|menu|advertisement)\s*[.»›…>]*\s*$/i,
  /\b(?:enable|turn on) javascript\b/i,
  /^\s*(?:posted|published) (?:by|on|in)\b.{0,80}$/i,
  /(?:使用|接受|允许|同意).{0,12}\s?cookies?/i,
  /cookies?\s?(?:政策|设置|声明)/i,
  /版权所有|著作权所有|未经.{0,8}(?:授权|许可).{0,8}(?:不得|禁止)|[京沪粤浙苏川渝津鲁闽]\s?ICP\s?[备证]|公网安备/,
  /^\s*(?:上一[篇页章]|下一[篇页章]|返回(?:顶部|首页|列表)|阅读(?:全文|更多)|查看更多|点击(?:这里|查看|展开).*|展开全文|收起|登录|注册|首页|分享到?.*|扫一扫.*|扫码.*|责任编辑.*|广告|相关(?:推荐|阅读|文章)|热门(?:推荐|文章)|友情链接|关于我们|联系我们|隐私(?:政策|声明)|用户协议|免责声明)\s*[：:>»]?\s*$/,
];
const longestBoilerplate = 200;

/** Whether a line reads like part of a banner, a menu or a legal note, in English or Chinese. */
export function looksLikeBoilerplate(line: string): boolean {
  return line.length <= longestBoilerplate && (phrases.some((phrase) => phrase.test(line)) || isMenu(line));
}

/** "Home | News | Contact", "首页 > 新闻 > 国内": four or more short parts between separators, or three within arrows. */
function isMenu(line: string): boolean {
  const bars = line.split(/\s*[|｜·•]\s*/);
  const arrows = line.split(/\s*[>»›]\s*/);
  const short = (parts: readonly string[], least: number): boolean =>
    parts.length >= least && parts.every((part) => part.length > 0 && part.length <= 24);
  return short(bars, 4) || short(arrows, 3);
}

export interface BoilerplateOptions {
  /** Lines counted over the whole collection by `countLines`; those repeated across documents go. */
  readonly lines?: LineCounts;
  /** A line is repeated when it occurs in at least this many documents. Default 3. */
  readonly minimumDocuments?: number;
  /** And in at least this share of them, 0 to 1. Default 0.001. */
  readonly minimumShare?: number;
}

/**
 * Takes out lines of banners, menus and legal notes, and lines repeated across documents where their counts are given.
 */
export function removeBoilerplate({
  lines,
  minimumDocuments = 3,
  minimumShare = 0.001,
}: BoilerplateOptions = {}): TextCleaningStep {
  const least = lines === undefined ? 0 : Math.max(minimumDocuments, minimumShare * lines.documents);
  return {
    name: "removeBoilerplate",
    start: () => (text, note) => {
      let found = 0;
      let repeated = 0;
      const kept = text.split("\n").filter((line) => {
        if (line.trim() === "") return true;
        if (looksLikeBoilerplate(line)) {
          found++;
          return false;
        }
        if (lines !== undefined && lines.of(lineHash(line)) >= least) {
          repeated++;
          return false;
        }
        return true;
      });
      note("lines of banners, menus and legal notes", "changed", found);
      note("lines repeated across documents", "changed", repeated);
      return found + repeated === 0 ? text : kept.join("\n");
    },
  };
}
