import type { RetrievedQuery } from "@nacre/evaluate";
import { bare, type Pair } from "./source.ts";

/** Queries of one direction, the texts that are searched, and which of them answer which query. */
export interface Search {
  /** As "zh → en". */
  readonly direction: string;
  readonly queries: readonly string[];
  readonly documents: readonly string[];
  /** For each query, the numbers of the documents that answer it. */
  readonly relevant: readonly ReadonlySet<number>[];
}

/** What rankings of this many are scored by. */
export const depth = 100;

/**
 * Each side of the asked pairs searches for the other among the pool. Texts that differ in marks and case alone are one, under the
 * first of their forms; all that are paired with a query anywhere in the pool answer it.
 */
export function searchesOf(
  asked: readonly Pair[],
  pool: readonly Pair[],
  sides: { readonly query: string; readonly document: string },
): Search[] {
  const turned = (pairs: readonly Pair[]): Pair[] =>
    pairs.map(({ query, document }) => ({ query: document, document: query }));
  return [
    searchOf(asked, pool, `${sides.query} → ${sides.document}`),
    searchOf(turned(asked), turned(pool), `${sides.document} → ${sides.query}`),
  ];
}

function searchOf(asked: readonly Pair[], pool: readonly Pair[], direction: string): Search {
  const queries = new Map<string, { text: string; relevant: Set<number> }>();
  const documents = new Map<string, { text: string; index: number }>();
  for (const { query } of asked) {
    const key = bare(query);
    if (!queries.has(key)) queries.set(key, { text: query, relevant: new Set() });
  }
  for (const { query, document } of pool) {
    const key = bare(document);
    let found = documents.get(key);
    if (found === undefined) {
      found = { text: document, index: documents.size };
      documents.set(key, found);
    }
    queries.get(bare(query))?.relevant.add(found.index);
  }
  return {
    direction,
    queries: [...queries.values()].map(({ text }) => text),
    documents: [...documents.values()].map(({ text }) => text),
    relevant: [...queries.values()].map(({ relevant }) => relevant),
  };
}

/** Rankings by the documents' numbers, as metrics take them: by the documents' texts. */
export function retrieved(
  { queries, documents, relevant }: Search,
  rankings: readonly (readonly number[])[],
): (RetrievedQuery & { readonly query: string })[] {
  return queries.map((query, index) => ({
    query,
    ranking: rankings[index]!.map((document) => documents[document]!),
    relevance: Object.fromEntries([...relevant[index]!].map((document) => [documents[document]!, 1])),
  }));
}
