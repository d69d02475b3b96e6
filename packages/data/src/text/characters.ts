import { eachText, type TextCleaningStep } from "./text-cleaning.ts";

/** Unicode normalisation (UAX #15); "NFC" unless told otherwise. "NFKC" also folds full-width and compatibility forms. */
export function normalizeUnicode({ form = "NFC" }: { form?: "NFC" | "NFKC" } = {}): TextCleaningStep {
  return eachText("normalizeUnicode", `not in ${form}`, (text) => text.normalize(form));
}

/**
 * Control characters (general category Cc) other than tab and line feed, marks of byte order, spaces and hyphens without width
 * (U+200B, U+2060, U+FEFF, U+00AD), directional marks and overrides, tags, lone surrogates and non-characters. Line ends (CR LF,
 * CR, NEL, U+2028, U+2029) become line feeds. Joiners stay (U+200C, U+200D): scripts and emoji need them.
 */
export function removeControlCharacters(): TextCleaningStep {
  return eachText("removeControlCharacters", "control characters", (text) =>
    text.replace(lineEnds, "\n").replace(unwanted, ""),
  );
}

const lineEnds = /\r\n?|[\u0085\u2028\u2029]/g;
const unwanted =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be found
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFF0-\uFFFB\uFFFE\uFFFF\u{E0000}-\u{E007F}\p{Cs}]/gu;

/**
 * Spaces of every kind become one space, three or more line feeds two; spaces at both ends of lines and of the text go. The ideographic
 * space (U+3000) is one, too.
 *
 * @param indentation keep the spaces at the start of lines, for code and verse. Default false.
 */
export function collapseWhitespace({ indentation = false }: { indentation?: boolean } = {}): TextCleaningStep {
  return eachText("collapseWhitespace", "superfluous white space", (text) =>
    text
      .replace(indentation ? /(?<=\S)[^\S\n]+/g : /[^\S\n]+/g, " ")
      .replace(indentation ? / +$/gm : /^ | $/gm, "")
      .replace(/\n{3,}/g, "\n\n")
      .replace(indentation ? /^\n+|\s+$/g : /^\s+|\s+$/g, ""),
  );
}

/** Drops documents that are left with fewer characters (UTF-16 units, spaces aside) than `minimum`, or with more than `maximum`. */
export function limitLength({
  minimum = 1,
  maximum = Number.POSITIVE_INFINITY,
}: {
  minimum?: number;
  maximum?: number;
} = {}): TextCleaningStep {
  return {
    name: "limitLength",
    start: () => (text, note) => {
      const length = text.replace(/\s+/g, "").length;
      if (length >= minimum && length <= maximum) return text;
      note(length < minimum ? `shorter than ${minimum} characters` : `longer than ${maximum} characters`, "dropped");
      return undefined;
    },
  };
}
