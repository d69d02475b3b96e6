import type { MergeTable } from "./merge-table.ts";

/** Above this many symbols a heap finds the next merge; below, looking at all is faster. */
const scanLimit = 96;
const none = 0x7fff_ffff;

/**
 * The symbols of a piece, and what byte-pair encoding makes of them: always the merge of lowest rank, leftmost first
 * (Sennrich et al. 2016, section 3.2). One instance is used again and again.
 */
export class Symbols {
  /** Number of symbols; after `merge`, of tokens. */
  count = 0;
  /** Their ids. */
  ids = new Int32Array(256);
  /** For each: which of the symbols at first it begins with. */
  firsts = new Int32Array(256);
  #ranks = new Int32Array(256);
  #results = new Int32Array(256);

  push(id: number): void {
    if (this.count === this.ids.length) this.#grow();
    this.ids[this.count] = id;
    this.firsts[this.count] = this.count;
    this.count++;
  }

  /** O(n log n) in the number of symbols n. */
  merge(merges: MergeTable): void {
    if (this.count < 2 || merges.size === 0) return;
    if (this.count <= scanLimit) this.#mergeByScanning(merges);
    else this.#mergeByHeap(merges);
  }

  #grow(): void {
    const larger = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const list = new Int32Array(old.length * 2);
      list.set(old);
      return list;
    };
    this.ids = larger(this.ids);
    this.firsts = larger(this.firsts);
    this.#ranks = larger(this.#ranks) as Int32Array<ArrayBuffer>;
    this.#results = larger(this.#results) as Int32Array<ArrayBuffer>;
  }

  #look(merges: MergeTable, at: number, right: number): void {
    const slot = merges.find(this.ids[at]!, this.ids[right]!);
    this.#ranks[at] = slot < 0 ? none : merges.rank(slot);
    this.#results[at] = slot < 0 ? -1 : merges.result(slot);
  }

  #mergeByScanning(merges: MergeTable): void {
    const { ids, firsts } = this;
    const ranks = this.#ranks;
    const results = this.#results;
    let count = this.count;
    for (let at = 0; at < count - 1; at++) this.#look(merges, at, at + 1);
    for (;;) {
      let best = none;
      let place = -1;
      for (let at = 0; at < count - 1; at++) {
        if (ranks[at]! < best) {
          best = ranks[at]!;
          place = at;
        }
      }
      if (place < 0) break;
      ids[place] = results[place]!;
      count--;
      for (let at = place + 1; at < count; at++) {
        ids[at] = ids[at + 1]!;
        firsts[at] = firsts[at + 1]!;
        ranks[at] = ranks[at + 1]!;
        results[at] = results[at + 1]!;
      }
      if (place + 1 < count) this.#look(merges, place, place + 1);
      if (place > 0) this.#look(merges, place - 1, place);
    }
    this.count = count;
  }

  /** Heap keys are rank · 2³² + place: the order of ranks, then of places. A key whose pair has changed is passed over. */
  #mergeByHeap(merges: MergeTable): void {
    const { ids, firsts, count } = this;
    const ranks = this.#ranks;
    const next = new Int32Array(count);
    const previous = new Int32Array(count);
    const heap = new PairHeap(count);
    for (let at = 0; at < count; at++) {
      next[at] = at + 1 < count ? at + 1 : -1;
      previous[at] = at - 1;
      if (at + 1 < count) {
        this.#look(merges, at, at + 1);
        if (ranks[at] !== none) heap.push(ranks[at]! * 2 ** 32 + at);
      }
    }
    ranks[count - 1] = none;
    for (let key = heap.pop(); key >= 0; key = heap.pop()) {
      const rank = Math.floor(key / 2 ** 32);
      const at = key - rank * 2 ** 32;
      if (ranks[at] !== rank) continue;
      const right = next[at]!;
      ids[at] = this.#results[at]!;
      const after = next[right]!;
      next[at] = after;
      ranks[right] = none;
      ids[right] = -1;
      if (after >= 0) {
        previous[after] = at;
        this.#look(merges, at, after);
        if (ranks[at] !== none) heap.push(ranks[at]! * 2 ** 32 + at);
      } else ranks[at] = none;
      const before = previous[at]!;
      if (before >= 0) {
        this.#look(merges, before, at);
        if (ranks[before] !== none) heap.push(ranks[before]! * 2 ** 32 + before);
      }
    }
    let left = 0;
    for (let at = 0; at >= 0; at = next[at]!) {
      ids[left] = ids[at]!;
      firsts[left] = at;
      left++;
    }
    this.count = left;
  }
}

/** A binary heap of numbers from 0 on, smallest first. */
class PairHeap {
  #keys: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#keys = new Float64Array(Math.max(16, capacity));
  }

  push(key: number): void {
    if (this.#size === this.#keys.length) {
      const larger = new Float64Array(this.#size * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    const keys = this.#keys;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (keys[parent]! <= key) break;
      keys[at] = keys[parent]!;
      at = parent;
    }
    keys[at] = key;
  }

  /** The smallest, taken out; -1 when there is none. */
  pop(): number {
    if (this.#size === 0) return -1;
    const keys = this.#keys;
    const top = keys[0]!;
    const key = keys[--this.#size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && keys[child + 1]! < keys[child]!) child++;
      if (keys[child]! >= key) break;
      keys[at] = keys[child]!;
      at = child;
    }
    keys[at] = key;
    return top;
  }
}
