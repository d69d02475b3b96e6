import { space, words } from "./whitespace.ts";

// Python's \w and \b know all letters and digits; JavaScript's only those of ASCII.
const word = "[\\p{L}\\p{N}_]";
const edge = `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;

const rules: readonly (readonly [RegExp, string])[] = [
  // Quotes that open.
  [/([«“‘„]|`+)/gu, " $1 "],
  [/^"/gu, "``"],
  [/(``)/gu, " $1 "],
  [/([ ([{<])("|'{2})/gu, "$1 `` "],
  [new RegExp(`(?<!${word})(')(?!(?:re|ve|ll|m|t|s|d|n)${edge})(?=${word})`, "giu"), "$1 "],
  // Punctuation.
  [new RegExp(`([^.])(\\.)([\\])}>"'»”’ ]*)${space}*$`, "gu"), "$1 $2 $3 "],
  [/([:,])([^\p{Nd}])/gu, " $1 $2"],
  [/([:,])$/gu, " $1 "],
  [/\.{2,}/gu, " $& "],
  [/[;@#$%&]/gu, " $& "],
  [/[\u2012-\u2015]/gu, " $& "],
  [new RegExp(`([^.])(\\.)([\\])}>"']*)${space}*$`, "gu"), "$1 $2$3 "],
  [/[?!]/gu, " $& "],
  [/([^'])' /gu, "$1 ' "],
  [/[*]/gu, " $& "],
  [/[\][(){}<>]/gu, " $& "],
  [/--/gu, " -- "],
];

const closing: readonly (readonly [RegExp, string])[] = [
  [/([»”’])/gu, " $1 "],
  [/''/gu, " '' "],
  [/"/gu, " '' "],
  [new RegExp(`${space}+`, "gu"), " "],
  [/([^' ])('[sS]|'[mM]|'[dD]|') /gu, "$1 $2 "],
  [/([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) /gu, "$1 $2 "],
  ...["(can)(not)", "(d)('ye)", "(gim)(me)", "(gon)(na)", "(got)(ta)", "(lem)(me)", "(more)('n)"].map(
    (pair) => [new RegExp(`${edge}${pair}${edge}`, "giu"), " $1 $2 "] as const,
  ),
  [new RegExp(`${edge}(wan)(na)(?=${space})`, "giu"), " $1 $2 "],
  [new RegExp(` ('t)(is|was)${edge}`, "giu"), " $1 $2 "],
];

/**
 * Words of one sentence in the manner of the Penn Treebank, as NLTK's `NLTKWordTokenizer` cuts them: what the CMRC 2018 rule does
 * with what is not Chinese. NLTK's `word_tokenize` splits sentences first, by a trained model; here the text is one sentence.
 */
export function wordTokenize(sentence: string): string[] {
  let text = sentence;
  for (const [pattern, replacement] of rules) text = text.replace(pattern, replacement);
  text = ` ${text} `;
  for (const [pattern, replacement] of closing) text = text.replace(pattern, replacement);
  return words(text);
}
