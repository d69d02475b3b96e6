import { AlignedText } from "../aligned-text.ts";
import { createNormalizer } from "../normalizers/index.ts";
import { createPreTokenizer } from "../pre-tokenizers/index.ts";
import type { NormalizerSpecification, PreTokenizerSpecification } from "../specification.ts";
import { wellFormed } from "../text-pipeline.ts";

/** What happens to texts before their words are counted. */
export interface Cutting {
  readonly normalizer?: NormalizerSpecification | undefined;
  readonly preTokenizer?: PreTokenizerSpecification | undefined;
}

/** Counts of words. */
export type WordCounts = Map<string, number>;

/** A function that counts the words of a text. */
export function createCounter({ normalizer, preTokenizer }: Cutting): (text: string, counts: WordCounts) => void {
  const normalize = normalizer && createNormalizer(normalizer);
  const cut = preTokenizer && createPreTokenizer(preTokenizer, true);
  const count = (word: string, counts: WordCounts): void => {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  };
  return (text, counts) => {
    const plain = wellFormed(text);
    const normalized = new AlignedText(normalize?.apply(plain) ?? plain);
    const { length } = normalized.text;
    if (length === 0) return;
    if (cut?.cut === undefined) count(normalized.text, counts);
    else cut.cut(normalized, 0, length, (part, start, end) => count(part.text.slice(start, end), counts));
  };
}

/** Whether words are counted as text, and are to be written as byte characters after. */
export function countsBytes({ preTokenizer }: Cutting): boolean {
  return preTokenizer !== undefined && createPreTokenizer(preTokenizer, true).bytes;
}
