import { choice, type Expression, type Grammar, never, repeat, sequence, text } from "./expression.ts";
import { formats } from "./json-formats.ts";
import { integerExpression, type NumberBounds, numberExpression } from "./json-number.ts";
import { objectExpression } from "./json-object.ts";
import { jsonCharacter, jsonEscaped, lengthBounds, quote, type WhiteSpace, whiteSpace } from "./json-text.ts";
import { regexExpression } from "./regex.ts";
import { assertions, type JsonSchema, mergeSchemas, resolveReference, type SchemaObject } from "./schema-merge.ts";
import { disjoint, typeOf } from "./schema-overlap.ts";

export interface JsonSchemaOptions {
  /** Default: "spaced", one space after `:` and `,` as Python writes it. "flexible" lets lines break and indent. */
  readonly whiteSpace?: WhiteSpace;
}

/**
 * A grammar of JSON texts that are valid under a schema (JSON Schema 2020-12, or draft 7's spelling of the same keywords).
 *
 * Texts are a subset of the valid ones: properties come in the schema's order, strings in one spelling, numbers with at most
 * fifteen digits, and objects have only the properties that the schema names, unless it has `additionalProperties`.
 *
 * @throws Error with the path of a keyword that cannot be promised: `not`, `if`, `uniqueItems`, `multipleOf` and the like; a
 *   `oneOf` whose branches may overlap (`anyOf` is fine).
 */
export function jsonSchemaGrammar(schema: JsonSchema, options: JsonSchemaOptions = {}): Grammar {
  return new SchemaCompiler(schema, whiteSpace(options.whiteSpace ?? "spaced")).grammar();
}

const known: Readonly<Record<string, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties", "minProperties", "maxProperties"],
  array: ["items", "prefixItems", "minItems", "maxItems"],
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  boolean: [],
  null: [],
};
const everyType = ["object", "array", "string", "number", "boolean", "null"];
/** Only these compile on their own; the others are folded into them. */
const combinators = new Set(["$ref", "allOf", "anyOf", "oneOf", "enum", "const", "type"]);
const mostMerges = 50;

export class SchemaCompiler {
  readonly #root: JsonSchema;
  readonly #rules = new Map<string, Expression>();
  readonly space: { readonly after: Expression; readonly inside: Expression };

  constructor(root: JsonSchema, space: SchemaCompiler["space"]) {
    this.#root = root;
    this.space = space;
  }

