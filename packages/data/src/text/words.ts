/**
 * Words and marks of punctuation, in order. Letters and digits in a row are a word, with apostrophes and hyphens inside; dots in
 * a row are one mark, other marks stand alone. Chinese, Japanese and Thai, which are written without spaces, are cut by the
 * dictionary of the platform (`Intl.Segmenter`).
 */
export function splitWords(text: string): string[] {
  const found = text.match(pattern) ?? [];
  if (!unspaced.test(text)) return found;
  return found.flatMap((word) => (unspaced.test(word) ? segments(word) : [word]));
}

const pattern = /[\p{L}\p{M}\p{N}_]+(?:['’-][\p{L}\p{M}\p{N}]+)*|\.{2,}|[^\s]/gu;
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
let segmenter: Intl.Segmenter | undefined;

function segments(text: string): string[] {
  segmenter ??= new Intl.Segmenter("zh", { granularity: "word" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
