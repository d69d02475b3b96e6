import { Random } from "@nacre/random";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonSchemaConstraint, regexConstraint } from "./constraints.ts";
import type { WhiteSpace } from "./json-text.ts";
import type { JsonSchema } from "./schema-merge.ts";
import type { TokenConstraint } from "./token-constraint.ts";
import { TokenTrie } from "./token-trie.ts";

const encoder = new TextEncoder();
const spell = (text: string): Uint8Array => encoder.encode(text);

/** Every byte, then pieces such as byte-pair encodings have: they cross the borders of what a grammar cares about. */
const pieces = [
  ...['{"', '":', '": ', '",', '", "', '"}', "}}", "[[", "]]", "],", '["', "],[", "true", "false", "null", "tru", " {"],
  ...[
    "12",
    "00",
    "0.",
    "-1",
    "1e",
    "999",
    "ab",
    "the",
    " the",
    "\\n",
    '\\"',
    "\\u00",
    "name",
    '"name"',
    "é",
    "珠",
    "珠母",
    "\n  ",
  ],
];
const bytePairs = new TokenTrie([
  ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
  ...pieces.map(spell),
  spell("é").subarray(0, 1),
  new Uint8Array(0), // an end token
]);
const endToken = bytePairs.vocabulary - 1;
const asCharacters = new TokenTrie([...'{}[]":, \\0123456789-.eEtrufalsnabcdxyé珠_@/:TZ+'].map(spell));

