import type { PairTable } from "./pair-table.ts";

/** A merge that may be next: a pair, how often it was there, and in which words. */
export interface MergeCandidate {
  readonly pair: number;
  count: number;
  readonly words: Iterable<number>;
}

/** Candidates, the most frequent first; of several, the pair with the smaller ids. */
export class MergeQueue {
  readonly #pairs: PairTable;
  readonly #heap: MergeCandidate[] = [];

  constructor(pairs: PairTable) {
    this.#pairs = pairs;
  }

  push(candidate: MergeCandidate): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(candidate);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(candidate, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = candidate;
  }

  pop(): MergeCandidate | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }

  #before(one: MergeCandidate, other: MergeCandidate): boolean {
    if (one.count !== other.count) return one.count > other.count;
    const { lefts, rights } = this.#pairs;
    const [left, right] = [lefts[one.pair]!, lefts[other.pair]!];
    return left !== right ? left < right : rights[one.pair]! < rights[other.pair]!;
  }
}
