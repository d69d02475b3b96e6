import { widthAt } from "./character-classes.ts";

/** One change of a text: `text[start, end)` becomes `replacement`. Edits come in order and do not overlap. */
export type Edit = (start: number, end: number, replacement: string) => void;

/**
 * A text under normalisation that remembers where each of its UTF-16 units came from in the original.
 *
 * Where the text is a plain part of the original, only `base` is kept: unit i came from `[base + i, base + i + 1)`.
 */
export class AlignedText {
  readonly text: string;
  /** Where the text begins in the original. */
  readonly base: number;
  /** For each unit, where the original characters begin that it stands for. */
  readonly starts: Int32Array | undefined;
  /** For each unit, where they end. */
  readonly ends: Int32Array | undefined;

  constructor(text: string, base = 0, starts?: Int32Array, ends?: Int32Array) {
    this.text = text;
    this.base = base;
    this.starts = starts;
    this.ends = ends;
  }

  /** Start in the original of what `text[start, end)` stands for. */
  originalStart(start: number): number {
    if (this.starts === undefined) return this.base + start;
    return start < this.starts.length ? this.starts[start]! : (this.ends!.at(-1) ?? this.base);
  }

  /** End in the original of what `text[start, end)` stands for. */
  originalEnd(end: number): number {
    if (this.ends === undefined) return this.base + end;
    return end > 0 ? this.ends[end - 1]! : (this.starts![0] ?? this.base);
  }

  slice(start: number, end: number): AlignedText {
    if (start === 0 && end === this.text.length) return this;
    return new AlignedText(
      this.text.slice(start, end),
      start === 0 ? this.base : this.originalStart(start),
      this.starts?.subarray(start, end),
      this.ends?.subarray(start, end),
    );
  }

  /**
   * The text with edits made. Every unit of a replacement stands for the whole of what it replaced; an insertion stands for
   * the character after it (or, at the end, before it).
   */
  edited(edits: (text: string, edit: Edit) => void): AlignedText {
    const { text } = this;
    const parts: string[] = [];
    const changes: number[] = [];
    let length = 0;
    let kept = 0;
    edits(text, (start, end, replacement) => {
      parts.push(text.slice(kept, start), replacement);
      changes.push(start, end, replacement.length);
      length += start - kept + replacement.length;
      kept = end;
    });
    if (changes.length === 0) return this;
    parts.push(text.slice(kept));
    length += text.length - kept;
    const starts = new Int32Array(length);
    const ends = new Int32Array(length);
    let to = 0;
    let from = 0;
    const keepUntil = (stop: number): void => {
      for (; from < stop; from++, to++) {
        starts[to] = this.originalStart(from);
        ends[to] = this.originalEnd(from + 1);
      }
    };
    for (let change = 0; change < changes.length; change += 3) {
      const start = changes[change]!;
      const end = changes[change + 1]!;
      keepUntil(start);
      const first = start === end && start === text.length ? Math.max(0, start - 1) : start;
      const width = start === end ? widthAt(text, first, text.length) : 0;
      const last = Math.min(text.length, Math.max(end, first + width));
      for (const stop = to + changes[change + 2]!; to < stop; to++) {
        starts[to] = this.originalStart(first);
        ends[to] = this.originalEnd(last);
      }
      from = end;
    }
    keepUntil(text.length);
    return new AlignedText(parts.join(""), this.base, starts, ends);
  }
}

/** The text with edits made, when no one asks for places. */
export function applyEdits(text: string, edits: (text: string, edit: Edit) => void): string {
  let result = "";
  let kept = 0;
  edits(text, (start, end, replacement) => {
    result += text.slice(kept, start) + replacement;
    kept = end;
  });
  return kept === 0 && result === "" ? text : result + text.slice(kept);
}

/** Edits of every match of a global regular expression that `change` changes. */
export function editMatches(pattern: RegExp, change: (match: string) => string): (text: string, edit: Edit) => void {
  return (text, edit) => {
    for (const { 0: match, index } of text.matchAll(pattern)) {
      const replacement = change(match);
      if (replacement !== match) edit(index, index + match.length, replacement);
    }
  };
}
