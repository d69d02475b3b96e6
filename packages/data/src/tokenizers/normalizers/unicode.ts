import { type Edit, editMatches } from "../aligned-text.ts";

export type UnicodeForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** Marks, Hangul vowels and finals, and the halfwidth and compatibility letters that become such: what may join what is before it. */
const joins = "\\p{M}\\u1160-\\u11ff\\u3131-\\u318e\\uff9e-\\uffdc";

/** A character with everything after it that may join it. Normalising a text is normalising these one by one. */
const cluster = new RegExp(`[^${joins}][${joins}]*|[${joins}]+`, "gv");

/** Edits that bring a text into a normalisation form (Unicode Standard Annex 15). */
export function unicodeEdits(form: UnicodeForm): (text: string, edit: Edit) => void {
  const edits = editMatches(cluster, (match) => match.normalize(form));
  return (text, edit) => {
    if (text.normalize(form) !== text) edits(text, edit);
  };
}
