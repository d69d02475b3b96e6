import { type AlignedText, applyEdits, type Edit, editMatches } from "../aligned-text.ts";

/** One step of normalisation: fast when no one asks for places, and as edits when someone does. */
export interface Normalizer {
  /** The normalised text. */
  apply(text: string): string;
  /** What changes, in order; `apply` is these edits made. Several steps have no edits in common: see `align`. */
  edits?(text: string, edit: Edit): void;
  /** The normalised text with its places; from `edits` where there is none. */
  align?(text: AlignedText): AlignedText;
}

export function align(normalizer: Normalizer, text: AlignedText): AlignedText {
  if (normalizer.align !== undefined) return normalizer.align(text);
  return text.edited((plain, edit) => normalizer.edits!(plain, edit));
}

/** A normalizer that is nothing but its edits. */
export function fromEdits(edits: (text: string, edit: Edit) => void): Normalizer {
  return { apply: (text) => applyEdits(text, edits), edits };
}

/** One after the other. */
export function pipeline(steps: readonly Normalizer[]): Normalizer {
  if (steps.length === 1) return steps[0]!;
  return {
    apply: (text) => {
      for (const step of steps) text = step.apply(text);
      return text;
    },
    align: (text) => steps.reduce((sofar, step) => align(step, sofar), text),
  };
}

const lowerOne = (character: string): string => character.toLowerCase();

/** Every character by itself: no final sigma, as the reference. */
export const toLowerCase: Normalizer = {
  apply: (text) => (text.includes("Σ") ? text.replaceAll("Σ", "σ") : text).toLowerCase(),
  edits: (text, edit) => {
    if (text !== text.toLowerCase()) editMatches(/[\p{Changes_When_Lowercased}]/gu, lowerOne)(text, edit);
  },
};

/** Takes nonspacing marks (\p{Mn}) away. */
export const stripMarks: Normalizer = {
  apply: (text) => text.replace(/\p{Mn}+/gu, ""),
  edits: editMatches(/\p{Mn}+/gu, () => ""),
};
