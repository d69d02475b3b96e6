import { ngramsOf } from "./tf-idf.ts";

export interface Bm25Options {
  /** How fast more of the same word stops counting. Default 1.2, for "okapi" 1.5. */
  readonly k1?: number;
  /** How much long documents are held against them, from 0 to 1. Default 0.75. */
  readonly b?: number;
  /**
   * "lucene" (default): idf = ln(1 + (N - n + ½) / (n + ½)), and without the factor k1 + 1, as Lucene 8 and later and bm25s.
   * "okapi": idf = ln((N - n + ½) / (n + ½)), negative ones replaced by a quarter of their mean, as the Python package rank_bm25.
   */
  readonly variant?: "lucene" | "okapi";
  /** Default: words of two letters or digits or more, in lower case. Chinese wants characters: see `characterTerms`. */
  readonly terms?: (text: string) => readonly string[];
}

/** A document and its score. */
export interface Hit {
  readonly document: number;
  readonly score: number;
}

/** Characters and pairs of them: terms of text without spaces. */
export function characterTerms(text: string): string[] {
  return ngramsOf(text, { analyzer: "character", ngrams: [1, 2] }).filter((ngram) => ngram.trim() === ngram);
}

/** BM25 (Robertson and Zaragoza 2009) over an inverted index. */
export class Bm25 {
  readonly documents: number;
  readonly #terms: (text: string) => readonly string[];
  readonly #postings = new Map<string, { documents: number[]; weights: number[] }>();

  constructor(documents: readonly string[], options: Bm25Options = {}) {
    const { b = 0.75, variant = "lucene", terms = (text: string) => ngramsOf(text) } = options;
    const { k1 = variant === "okapi" ? 1.5 : 1.2 } = options;
    if (documents.length === 0) throw new RangeError("Expected documents to search. Received none.");
    this.documents = documents.length;
    this.#terms = terms;
    const lengths = new Float64Array(documents.length);
    documents.forEach((text, document) => {
      const counts = new Map<string, number>();
      const all = terms(text);
      lengths[document] = all.length;
      for (const term of all) counts.set(term, (counts.get(term) ?? 0) + 1);
      for (const [term, count] of counts) {
        let posting = this.#postings.get(term);
        if (posting === undefined) {
          posting = { documents: [], weights: [] };
          this.#postings.set(term, posting);
        }
        posting.documents.push(document);
        posting.weights.push(count);
      }
    });
    const meanLength = lengths.reduce((sum, length) => sum + length, 0) / documents.length;
    const idf = inverseFrequencies(
      [...this.#postings.values()].map(({ documents: found }) => found.length),
      {
        documents: documents.length,
        variant,
      },
    );
    let which = 0;
    for (const { documents: found, weights } of this.#postings.values()) {
      const weight = idf[which++]! * (variant === "okapi" ? k1 + 1 : 1);
      for (let at = 0; at < found.length; at++) {
        const count = weights[at]!;
        weights[at] = (weight * count) / (count + k1 * (1 - b + (b * lengths[found[at]!]!) / meanLength));
      }
    }
  }

  /** Scores of all documents. */
  scores(query: string): Float64Array {
    const scores = new Float64Array(this.documents);
    for (const term of this.#terms(query)) {
      const posting = this.#postings.get(term);
      if (posting === undefined) continue;
      const { documents, weights } = posting;
      for (let at = 0; at < documents.length; at++) scores[documents[at]!]! += weights[at]!;
    }
    return scores;
  }

  /** The best documents, best first; of equal ones the first. Those without any term of the query are left out. */
  search(query: string, count = 10): Hit[] {
    const scores = this.scores(query);
    const found: Hit[] = [];
    for (let document = 0; document < scores.length; document++) {
      const score = scores[document]!;
      if (score === 0 || (found.length === count && score <= found.at(-1)!.score)) continue;
      let place = found.length;
      while (place > 0 && found[place - 1]!.score < score) place--;
      found.splice(place, 0, { document, score });
      if (found.length > count) found.pop();
    }
    return found;
  }
}

function inverseFrequencies(
  counts: readonly number[],
  { documents, variant }: { readonly documents: number; readonly variant: "lucene" | "okapi" },
): number[] {
  const odds = counts.map((count) => (documents - count + 0.5) / (count + 0.5));
  if (variant === "lucene") return odds.map((value) => Math.log(1 + value));
  const logarithms = odds.map(Math.log);
  const floor = (0.25 * logarithms.reduce((sum, value) => sum + value, 0)) / logarithms.length;
  return logarithms.map((value) => (value < 0 ? floor : value));
}
