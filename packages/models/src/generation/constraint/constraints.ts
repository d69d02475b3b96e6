import { type JsonSchemaOptions, jsonSchemaGrammar } from "./json-schema.ts";
import { type RegexSource, regexExpression } from "./regex.ts";
import type { JsonSchema } from "./schema-merge.ts";
import { TokenConstraint } from "./token-constraint.ts";
import type { TokenTrie } from "./token-trie.ts";

/**
 * Texts that match a JavaScript regular expression from beginning to end.
 *
 * @throws Error for look-around, back-references and \b, and when the vocabulary cannot spell any match.
 */
export function regexConstraint(source: RegexSource, trie: TokenTrie): TokenConstraint {
  return new TokenConstraint({ root: regexExpression(source), rules: new Map() }, trie);
}

/**
 * JSON texts that are valid under a schema; see `JsonSchemaOptions` and the README for what is generated of it.
 *
 * @throws Error with the path of a keyword that a mask cannot promise.
 */
export function jsonSchemaConstraint(
  schema: JsonSchema,
  trie: TokenTrie,
  options?: JsonSchemaOptions,
): TokenConstraint {
  return new TokenConstraint(jsonSchemaGrammar(schema, options), trie);
}
