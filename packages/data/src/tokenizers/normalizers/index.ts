import { editMatches } from "../aligned-text.ts";
import { base64Bytes } from "../base64.ts";
import { toByteCharacters } from "../byte-characters.ts";
import { literalPattern, translatePattern } from "../pattern.ts";
import type { NormalizerSpecification } from "../specification.ts";
import { bertNormalizer } from "./bert.ts";
import { fromEdits, type Normalizer, pipeline, toLowerCase } from "./normalizer.ts";
import { CharacterMap, precompiledEdits } from "./precompiled.ts";
import { sentencePieceEdits } from "./sentencepiece.ts";
import { unicodeEdits } from "./unicode.ts";

export { align, type Normalizer } from "./normalizer.ts";

/** Control characters that SentencePiece's nmt rules drop, and those that become a space. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
const nmtDropped = /[\x01-\x08\v\x0e-\x1f\x7f\x8f\x9f]/g;
const nmtSpaces = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

/** The normalizer a specification describes. */
export function createNormalizer(specification: NormalizerSpecification): Normalizer {
  switch (specification.type) {
    case "Sequence":
      return pipeline(specification.normalizers.map(createNormalizer));
    case "BertNormalizer":
      return bertNormalizer(specification);
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const { type } = specification;
      return { apply: (text) => text.normalize(type), edits: unicodeEdits(type) };
    }
    case "Lowercase":
      return toLowerCase;
    case "StripAccents":
      return {
        apply: (text) => text.replace(/\p{M}+/gu, ""),
        edits: editMatches(/\p{M}+/gu, () => ""),
      };
    case "Strip":
      return strip(specification.strip_left, specification.strip_right);
    case "Nmt":
      return pipeline([fromEdits(editMatches(nmtDropped, () => "")), fromEdits(editMatches(nmtSpaces, () => " "))]);
    case "Precompiled": {
      if (!specification.precompiled_charsmap) return { apply: (text) => text, edits: () => {} };
      return fromEdits(precompiledEdits(new CharacterMap(base64Bytes(specification.precompiled_charsmap))));
    }
    case "Replace": {
      const { pattern, content } = specification;
      return replace("String" in pattern ? pattern.String : translatePattern(pattern.Regex), content);
    }
    case "Prepend": {
      const { prepend } = specification;
      return {
        apply: (text) => (text === "" ? text : prepend + text),
        edits: (text, edit) => {
          if (text !== "") edit(0, 0, prepend);
        },
      };
    }
    case "ByteLevel":
      return { apply: toByteCharacters, edits: editMatches(/[^!-~]/gu, toByteCharacters) };
    case "SentencePiece":
      return fromEdits(sentencePieceEdits(specification));
  }
}

function strip(left: boolean, right: boolean): Normalizer {
  const pattern = new RegExp(
    [left && "^\\p{White_Space}+", right && "\\p{White_Space}+$"].filter(Boolean).join("|"),
    "gu",
  );
  if (!left && !right) return { apply: (text) => text, edits: () => {} };
  return { apply: (text) => text.replace(pattern, ""), edits: editMatches(pattern, () => "") };
}

function replace(pattern: string | RegExp, content: string): Normalizer {
  if (typeof pattern !== "string") {
    return { apply: (text) => text.replace(pattern, () => content), edits: editMatches(pattern, () => content) };
  }
  if (pattern === "") return { apply: (text) => text, edits: () => {} };
  return {
    apply: (text) => text.replaceAll(pattern, () => content),
    edits: editMatches(literalPattern(pattern), () => content),
  };
}
