import type { TextCleaningStep } from "./text-cleaning.ts";

/** What language a text is in. */
export interface LanguageGuess {
  /** ISO 639-1, for example "zh" or "en"; "und" where nothing can be told. */
  readonly language: string;
  /** Whether it is likely enough to act upon. */
  readonly reliable: boolean;
}

interface Detector {
  detect(text: string): { readonly language: string; isReliable(): boolean };
}

/** Characters that are looked at: more of them say nothing new. */
const enough = 1000;

/**
 * Loads the detector: eld's tables for 60 languages (about 50 MB of memory). Text mostly in Han characters without kana is "zh"
 * by its script alone, in Hangul "ko", in kana "ja".
 *
 * @throws Error when eld is not installed.
 */
export async function openLanguageDetector(): Promise<(text: string) => LanguageGuess> {
  const { eld } = await (import("eld/small") as Promise<{ eld: Detector }>).catch((error: Error) => {
    throw new Error(`Expected eld, which tells languages apart, to be installed: npm install eld. ${error.message}`, {
      cause: error,
    });
  });
  return (text) => {
    const sample = text.length > enough ? text.slice(0, enough) : text;
    const byScript = scriptLanguage(sample);
    if (byScript !== undefined) return { language: byScript, reliable: true };
    const guess = eld.detect(sample);
    return guess.language === ""
      ? { language: "und", reliable: false }
      : { language: guess.language, reliable: guess.isReliable() };
  };
}

/** The language that a text's characters give away; a Han character counts as three letters, being about a syllable of meaning. */
function scriptLanguage(text: string): string | undefined {
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  const han = count(/\p{Script=Han}/gu);
  const kana = count(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu);
  const hangul = count(/\p{Script=Hangul}/gu);
  if (han + kana + hangul === 0) return undefined;
  const others = count(/\p{L}/gu) - han - kana - hangul;
  const [eastern, western] = [3 * (han + kana + hangul), others];
  if (eastern < western) return undefined;
  if (hangul > han + kana) return "ko";
  return kana > 0.1 * (han + kana) ? "ja" : "zh";
}

export interface LanguageFilter {
  /** The languages to keep, ISO 639-1. */
  readonly languages: readonly string[];
  /** Keep texts whose language cannot be told: too short, or between two. Default true. */
  readonly uncertain?: boolean;
  /** From `openLanguageDetector`. */
  readonly detector: (text: string) => LanguageGuess;
}

/** Drops documents in other languages, with the language as the reason. */
export function filterLanguage({ languages, uncertain = true, detector }: LanguageFilter): TextCleaningStep {
  const wanted = new Set(languages);
  return {
    name: "filterLanguage",
    start: () => (text, note) => {
      const { language, reliable } = detector(text);
      if (wanted.has(language) || (uncertain && !reliable)) return text;
      note(`in language ${language}`, "dropped");
      return undefined;
    },
  };
}