/** A text by random logits, as generation makes it. */
function write(constraint: TokenConstraint, { seed, budget }: { seed: number; budget: number }): string {
  const random = new Random(seed);
  const endTokens = constraint.trie === bytePairs ? [endToken] : [];
  const bytes: number[] = [];
  let state = constraint.start;
  for (let step = 0; step < budget; step++) {
    const logits = random.fork(step).fillNormal(new Float32Array(constraint.trie.vocabulary), 0, 4);
    if (!constraint.apply(logits, state, { endTokens, remaining: budget - step })) break;
    const token = logits.indexOf(Math.max(...logits));
    if (endTokens.includes(token)) break;
    bytes.push(...constraint.trie.spell(token));
    const next = constraint.next(state, token);
    if (next === null) throw new Error(`Token ${token} was allowed and then not.`);
    state = next;
  }
  expect(state.accepting).toBe(true);
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

describe("regular expressions", () => {
  /** The flag v is younger than the language level here. */
  const sets = "v";
  const patterns: RegExp[] = [
    /^(\d{4})-(0[1-9]|1[0-2])$/,
    /(?:yes|no|maybe)( (?:sir|madam))?/,
    /[^a-z\s]{2,5}x+?y*/,
    /\p{Script=Han}{1,3}\p{Lu}?/u,
    /[ -~]{0,12}[.!?]/,
    /(ab|a)(bc|c)*|/,
    /hello world/i,
    /.{3}/,
    /.{3}/s,
    /[\u{1F600}-\u{1F64F}]é?/u,
    new RegExp("[\\w--\\d]{4}", sets),
    /-\/\x41\u0042\cJ/,
  ];
  it.each(patterns)("%s: every text matches", (pattern) => {
    const constraint = regexConstraint(pattern, bytePairs);
    // Code points are counted, as with u, which does not take the escape \-.
    const flags = /[uv]/.test(pattern.flags) || pattern.source.includes("\\-") ? pattern.flags : `${pattern.flags}u`;
    const whole = new RegExp(`^(?:${pattern.source})$`, flags);
    const texts = Array.from({ length: 20 }, (_, seed) => write(constraint, { seed, budget: 40 }));
    for (const text of texts) expect(text).toMatch(whole);
  });

  it("allows exactly the tokens after which a match is possible", () => {
    const constraint = regexConstraint(/(ab|珠)+c/, bytePairs);
    const spelled = (state: typeof constraint.start) =>
      constraint.allowed(state).map((token) => Buffer.from(bytePairs.spell(token)).toString("latin1"));
    expect(spelled(constraint.start)).toEqual(["a", "\xe7", "ab", Buffer.from("珠").toString("latin1")]);
    const inside = constraint.next(constraint.start, 0xe7)!;
    expect(spelled(inside)).toEqual(["\x8f"]);
    const after = constraint.read(constraint.start, "ab")!;
    expect(spelled(after)).toContain("c");
    expect(after.accepting).toBe(false);
    expect(constraint.read(after, "c")).toMatchObject({ accepting: true, distance: 0 });
    expect(constraint.continues(constraint.read(after, "c")!)).toBe(false);
    expect(constraint.next(constraint.start, endToken)).toBeNull();
  });

  it("keeps to characters that the vocabulary has, where it does not have every byte", () => {
    const constraint = regexConstraint(/[a-z]{3}(?:é|ü)/, asCharacters);
    for (let seed = 0; seed < 10; seed++)
      expect(write(constraint, { seed, budget: 9 })).toMatch(/^[abcdeflnrstuxy]{3}é$/);
    expect(() => regexConstraint(/ü/, asCharacters)).toThrow("some text matches");
  });

  it.each([
    [/a(?=b)/, "/a(?=b)/, at 1: a look-ahead cannot be turned into a token mask"],
    [/(?<!a)b/, "at 0: a look-behind"],
    [/(a)\1/, "at 3: a back-reference, which is not regular,"],
    [/a\b/, "at 1: a word boundary"],
    [/a^b/, "at 1: ^ anywhere but at the beginning"],
    [/a/m, "the flag m"],
    ["(", "Expected a JavaScript regular expression. Invalid regular expression"],
    ["(a{1000}){1000}{1000}".replace("}{", "}){").replace("(a", "((a"), "more than 500000 states"],
  ])("refuses %s", (pattern, message) => {
    expect(() => regexConstraint(pattern, bytePairs)).toThrow(message);
  });
});

/** Schemas with everything that is supported, over a few names so that they meet. */
const { schema: anySchema } = fc.letrec<{ schema: JsonSchema; object: JsonSchema; array: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<JsonSchema>(
      { type: "boolean" },
      { type: "null" },
      true,
      { const: 'a "quoted"\n\u0001é' },
      { enum: [1, "x", null, { a: [] }] },
    ),
    fc
      .tuple(fc.integer({ min: -300, max: 300 }), fc.nat(2000))
      .map(([minimum, span]) => ({ type: "integer", minimum, maximum: minimum + span })),
    fc.integer({ min: -50, max: 50 }).map((exclusiveMaximum) => ({ type: "integer", exclusiveMaximum })),
    fc.tuple(fc.integer({ min: -5000, max: 5000 }), fc.nat(3000), fc.boolean()).map(([low, span, open]) => {
      const [from, to] = [low / 100, (low + span + 1) / 100];
      return open
        ? { type: "number", exclusiveMinimum: from, exclusiveMaximum: to }
        : { type: "number", minimum: from, maximum: to };
    }),
    fc.constantFrom<JsonSchema>(
      { type: "number" },
      { type: "number", minimum: 0.5 },
      { type: "number", exclusiveMaximum: -1e-3 },
    ),
    fc
      .tuple(fc.nat(4), fc.nat(4))
      .map(([minLength, more]) => ({ type: "string", minLength, maxLength: minLength + more })),
    fc.constantFrom<JsonSchema>(
      { type: "string", pattern: '^[a-c"\\\\]{2,4}$' },
      { type: "string", pattern: "b+" },
      { type: "string", format: "date-time" },
      { type: "string", format: "uuid" },
      { type: "string", format: "email" },
      { type: ["string", "null"] },
    ),
    tie("object"),
    tie("array"),
    fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.constant<JsonSchema>({ $ref: "#/$defs/tree" }),
  ),
  object: fc
    .record({
      properties: fc.dictionary(fc.constantFrom("a", "name", 'q"', "é"), tie("schema"), { maxKeys: 4 }),
      required: fc.subarray(["a", "name", "é"]),
      additionalProperties: fc.oneof(fc.boolean(), tie("schema")),
    })
    .map(({ properties, required, additionalProperties }) => ({
      type: "object",
      properties,
      required: additionalProperties === false ? required.filter((name) => name in properties) : required,
      additionalProperties,
    })),
  array: fc
    .tuple(tie("schema"), fc.array(tie("schema"), { maxLength: 2 }), fc.nat(3), fc.nat(3))
    .map(([items, prefixItems, minItems, more]) => ({
      type: "array",
      items,
      ...(prefixItems.length > 0 && { prefixItems }),
      minItems,
      maxItems: minItems + more,
    })),
}));
const $defs = {
  tree: {
    type: "object",
    properties: { value: { type: "integer" }, children: { type: "array", items: { $ref: "#/$defs/tree" } } },
    required: ["value"],
    additionalProperties: false,
  },
};

