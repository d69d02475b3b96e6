import { choice, type Expression, empty, never, optional, repeat, sequence, text } from "./expression.ts";
import type { SchemaCompiler } from "./json-schema.ts";
import { stringExcept } from "./json-text.ts";
import type { JsonSchema, SchemaObject } from "./schema-merge.ts";

/** Objects: the named properties in order, some of them required, then further ones where the schema says what they are. */
export function objectExpression(compiler: SchemaCompiler, schema: SchemaObject, path: string): Expression {
  const required = new Set((schema.required as string[] | undefined) ?? []);
  const named = Object.entries((schema.properties as Record<string, JsonSchema> | undefined) ?? {});
  const names = new Set(named.map(([name]) => name));
  const others = (schema.additionalProperties ?? schema.properties === undefined) as JsonSchema;
  // A required property that is not described is one of the others.
  const described = [
    ...named,
    ...[...required].filter((name) => !names.has(name)).map((name): [string, JsonSchema] => [name, others]),
  ];
  const { after, inside } = compiler.space;
  const entry = (name: string, value: JsonSchema): Expression =>
    sequence([text(`${JSON.stringify(name)}:`), after, compiler.value(value, `${path}/properties/${name}`)]);
  const possible = described
    .map(([name, value]) => ({
      name,
      value: compiler.resolve(value, `${path}/properties/${name}`),
      required: required.has(name),
    }))
    .filter(({ value, required: must }) => must || value !== false);

  const further = furtherProperties(compiler, { others, names: described.map(([name]) => name), schema }, path);
  checkCounts(schema, { required: required.size, named: possible.length }, path);
  const comma = sequence([text(","), after]);
  const key = JSON.stringify(schema);
  // What may come from property `index` on, with or without properties before: a rule each, which is a tail call.
  const from = (index: number, first: boolean): Expression => {
    if (index === possible.length) {
      if (further === undefined) return first ? empty : inside;
      const { entry: one, most } = further;
      const more = repeat(sequence([comma, one]), 0, first ? most - 1 : most);
      return first ? optional(sequence([inside, one, more, inside])) : sequence([more, inside]);
    }
    return compiler.rule(`${key} ${index} ${first}`, () => {
      const { name, value, required: must } = possible[index]!;
      const taken = sequence([first ? inside : comma, entry(name, value), from(index + 1, false)]);
      return choice([taken, must ? never : from(index + 1, first)]);
    });
  };
  return sequence([text("{"), from(0, true), text("}")]);
}

function furtherProperties(
  compiler: SchemaCompiler,
  { others, names, schema }: { others: JsonSchema; names: readonly string[]; schema: SchemaObject },
  path: string,
): { entry: Expression; most: number } | undefined {
  const most = ((schema.maxProperties as number | undefined) ?? Number.POSITIVE_INFINITY) - names.length;
  if (others === false || most <= 0) return undefined;
  const value = compiler.value(others, `${path}/additionalProperties`);
  return { entry: sequence([stringExcept(names), text(":"), compiler.space.after, value]), most };
}

/** Names may repeat in JSON, so further properties do not count for certain. */
function checkCounts(schema: SchemaObject, counts: { required: number; named: number }, path: string): void {
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema as Record<string, number>;
  if (minProperties > counts.required) {
    throw new Error(
      `${path}/minProperties: expected at most the number of required properties, ${counts.required}. Received ${minProperties}.`,
    );
  }
  if (maxProperties < counts.named) {
    throw new Error(
      `${path}/maxProperties: expected at least the number of properties, ${counts.named}. Received ${maxProperties}.`,
    );
  }
}
