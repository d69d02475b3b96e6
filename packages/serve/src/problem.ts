import { z } from "zod";

/** What is wrong with a request, as its sender reads it. */
export const Problem = z.object({
  message: z.string().describe("what is wrong and what to do"),
  path: z.string().optional().describe("where, as inputs[0].age"),
  expected: z.string().optional(),
  received: z.string().optional(),
});
export type Problem = z.output<typeof Problem>;

/** The body of every answer that is no success. */
export const ProblemBody = z.object({ error: Problem });

/** A problem with its HTTP status. The server's error handler turns it into an answer. */
export class ServeError extends Error {
  override readonly name = "ServeError";
  readonly statusCode: number;
  readonly problem: Problem;
  /** When to try again, in seconds. */
  readonly retryAfter: number | undefined;

  constructor(statusCode: number, problem: Problem, retryAfter?: number) {
    super(problem.message);
    this.statusCode = statusCode;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** The answer to a body above the limit. */
export function tooLarge(limitBytes: number): ServeError {
  const expected = `at most ${limitBytes} bytes`;
  return new ServeError(413, { message: `The body is too large. Expected ${expected}.`, expected });
}

/** The answer to a body that is neither JSON nor an upload. */
export function wrongMediaType(received = "no content type"): ServeError {
  const expected = "application/json or multipart/form-data";
  return new ServeError(415, {
    message: `Expected a body of type ${expected}. Received ${received}.`,
    expected,
    received,
  });
}

/**
 * The first fault that a schema found in `value`.
 *
 * @param prefix path of `value` inside the request
 */
export function problemOf(error: z.core.$ZodError, value: unknown, prefix: readonly PropertyKey[] = []): Problem {
  const issue = deepest(error.issues[0]!);
  const path = pathText([...prefix, ...issue.path]);
  const received = describe(at(value, issue.path));
  const expected = expectation(issue);
  return {
    message: `Expected ${expected}${path === "" ? "" : ` at ${path}`}. Received ${received}.`,
    path,
    expected,
    received,
  };
}

/** `["inputs", 0, "age"]` → `inputs[0].age` */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
}

type Issue = z.core.$ZodIssue;

/** Of a union's alternatives, the one that got furthest says most. */
function deepest(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const alternatives = issue.errors.flatMap((issues) => (issues[0] === undefined ? [] : [deepest(issues[0])]));
  const depth = Math.max(0, ...alternatives.map(({ path }) => path.length));
  const furthest = alternatives.filter(({ path }) => path.length === depth);
  if (furthest.length === 0) return issue;
  if (furthest.length === 1 || depth > 0) return { ...furthest[0]!, path: [...issue.path, ...furthest[0]!.path] };
  const expected = [...new Set(furthest.map(expectation))].join(" or ");
  return { code: "custom", message: expected, params: { expected }, path: issue.path, input: undefined };
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return naming[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.length === 1
        ? JSON.stringify(issue.values[0])
        : `one of ${clip(issue.values.map((value) => JSON.stringify(value)).join(", "), 200)}`;
    case "too_small":
      return `${counted(issue.origin)} ${issue.inclusive === false ? "above" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `${counted(issue.origin)} ${issue.inclusive === false ? "below" : "at most"} ${issue.maximum}`;
    case "unrecognized_keys":
      return `no field called ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "invalid_format":
      return `text in the form ${issue.format}`;
    default:
      return issue.message.replace(/^Expected /, "").replace(/\.$/, "");
  }
}

const naming: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "an integer",
  boolean: "true or false",
  array: "an array",
  object: "an object",
  record: "an object",
  null: "null",
  undefined: "nothing",
};

function counted(origin: string): string {
  if (origin === "array" || origin === "set") return "a number of items";
  return origin === "string" ? "a length" : "a value";
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[part];
  }
  return found;
}

/** Short: the sender knows what was sent. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (typeof value === "object" && value !== null) {
    return `an object with ${clip(Object.keys(value).join(", "), 80) || "no fields"}`;
  }
  return clip(JSON.stringify(value) ?? String(value), 80);
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
