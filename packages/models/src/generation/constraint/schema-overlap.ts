import type { JsonSchema, SchemaObject } from "./schema-merge.ts";

/** Whether no value can be valid under both: found from types, constants, and properties that both require. Else unknown. */
export function disjoint(a: JsonSchema, b: JsonSchema, resolve: (schema: JsonSchema) => JsonSchema): boolean {
  const [left, right] = [resolve(a), resolve(b)];
  if (left === false || right === false) return true;
  if (left === true || right === true) return false;
  const [some, others] = [constants(left), constants(right)];
  if (some !== undefined && others !== undefined) return !some.some((value) => others.includes(value));
  const [types, otherTypes] = [typesOf(left), typesOf(right)];
  if (types !== undefined && otherTypes !== undefined && !types.some((type) => otherTypes.includes(type))) return true;
  const onlyObjects = types?.every((type) => type === "object") && otherTypes?.every((type) => type === "object");
  if (!onlyObjects) return false;
  return required(left).some((name) => {
    const [mine, theirs] = [property(left, name), property(right, name)];
    if (theirs === undefined && right.additionalProperties === false) return true;
    if (mine === undefined || theirs === undefined || !required(right).includes(name)) return false;
    return disjoint(mine, theirs, resolve);
  });
}

/** The only values that a schema allows, as JSON. */
function constants(schema: SchemaObject): string[] | undefined {
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  return (schema.enum as unknown[] | undefined)?.map((value) => JSON.stringify(value));
}

/** Whole numbers are numbers: both go by one name. */
function typesOf(schema: SchemaObject): string[] | undefined {
  const values = (schema.const !== undefined ? [schema.const] : schema.enum) as unknown[] | undefined;
  if (values !== undefined) return values.map(typeOf);
  if (schema.type === undefined) return undefined;
  return ([schema.type].flat() as string[]).map((type) => (type === "integer" ? "number" : type));
}

export function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function required(schema: SchemaObject): readonly string[] {
  return (schema.required as string[] | undefined) ?? [];
}

function property(schema: SchemaObject, name: string): JsonSchema | undefined {
  return (schema.properties as Record<string, JsonSchema> | undefined)?.[name];
}
