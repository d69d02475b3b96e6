/** The merges of byte-pair encoding in a flat hash table: (left id, right id) → rank and merged id. */
export class MergeTable {
  readonly #mask: number;
  readonly #lefts: Int32Array;
  readonly #rights: Int32Array;
  readonly #ranks: Int32Array;
  readonly #results: Int32Array;
  #size = 0;

  constructor(count: number) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, count * 2)));
    this.#mask = capacity - 1;
    this.#lefts = new Int32Array(capacity).fill(-1);
    this.#rights = new Int32Array(capacity);
    this.#ranks = new Int32Array(capacity);
    this.#results = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** A pair that is there already gets the new rank. */
  set(left: number, right: number, { rank, result }: { rank: number; result: number }): void {
    let slot = hash(left, right) & this.#mask;
    while (this.#lefts[slot]! >= 0 && !(this.#lefts[slot] === left && this.#rights[slot] === right)) {
      slot = (slot + 1) & this.#mask;
    }
    if (this.#lefts[slot]! < 0) this.#size++;
    this.#lefts[slot] = left;
    this.#rights[slot] = right;
    this.#ranks[slot] = rank;
    this.#results[slot] = result;
  }

  /** Where the pair is, -1 when it is no merge. */
  find(left: number, right: number): number {
    const lefts = this.#lefts;
    for (let slot = hash(left, right) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const found = lefts[slot]!;
      if (found === left && this.#rights[slot] === right) return slot;
      if (found < 0) return -1;
    }
  }

  rank(slot: number): number {
    return this.#ranks[slot]!;
  }

  result(slot: number): number {
    return this.#results[slot]!;
  }

  /** [left, right, rank, result] of every merge, by rank. */
  entries(): [number, number, number, number][] {
    const all: [number, number, number, number][] = [];
    for (const [slot, left] of this.#lefts.entries()) {
      if (left >= 0) all.push([left, this.#rights[slot]!, this.#ranks[slot]!, this.#results[slot]!]);
    }
    return all.sort((one, other) => one[2] - other[2] || one[0] - other[0]);
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
