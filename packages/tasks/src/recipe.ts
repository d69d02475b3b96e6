import { type Document, isMap, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { TuneConfig } from "./tune-config.ts";

const localised = z.strictObject({ en: z.string(), zh: z.string() });

/** What every recipe has, whatever its task. */
export const recipeBase = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "expected lower-case letters, digits and hyphens")
    .describe("short name; run folders start with it"),
  title: localised.describe("one line, in English and Chinese"),
  description: localised.optional().describe("what it shows, in English and Chinese"),
  tune: TuneConfig.optional().describe("what `nacre tune` searches"),
  seed: z.int().nonnegative().default(0).describe("every random draw of the run comes from it"),
};

/** A recipe of any task, as far as all tasks agree. */
export interface Recipe {
  readonly name: string;
  readonly title: { readonly en: string; readonly zh: string };
  readonly description?: { readonly en: string; readonly zh: string } | undefined;
  readonly task: string;
  readonly seed: number;
  readonly tune?: TuneConfig | undefined;
}

/** A recipe that is not as its schema says. `issues` has one line for each fault: file, line, key, expected. */
export class RecipeError extends Error {
  override readonly name = "RecipeError";
  readonly issues: readonly string[];

  constructor(issues: readonly string[]) {
    super(issues.join("\n"));
    this.issues = issues;
  }
}

/** YAML text with the place of every key, so that faults can name it. */
export interface RecipeSource {
  readonly file: string;
  readonly text: string;
  /** Where relative paths in it start. Default: the file's folder. */
  readonly folder?: string | undefined;
}

/**
 * Reads YAML and checks it.
 *
 * @throws RecipeError that lists every fault as `file:line: key: expected …`.
 */
export function parseRecipe<T>(source: RecipeSource, schemaOf: (task: unknown) => z.ZodType<T>): T {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new RecipeError(
      document.errors.map((error) => `${source.file}:${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}`),
    );
  }
  if (!isMap(document.contents)) {
    throw new RecipeError([
      `${source.file}:1: expected a mapping with name, task, data, model … Received ${kind(document)}.`,
    ]);
  }
  const value: unknown = document.toJS();
  const locate = (path: readonly PropertyKey[]): string => `${source.file}:${lineOf(document, path, lines)}`;
  let schema: z.ZodType<T>;
  try {
    schema = schemaOf((value as { task?: unknown }).task);
  } catch (error) {
    throw new RecipeError([`${locate(["task"])}: task: ${(error as Error).message}`]);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new RecipeError(
    result.error.issues
      .flatMap((issue) => flatten(issue))
      .map(({ path, message, keys }) => {
        const at = keys?.[0] === undefined ? path : [...path, keys[0]];
        return `${locate(at)}: ${at.map(String).join(".") || "recipe"}: ${message}`;
      }),
  );
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

/** Unions report the faults of their closest branch; unknown keys are named one by one. */
function flatten(issue: z.core.$ZodIssue, at: readonly PropertyKey[] = []): Fault[] {
  const path = [...at, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path, message: `unknown key; expected none of this name`, keys: [key] }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const closest = issue.errors.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best));
    return closest.flatMap((inner) => flatten(inner, path));
  }
  const received = "input" in issue && issue.input !== undefined ? ` Received ${JSON.stringify(issue.input)}.` : "";
  return [{ path, message: issue.message.replace(/^Invalid input: /, "") + received }];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(...issues.map((issue) => issue.path.length));
}

/** The line of the key at `path`, or of its closest parent that exists. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  let offset = document.contents?.range?.[0] ?? 0;
  let node: unknown = document.contents;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === part);
      if (pair === undefined) break;
      offset = (isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
      node = pair.value;
    } else if (typeof node === "object" && node !== null && "items" in node && typeof part === "number") {
      node = (node as { items: unknown[] }).items[part];
      offset = (node as { range?: [number, number, number] } | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}

function kind(document: Document): string {
  return document.contents === null ? "nothing" : JSON.stringify(document.toJS()).slice(0, 40);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!.replace(/ at line \d+, column \d+:?$/, "");
}
