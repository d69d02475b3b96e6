/** A set of 64-bit hashes, given as two halves: open addressing over typed arrays, 8 bytes a place, at most three quarters full. */
export class HashSet {
  #low: Int32Array;
  #high: Int32Array;
  #size = 0;
  #zero = false;

  constructor(capacity = 1024) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(16, capacity / 0.75)));
    this.#low = new Int32Array(places);
    this.#high = new Int32Array(places);
  }

  get size(): number {
    return this.#size + (this.#zero ? 1 : 0);
  }

  /** Bytes that the table takes. */
  get bytes(): number {
    return 8 * this.#low.length;
  }

  /** Whether it was not in there before. */
  add(low: number, high: number): boolean {
    if (low === 0 && high === 0) {
      const added = !this.#zero;
      this.#zero = true;
      return added;
    }
    const place = this.#find(low, high);
    if (this.#low[place] !== 0 || this.#high[place] !== 0) return false;
    this.#low[place] = low;
    this.#high[place] = high;
    if (++this.#size > 0.75 * this.#low.length) this.#grow();
    return true;
  }

  has(low: number, high: number): boolean {
    if (low === 0 && high === 0) return this.#zero;
    const place = this.#find(low, high);
    return this.#low[place] !== 0 || this.#high[place] !== 0;
  }

  /** Where the hash is, or where it would go. */
  #find(low: number, high: number): number {
    const mask = this.#low.length - 1;
    let place = (low ^ (high >>> 7)) & mask;
    while (this.#low[place] !== 0 || this.#high[place] !== 0) {
      if (this.#low[place] === low && this.#high[place] === high) break;
      place = (place + 1) & mask;
    }
    return place;
  }

  #grow(): void {
    const [low, high] = [this.#low, this.#high];
    this.#low = new Int32Array(2 * low.length);
    this.#high = new Int32Array(2 * low.length);
    for (let at = 0; at < low.length; at++) {
      if (low[at] === 0 && high[at] === 0) continue;
      const place = this.#find(low[at]!, high[at]!);
      this.#low[place] = low[at]!;
      this.#high[place] = high[at]!;
    }
  }
}
