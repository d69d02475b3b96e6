/** A JSON Schema, as parsed JSON. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };
export type SchemaObject = { readonly [keyword: string]: unknown };

/** Keywords that say nothing about which values are valid. */
const annotations = new Set([
  ...["$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples"],
  ...["deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType", "discriminator"],
]);

export function assertions(schema: SchemaObject): [keyword: string, value: unknown][] {
  return Object.entries(schema).filter(([keyword, value]) => !annotations.has(keyword) && value !== undefined);
}

/** The schema that a reference inside the document points to (JSON Pointer, RFC 6901). */
export function resolveReference(root: JsonSchema, reference: string): JsonSchema {
  const fail = (why: string): Error =>
    new Error(`Expected $ref to a place in this schema, such as "#/$defs/name". ${why}`);
  if (!/^#(\/|$)/.test(reference)) throw fail(`Received ${JSON.stringify(reference)}.`);
  let at: unknown = root;
  for (const part of reference.split("/").slice(1)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  }
  if (typeof at !== "boolean" && (typeof at !== "object" || at === null))
    throw fail(`There is nothing at ${reference}.`);
  return at as JsonSchema;
}

/**
 * One schema that is valid where both are, references already followed.
 *
 * @throws Error when a keyword is in both and cannot be combined.
 */
export function mergeSchemas(a: JsonSchema, b: JsonSchema, path: string): JsonSchema {
  if (a === false || b === false) return false;
  if (a === true) return b;
  if (b === true) return a;
  const merged: Record<string, unknown> = { ...Object.fromEntries(assertions(a)) };
  for (const [keyword, value] of assertions(b)) {
    const other = merged[keyword];
    if (other === undefined || same(other, value)) merged[keyword] = value;
    else merged[keyword] = combine(keyword, [other, value], path);
  }
  closeObjects(merged, a, b);
  return merged;
}

function combine(keyword: string, [a, b]: [unknown, unknown], path: string): unknown {
  switch (keyword) {
    case "type": {
      const types = (value: unknown): string[] => [value].flat() as string[];
      const has = (list: string[], type: string): boolean =>
        list.includes(type) || (type === "integer" && list.includes("number"));
      const both = new Set([
        ...types(a).filter((type) => has(types(b), type)),
        ...types(b).filter((type) => has(types(a), type)),
      ]);
      return [...both];
    }
    case "required":
      return [...new Set([...(a as string[]), ...(b as string[])])];
    case "enum":
      return (a as unknown[]).filter((value) => (b as unknown[]).some((other) => same(value, other)));
    case "minimum":
    case "exclusiveMinimum":
    case "minLength":
    case "minItems":
    case "minProperties":
      return Math.max(a as number, b as number);
    case "maximum":
    case "exclusiveMaximum":
    case "maxLength":
    case "maxItems":
    case "maxProperties":
      return Math.min(a as number, b as number);
    case "properties": {
      const [left, right] = [a as Record<string, JsonSchema>, b as Record<string, JsonSchema>];
      const out: Record<string, JsonSchema> = { ...left };
      for (const [name, schema] of Object.entries(right)) {
        out[name] = left[name] === undefined || same(left[name], schema) ? schema : { allOf: [left[name]!, schema] };
      }
      return out;
    }
    case "items":
    case "additionalProperties":
      return a === false || b === false ? false : { allOf: [a, b] };
    case "allOf":
      return [...(a as unknown[]), ...(b as unknown[])];
  }
  throw new Error(`${path}: expected schemas that can be merged. Both have ${keyword}, with different values.`);
}

/** Where one side forbids other properties, those that only the other side names are impossible. */
function closeObjects(merged: Record<string, unknown>, a: SchemaObject, b: SchemaObject): void {
  if (merged.properties === undefined) return;
  const properties = { ...(merged.properties as Record<string, JsonSchema>) };
  for (const side of [a, b]) {
    const others = side.additionalProperties;
    if (others === undefined || others === true) continue;
    for (const name of Object.keys(properties)) {
      if ((side.properties as Record<string, unknown> | undefined)?.[name] !== undefined) continue;
      properties[name] = others === false ? false : { allOf: [properties[name]!, others as JsonSchema] };
    }
  }
  merged.properties = properties;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
