import { type HashPair, hashInto } from "./hash.ts";
import { HashSet } from "./hash-set.ts";
import type { TextCleaningStep } from "./text-cleaning.ts";

/**
 * Drops documents whose text equals an earlier one's, case, punctuation and space aside when `loose`. Remembers a 64-bit hash
 * of each text: 8 bytes in a table at most three quarters full, so 11 to 22 bytes a document; among a hundred million documents the
 * chance that any two different ones share a hash is 0.0003.
 */
export function dropDuplicateTexts({ loose = false }: { loose?: boolean } = {}): TextCleaningStep {
  return {
    name: "dropDuplicateTexts",
    start: () => {
      const seen = new HashSet();
      const hash: HashPair = { low: 0, high: 0 };
      return (text, note) => {
        const compared = loose
          ? text
              .toLowerCase()
              .replace(/[^\p{L}\p{N}]+/gu, " ")
              .trim()
          : text;
        hashInto(compared, 0, compared.length, hash);
        if (seen.add(hash.low, hash.high)) return text;
        note("same text as an earlier document", "dropped");
        return undefined;
      };
    },
  };
}
