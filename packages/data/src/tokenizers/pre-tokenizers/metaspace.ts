import { AlignedText, type Edit } from "../aligned-text.ts";
import type { PreTokenizer } from "./pre-tokenizer.ts";

/**
 * SentencePiece's way with spaces: each becomes `replacement` (▁), one is put in front, and the text is cut before each.
 * `prepend` "first" does so at the start of the text only.
 */
export function metaspace(replacement: string, prepend: "always" | "never" | "first", split: boolean): PreTokenizer {
  return (text, start, end, sink) => {
    const plain = text.text;
    const lead =
      prepend !== "never" &&
      !(plain.startsWith(replacement, start) || plain.charCodeAt(start) === 0x20) &&
      (prepend === "always" || (start === 0 ? text.base : text.originalStart(start)) === 0);
    const part = text.slice(start, end);
    const changed =
      replacement.length === 1 && part.starts === undefined && !lead
        ? new AlignedText(part.text.replaceAll(" ", replacement), part.base)
        : part.edited(edits(lead ? replacement : "", replacement));
    const whole = changed.text;
    if (!split) {
      sink(changed, 0, whole.length);
      return;
    }
    for (let at = 0; at < whole.length; ) {
      const next = whole.indexOf(replacement, at + (whole.startsWith(replacement, at) ? replacement.length : 0));
      const stop = next < 0 ? whole.length : next;
      sink(changed, at, stop);
      at = stop;
    }
  };
}

function edits(lead: string, replacement: string): (text: string, edit: Edit) => void {
  return (text, edit) => {
    if (lead !== "") edit(0, 0, lead);
    for (let at = text.indexOf(" "); at >= 0; at = text.indexOf(" ", at + 1)) edit(at, at + 1, replacement);
  };
}
