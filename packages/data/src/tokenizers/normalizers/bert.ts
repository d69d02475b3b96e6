import { editMatches } from "../aligned-text.ts";
import type { NormalizerSpecification } from "../specification.ts";
import { type Normalizer, pipeline, stripMarks, toLowerCase } from "./normalizer.ts";
import { unicodeEdits } from "./unicode.ts";

type Settings = Extract<NormalizerSpecification, { type: "BertNormalizer" }>;

/** Control, format and private characters but tab and line ends, and U+FFFD. */
const unwanted = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\u{fffd}]/gu;
const whitespace = /(?! )[\t\n\r\p{White_Space}]/gu;
const ideographs =
  /[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/** BERT's cleaning (Devlin et al. 2019, `BasicTokenizer` of the released code, as Hugging Face's `BertNormalizer`). */
export function bertNormalizer(settings: Settings): Normalizer {
  const steps: Normalizer[] = [];
  const step = (applies: RegExp, pattern: RegExp, change: (match: string) => string): void => {
    const edits = editMatches(pattern, change);
    steps.push({
      apply: (text) => (applies.test(text) ? text.replace(pattern, change) : text),
      edits,
    });
  };
  if (settings.clean_text) {
    step(/[^ -~\n]/, unwanted, () => "");
    step(/[^!-~ ]/, whitespace, () => " ");
  }
  if (settings.handle_chinese_chars) step(/[\u3400-\uffff]/, ideographs, (match) => ` ${match} `);
  if (settings.strip_accents ?? settings.lowercase) {
    const decompose = unicodeEdits("NFD");
    steps.push({ apply: (text) => text.normalize("NFD"), edits: decompose }, stripMarks);
  }
  if (settings.lowercase) steps.push(toLowerCase);
  return pipeline(steps);
}