describe("JSON schemas", () => {
  it("generate only texts that parse and are valid, whatever the model likes and however little room there is", () => {
    fc.assert(
      fc.property(
        anySchema,
        fc.nat(),
        fc.constantFrom<WhiteSpace>("none", "spaced", "flexible"),
        (inner, seed, whiteSpace) => {
          const schema = typeof inner === "boolean" ? inner : { ...inner, $defs };
          const constraint = jsonSchemaConstraint(schema, bytePairs, { whiteSpace });
          for (const room of [0, 60]) {
            const text = write(constraint, { seed, budget: constraint.start.distance + room });
            const valid = ajv.validate(schema, JSON.parse(text));
            if (!valid) throw new Error(`${text} is not valid: ${ajv.errorsText()}`);
          }
        },
      ),
      { numRuns: 150, seed: 5 },
    );
  });

  it("reads what others write in its form, and nothing else", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "integer", minimum: 3, maximum: 17 }, b: { type: "array", items: { type: "string" } } },
      required: ["b"],
      additionalProperties: { type: "boolean" },
    };
    const constraint = jsonSchemaConstraint(schema, bytePairs);
    const reads = (text: string): boolean => constraint.read(constraint.start, text)?.accepting ?? false;
    expect(reads('{"a": 5, "b": ["x", "y"]}')).toBe(true);
    expect(reads('{"b": []}')).toBe(true);
    expect(reads('{"b": [], "aa": true, "c": false}')).toBe(true);
    for (const text of [
      '{"a": 2, "b": []}',
      '{"a": 18, "b": []}',
      '{"a": 5}',
      '{"b": [], "a": true}',
      '{"b":[]}',
      "{}",
      '{"b": [] }',
    ])
      expect(reads(text), text).toBe(false);
    const flexible = jsonSchemaConstraint(schema, bytePairs, { whiteSpace: "flexible" });
    expect(flexible.read(flexible.start, JSON.stringify({ a: 5, b: ["x"], c: true }, null, 2))?.accepting).toBe(true);
  });

  it("follows references, allOf and exclusive oneOf", () => {
    const schema = {
      allOf: [{ $ref: "#/$defs/base" }, { properties: { kind: { enum: ["cat", "dog"] } }, required: ["name"] }],
      $defs: {
        base: { type: "object", properties: { kind: { type: "string" }, name: { type: "string", maxLength: 3 } } },
      },
    };
    const constraint = jsonSchemaConstraint(schema, bytePairs);
    expect(constraint.read(constraint.start, '{"kind": "cat", "name": "Tom"}')?.accepting).toBe(true);
    expect(constraint.read(constraint.start, '{"kind": "cow')).toBeNull();
    const tagged = (kind: string) => ({ type: "object", properties: { kind: { const: kind } }, required: ["kind"] });
    const either = jsonSchemaConstraint({ oneOf: [tagged("a"), tagged("b"), { type: "null" }] }, bytePairs);
    expect(either.read(either.start, '{"kind": "b"}')?.accepting).toBe(true);
    expect(() => jsonSchemaConstraint({ oneOf: [{ type: "integer" }, { type: "number" }] }, bytePairs)).toThrow(
      "#/oneOf: expected branches that exclude one another. 0 and 1 may overlap",
    );
  });

  it("nests as deep as it must, in a state that lists do not grow", () => {
    const constraint = jsonSchemaConstraint(true, bytePairs, { whiteSpace: "none" });
    const text = `${"[".repeat(300)}1${",2".repeat(500)}${"]".repeat(300)}`;
    expect(constraint.read(constraint.start, text)).toMatchObject({ accepting: true });
    expect(constraint.read(constraint.start, `${"[".repeat(300)}1`)).toMatchObject({ accepting: false, distance: 300 });
  });

  it.each<[JsonSchema, string]>([
    [{ type: "object", properties: { a: { not: {} } } }, "#/properties/a: not cannot be promised by a token mask"],
    [{ type: "array", uniqueItems: true }, "#: uniqueItems cannot be promised"],
    [{ $ref: "#/$defs/x" }, "There is nothing at #/$defs/x"],
    [
      { $ref: "#/$defs/a", $defs: { a: { anyOf: [{ type: "null" }, { $ref: "#/$defs/a" }] } } },
      "refers to itself with nothing in between",
    ],
    [{ type: "string", format: "color" }, "#/format: expected date, time, date-time"],
    [{ type: "string", pattern: "a+", maxLength: 3 }, "Bound its quantifiers and anchor it"],
    [{ type: "text" }, "#/type: expected object, array"],
    [{ type: "object", required: ["a"], properties: { a: false } }, "some text matches"],
    [{ type: "object", minProperties: 2, properties: { a: true }, required: ["a"] }, "minProperties: expected at most"],
  ])("refuse %j", (schema, message) => {
    expect(() => jsonSchemaConstraint(schema, bytePairs)).toThrow(message);
  });
});
