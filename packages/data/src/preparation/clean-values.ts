import type { Value } from "../table.ts";
import { type CleaningStep, eachValue, type Note } from "./clean.ts";

/** What to do with a value that does not fit: take its row out, make it missing, or stop with an error. */
export type Unfit = "drop" | "missing" | "error";

/** Text to numbers in the columns named. Null stays null. `unfit` decides about text that is no number; default "error". */
export function toNumbers(options: { columns: readonly string[]; unfit?: Unfit }): CleaningStep {
  return eachValue("toNumbers", options.columns, (value, context) => {
    if (value === null || (typeof value === "number" && Number.isFinite(value))) return value;
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
    if (Number.isFinite(number)) return number;
    return refuse(value, {
      ...context,
      unfit: options.unfit ?? "error",
      reason: `not a number in "${context.column}"`,
      expected: "a number",
    });
  });
}

/** Numbers to text in the columns named, for categories written as numbers. */
export function toText(options: { columns: readonly string[] }): CleaningStep {
  return eachValue("toText", options.columns, (value) => (typeof value === "number" ? String(value) : value));
}

export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
}

/**
 * Holds numbers within bounds, both included, by column. `unfit` may also be "clip", which moves the value to the nearest
 * bound; default "drop".
 */
export function withinBounds(
  bounds: Readonly<Record<string, Bounds>>,
  options: { unfit?: Unfit | "clip" } = {},
): CleaningStep {
  const unfit = options.unfit ?? "drop";
  return eachValue("withinBounds", Object.keys(bounds), (value, context) => {
    if (value === null) return value;
    const { minimum = -Infinity, maximum = Infinity } = bounds[context.column]!;
    if (typeof value === "number" && value >= minimum && value <= maximum) return value;
    const reason = `out of range in "${context.column}" (${minimum} to ${maximum})`;
    if (unfit === "clip" && typeof value === "number" && !Number.isNaN(value)) {
      context.note(reason, "changed", context.column);
      return Math.min(maximum, Math.max(minimum, value));
    }
    return refuse(value, {
      ...context,
      unfit: unfit === "clip" ? "error" : unfit,
      reason,
      expected: `a number from ${minimum} to ${maximum}`,
    });
  });
}

/** Holds a column to the values listed. `unfit` decides about others; default "error". Null stays null. */
export function oneOf(options: { column: string; values: readonly Value[]; unfit?: Unfit }): CleaningStep {
  const allowed = new Set(options.values);
  return eachValue("oneOf", [options.column], (value, context) => {
    if (value === null || allowed.has(value)) return value;
    return refuse(value, {
      ...context,
      unfit: options.unfit ?? "error",
      reason: `unexpected value in "${context.column}"`,
      expected: `one of ${options.values.map((each) => JSON.stringify(each)).join(", ")}`,
    });
  });
}

/** Replaces whole values of one column, for spellings of the same thing. */
export function replaceValues(options: { column: string; values: Readonly<Record<string, Value>> }): CleaningStep {
  const replacements = new Map(Object.entries(options.values));
  return eachValue("replaceValues", [options.column], (value, { column, note }) => {
    const replacement = replacements.get(String(value));
    if (value === null || replacement === undefined) return value;
    note(`spelling in "${column}"`, "changed", column);
    return replacement;
  });
}

interface Refusal {
  readonly column: string;
  readonly at: number;
  readonly note: Note;
  readonly unfit: Unfit;
  readonly reason: string;
  readonly expected: string;
}

function refuse(value: Value, { column, at, note, unfit, reason, expected }: Refusal): null | undefined {
  if (unfit === "error") {
    throw new Error(
      `Row ${at + 1}, column "${column}": expected ${expected}. Received ${JSON.stringify(value)}. ` +
        'Correct the file, or let the step use unfit: "missing" or "drop".',
    );
  }
  note(reason, unfit === "drop" ? "dropped" : "changed", column);
  return unfit === "drop" ? undefined : null;
}
