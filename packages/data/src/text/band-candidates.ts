import type { DisjointSets } from "./disjoint-sets.ts";
import type { SignatureStore } from "./signature-store.ts";

export interface JoinOptions {
  readonly band: number;
  readonly documents: number;
  readonly sets: DisjointSets;
  readonly similar: (left: number, right: number) => boolean;
  /** Bytes for the table. */
  readonly memory: number;
}

/** Documents of one bucket that a further one is compared with, the latest first: buckets of thousands are as good as one. */
const mostComparisons = 64;

/**
 * Joins the documents that share a band's hash and are similar. The band's records are read once if a table of them fits in memory, else
 * several times, a range of hashes each time. About 29 bytes a document: 8 to 16 for a place of the table, three quarters
 * full at most, and 8 for the chain.
 */
export function joinBand(store: SignatureStore, { band, documents, sets, similar, memory }: JoinOptions): void {
  const passes = Math.max(1, Math.ceil((bytesPerDocument * documents) / memory));
  for (let pass = 0; pass < passes; pass++) {
    const buckets = new Buckets(Math.ceil((1.1 * documents) / passes) + 1024);
    for (const records of store.band(band)) {
      for (let at = 0; at < records.length; at += 3) {
        const [high, low, document] = [records[at]!, records[at + 1]!, records[at + 2]!];
        if (passes > 1 && Math.floor(((high >>> 0) / 2 ** 32) * passes) !== pass) continue;
        compare(buckets, buckets.add(high, low, document), { sets, similar });
      }
    }
  }
}

const bytesPerDocument = 32;

function compare(buckets: Buckets, entry: number, { sets, similar }: Pick<JoinOptions, "sets" | "similar">): void {
  const document = buckets.documents[entry]!;
  let compared = 0;
  for (
    let other = buckets.previous[entry]!;
    other >= 0 && compared < mostComparisons;
    other = buckets.previous[other]!
  ) {
    const earlier = buckets.documents[other]!;
    if (sets.find(earlier) === sets.find(document)) continue;
    compared++;
    if (similar(earlier, document)) sets.union(earlier, document);
  }
}

/** Documents by the 64-bit hash of a band: open addressing, entries of a bucket chained from the latest to the first. */
class Buckets {
  documents: Int32Array;
  previous: Int32Array;
  readonly #high: Int32Array;
  readonly #low: Int32Array;
  /** Number of the latest entry and one; 0 for a free place. */
  readonly #latest: Int32Array;
  #entries = 0;

  constructor(capacity: number) {
    const places = 2 ** Math.ceil(Math.log2(capacity / 0.75));
    this.documents = new Int32Array(capacity);
    this.previous = new Int32Array(capacity);
    this.#high = new Int32Array(places);
    this.#low = new Int32Array(places);
    this.#latest = new Int32Array(places);
  }

  /** @returns the number of the entry. */
  add(high: number, low: number, document: number): number {
    const entry = this.#entries++;
    if (entry >= this.documents.length) this.#grow();
    const mask = this.#latest.length - 1;
    let place = low & mask;
    while (this.#latest[place] !== 0 && (this.#high[place] !== high || this.#low[place] !== low)) {
      place = (place + 1) & mask;
    }
    this.#high[place] = high;
    this.#low[place] = low;
    this.previous[entry] = this.#latest[place]! - 1;
    this.documents[entry] = document;
    this.#latest[place] = entry + 1;
    return entry;
  }

  /** Copies of one text all share a hash, so a range may hold more entries than its share; its places are no more than that. */
  #grow(): void {
    const [documents, previous] = [this.documents, this.previous];
    this.documents = new Int32Array(2 * documents.length);
    this.previous = new Int32Array(2 * previous.length);
    this.documents.set(documents);
    this.previous.set(previous);
  }
}
