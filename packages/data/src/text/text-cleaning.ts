import type { CleaningCount } from "../preparation/clean.ts";

/** What cleaning needs of a document; whatever else it carries stays with it. */
export interface TextDocument {
  readonly text: string;
}

/** Records that a step dropped or changed something. `times` counts within the document; the count is of documents unless given. */
export type TextNote = (reason: string, action: CleaningCount["action"], times?: number) => void;

/** Gives the text to keep, or undefined to drop the document. */
export type CleanText = (text: string, note: TextNote) => string | undefined;

/** One thing to clean. `start` begins a pass, so a step may remember texts within a pass and never beyond it. */
export interface TextCleaningStep {
  readonly name: string;
  start(): CleanText;
}

/** One pass of cleaning over documents that come one at a time. */
export interface TextCleaning {
  /** The document (the same object if nothing changed, else a copy), or undefined when a step drops it. */
  clean<D extends TextDocument>(document: D): D | undefined;
  /** What was done so far, in the order of the steps; only what happened at least once. */
  cleaning(): CleaningCount[];
  /** The first documents of each reason, where these were asked for. */
  examples(): CleaningExample[];
}

/** What a step did to a document, around the first difference. */
export interface CleaningExample {
  readonly reason: string;
  readonly before: string;
  /** None where the document was dropped. */
  readonly after?: string;
}

/** Starts a pass of `steps`, with its running counts. `examples` of each reason are kept, none unless asked for. */
export function startTextCleaning(
  steps: readonly TextCleaningStep[],
  { examples = 0 }: { readonly examples?: number } = {},
): TextCleaning {
  const kept = new Map<string, CleaningExample[]>();
  const noted = new Set<string>();
  const started = steps.map((step) => {
    const counts = new Map<string, CleaningCount>();
    const note: TextNote = (reason, action, times = 1) => {
      if (times === 0) return;
      const key = `${action}\0${reason}`;
      if (examples > 0) noted.add(reason);
      counts.set(key, { reason, action, count: (counts.get(key)?.count ?? 0) + times });
    };
    return { clean: step.start(), note, counts };
  });
  const keep = (reason: string, before: string, after: string | undefined): void => {
    const found = kept.get(reason) ?? [];
    if (found.length >= examples) return;
    kept.set(reason, [...found, exampleOf(reason, before, after)]);
  };
  return {
    clean(document) {
      let { text } = document;
      for (const { clean, note } of started) {
        const cleaned = clean(text, note);
        if (noted.size > 0) {
          for (const reason of noted) keep(reason, text, cleaned);
          noted.clear();
        }
        if (cleaned === undefined) return undefined;
        text = cleaned;
      }
      return text === document.text ? document : { ...document, text };
    },
    cleaning: () => started.flatMap(({ counts }) => [...counts.values()]),
    examples: () => [...kept.values()].flat(),
  };
}

const shown = 240;

function exampleOf(reason: string, before: string, after: string | undefined): CleaningExample {
  if (after === undefined) return { reason, before: cut(before, 0) };
  let same = 0;
  while (same < before.length && same < after.length && before[same] === after[same]) same++;
  const start = Math.max(0, same - 40);
  return { reason, before: cut(before, start), after: cut(after, start) };
}

function cut(text: string, start: number): string {
  const stop = Math.min(text.length, start + shown);
  return `${start > 0 ? "…" : ""}${text.slice(start, stop).replace(/\p{Cs}/gu, "")}${stop < text.length ? "…" : ""}`;
}

export interface CleanedTexts<D extends TextDocument> {
  readonly documents: D[];
  readonly cleaning: CleaningCount[];
}

/** Passes every document through the steps, in order, and keeps what is left in memory. The documents given are not changed. */
export async function cleanTexts<D extends TextDocument>(
  documents: Iterable<D> | AsyncIterable<D>,
  steps: readonly TextCleaningStep[],
): Promise<CleanedTexts<D>> {
  const pass = startTextCleaning(steps);
  const kept: D[] = [];
  for await (const document of documents) {
    const cleaned = pass.clean(document);
    if (cleaned !== undefined) kept.push(cleaned);
  }
  return { documents: kept, cleaning: pass.cleaning() };
}

/** A step that gives each text another one, and counts the documents in which it does. */
export function eachText(name: string, reason: string, change: (text: string) => string): TextCleaningStep {
  return {
    name,
    start: () => (text, note) => {
      const changed = change(text);
      if (changed !== text) note(reason, "changed");
      return changed;
    },
  };
}