  grammar(): Grammar {
    return { root: this.value(this.#root, "#"), rules: this.#rules };
  }

  /** Values of a schema. Whatever may nest becomes a rule, one for each different schema. */
  value(schema: JsonSchema, path: string): Expression {
    if (schema === false) return never;
    const resolved = this.resolve(schema, path);
    if (resolved === false) return never;
    const object = resolved === true ? {} : resolved;
    if (!this.#nests(object)) return this.#expression(object, path);
    return this.rule(JSON.stringify(object), () => this.#expression(object, path));
  }

  /** A rule that is made when it is first asked for; it may ask for itself. */
  rule(name: string, make: () => Expression): Expression {
    if (!this.#rules.has(name)) {
      this.#rules.set(name, never);
      this.#rules.set(name, make());
    }
    return { kind: "rule", name };
  }

  /** A schema without $ref and allOf at its top. */
  resolve(schema: JsonSchema, path: string): JsonSchema {
    let current = schema;
    for (let merges = 0; typeof current === "object"; merges++) {
      if (merges > mostMerges) throw new Error(`${path}: expected $ref and allOf that end somewhere.`);
      const { $ref, allOf, ...rest } = current;
      if ($ref !== undefined) {
        const target = resolveReference(this.#root, String($ref));
        current =
          assertions(rest).length === 0 && allOf === undefined
            ? target
            : mergeSchemas(this.resolve(target, path), { ...rest, allOf }, path);
      } else if (allOf !== undefined) {
        const parts = (allOf as JsonSchema[]).map((part, index) => this.resolve(part, `${path}/allOf/${index}`));
        current = parts.reduce((merged, part) => mergeSchemas(merged, part, path), rest as JsonSchema);
      } else break;
    }
    return current;
  }

  #nests(schema: SchemaObject): boolean {
    if (schema.enum !== undefined || schema.const !== undefined) return false;
    const types = schema.type === undefined ? everyType : ([schema.type].flat() as string[]);
    const branches = schema.anyOf !== undefined || schema.oneOf !== undefined;
    return branches || types.some((type) => type === "object" || type === "array");
  }

  #expression(schema: SchemaObject, path: string): Expression {
    for (const [keyword] of assertions(schema)) {
      if (!combinators.has(keyword) && !Object.values(known).some((list) => list.includes(keyword))) {
        throw new Error(
          `${path}: ${keyword} cannot be promised by a token mask. Take it out and check it afterwards, or say it with ${Object.values(
            known,
          )
            .flat()
            .filter((name, index, all) => all.indexOf(name) === index)
            .join(", ")}.`,
        );
      }
    }
    if (schema.const !== undefined || schema.enum !== undefined) return this.#literals(schema, path);
    for (const keyword of ["anyOf", "oneOf"] as const) {
      const { [keyword]: branches, ...rest } = schema;
      if (branches !== undefined) return this.#branches(keyword, { branches: branches as JsonSchema[], rest }, path);
    }
    return choice(this.#types(schema, path).map((type) => this.#typed(type, schema, path)));
  }

  #branches(
    keyword: "anyOf" | "oneOf",
    { branches, rest }: { branches: JsonSchema[]; rest: SchemaObject },
    path: string,
  ): Expression {
    const merged = branches.map((branch, index) =>
      mergeSchemas(rest, this.resolve(branch, `${path}/${keyword}/${index}`), path),
    );
    if (keyword === "oneOf") {
      merged.forEach((branch, index) => {
        const other = merged
          .slice(0, index)
          .findIndex((before) => !disjoint(before, branch, (schema) => this.resolve(schema, path)));
        if (other < 0) return;
        throw new Error(
          `${path}/oneOf: expected branches that exclude one another. ${other} and ${index} may overlap: give them different types or a required property with different constants, or use anyOf.`,
        );
      });
    }
    return choice(merged.map((branch, index) => this.value(branch, `${path}/${keyword}/${index}`)));
  }

  #literals(schema: SchemaObject, path: string): Expression {
    const beside = assertions(schema).filter(([keyword]) => !["const", "enum", "type"].includes(keyword));
    if (beside.length > 0) throw new Error(`${path}: expected enum and const without ${beside[0]![0]} beside them.`);
    const listed = (schema.enum as unknown[] | undefined) ?? [schema.const];
    const types = schema.type === undefined ? undefined : ([schema.type].flat() as string[]);
    const fits = (value: unknown): boolean => {
      if (schema.const !== undefined && JSON.stringify(value) !== JSON.stringify(schema.const)) return false;
      return (
        types === undefined || types.includes(typeOf(value)) || (types.includes("integer") && Number.isInteger(value))
      );
    };
    return choice(listed.filter(fits).map((value) => text(JSON.stringify(value))));
  }

  /** Without `type`, the types whose keywords there are; with no keywords, every type. */
  #types(schema: SchemaObject, path: string): string[] {
    if (schema.type === undefined) {
      const meant = everyType.filter((type) => known[type]!.some((keyword) => schema[keyword] !== undefined));
      return meant.length > 0 ? meant : everyType;
    }
    const types = [schema.type].flat() as string[];
    const strange = types.find((type) => known[type] === undefined);
    if (strange !== undefined)
      throw new Error(`${path}/type: expected ${Object.keys(known).join(", ")}. Received ${strange}.`);
    return types.includes("number") ? types.filter((type) => type !== "integer") : types;
  }

  #typed(type: string, schema: SchemaObject, path: string): Expression {
    switch (type) {
      case "object":
        return objectExpression(this, schema, path);
      case "array":
        return this.#array(schema, path);
      case "string":
        return sequence([quote, this.#string(schema, path), quote]);
      case "integer":
        return integerExpression(schema as NumberBounds);
      case "number":
        return numberExpression(schema as NumberBounds);
      case "boolean":
        return choice([text("true"), text("false")]);
      default:
        return text("null");
    }
  }

  #string(schema: SchemaObject, path: string): Expression {
    const { pattern, format } = schema as { pattern?: string; format?: string };
    const minimum = (schema.minLength as number | undefined) ?? 0;
    const maximum = (schema.maxLength as number | undefined) ?? Number.POSITIVE_INFINITY;
    if (minimum > maximum) return never;
    if (pattern === undefined && format === undefined) return repeat(jsonCharacter, minimum, maximum);
    if (pattern !== undefined && format !== undefined)
      throw new Error(`${path}: expected pattern or format. Received both.`);
    if (format !== undefined && formats[format] === undefined) {
      throw new Error(`${path}/format: expected ${Object.keys(formats).join(", ")}. Received ${format}.`);
    }
    const expression =
      pattern === undefined ? regexExpression(formats[format!]!) : regexExpression(pattern, { whole: false });
    const [shortest, longest] = lengthBounds(expression);
    if (shortest < minimum || longest > maximum) {
      throw new Error(
        `${path}: expected a ${pattern === undefined ? "format" : "pattern"} that keeps to minLength and maxLength by itself: it matches from ${shortest} to ${longest} characters. Bound its quantifiers and anchor it with ^ and $.`,
      );
    }
    return jsonEscaped(expression);
  }

  #array(schema: SchemaObject, path: string): Expression {
    const prefix = (schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : [])) as JsonSchema[];
    const described = Array.isArray(schema.items) ? undefined : (schema.items as JsonSchema | undefined);
    const rest = described ?? prefix.length === 0;
    const minimum = (schema.minItems as number | undefined) ?? 0;
    const maximum = (schema.maxItems as number | undefined) ?? Number.POSITIVE_INFINITY;
    if (minimum > maximum) return never;
    const { after, inside } = this.space;
    const comma = sequence([text(","), after]);
    const item = (index: number): Expression =>
      this.value(prefix[index] ?? rest, `${path}/${index < prefix.length ? `prefixItems/${index}` : "items"}`);
    // From the back: what may follow when `count` of the prefix are there.
    const following = sequence([comma, item(prefix.length)]);
    let tail = repeat(
      following,
      Math.max(0, minimum - Math.max(1, prefix.length)),
      maximum - Math.max(1, prefix.length),
    );
    if (prefix.length > maximum || maximum === 0) tail = never;
    for (let count = prefix.length - 1; count >= 1; count--) {
      tail = choice([
        count >= minimum && count <= maximum ? sequence([]) : never,
        count < maximum ? sequence([comma, item(count), tail]) : never,
      ]);
    }
    const some = maximum === 0 ? never : sequence([inside, item(0), tail, inside]);
    return sequence([text("["), choice([minimum === 0 ? inside : never, some]), text("]")]);
  }
}
