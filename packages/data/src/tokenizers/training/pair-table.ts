/** Counts of pairs of ids, in a flat hash table. Every pair has a number from 0 on that stays. */
export class PairTable {
  lefts = new Int32Array(1024);
  rights = new Int32Array(1024);
  counts = new Float64Array(1024);
  size = 0;
  #slots = new Int32Array(4096).fill(-1);

  /** Number of the pair, new with count 0 if need be. */
  number(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(left, right) & mask;
    for (;;) {
      const found = this.#slots[slot]!;
      if (found < 0) break;
      if (this.lefts[found] === left && this.rights[found] === right) return found;
      slot = (slot + 1) & mask;
    }
    if (this.size === this.lefts.length) {
      this.#grow();
      return this.number(left, right);
    }
    const number = this.size++;
    this.lefts[number] = left;
    this.rights[number] = right;
    this.#slots[slot] = number;
    return number;
  }

  #grow(): void {
    const capacity = this.lefts.length * 2;
    const [lefts, rights, counts] = [this.lefts, this.rights, this.counts];
    this.lefts = new Int32Array(capacity);
    this.rights = new Int32Array(capacity);
    this.counts = new Float64Array(capacity);
    this.lefts.set(lefts);
    this.rights.set(rights);
    this.counts.set(counts);
    this.#slots = new Int32Array(capacity * 4).fill(-1);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = hash(lefts[number]!, rights[number]!) & mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number;
    }
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
