import type { PieceScanner } from "./pre-tokenizer.ts";

/** Every script's characters, as V8 knows them; written out because JavaScript cannot ask a character for its script. */
const scripts =
  "Latin Han Cyrillic Greek Arabic Hebrew Hangul Thai Devanagari Armenian Georgian Ethiopic Bengali Tamil Telugu Gujarati Gurmukhi Kannada Malayalam Sinhala Khmer Lao Myanmar Tibetan Mongolian Cherokee Canadian_Aboriginal Oriya Thaana Syriac Bopomofo Yi Coptic Gothic Inherited Common"
    .split(" ")
    .map((script) => new RegExp(`^\\p{Script=${script}}`, "u"));
const han = 1;
const cache = new Map<number, number>();

/** A number for the script; hiragana, katakana and the prolonged sound mark count as Han, as sentencepiece has it. */
function scriptOf(codePoint: number): number {
  let script = cache.get(codePoint);
  if (script === undefined) {
    const character = String.fromCodePoint(codePoint);
    script = /^[\p{Script=Hiragana}\p{Script=Katakana}\u30fc]/u.test(character)
      ? han
      : scripts.findIndex((pattern) => pattern.test(character));
    cache.set(codePoint, script);
  }
  return script;
}

/** Runs of one script; spaces and characters of none belong to any. */
export const scriptScanner: PieceScanner = (text, at, end) => {
  let current: number | undefined;
  while (at < end) {
    const codePoint = text.codePointAt(at)!;
    if (codePoint !== 0x20) {
      const script = scriptOf(codePoint);
      if (current !== undefined && script >= 0 && script !== current) return at;
      if (script >= 0) current = script;
    }
    at += codePoint > 0xffff ? 2 : 1;
  }
  return at;
};
