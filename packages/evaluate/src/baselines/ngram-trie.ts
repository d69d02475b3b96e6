/**
 * N-grams as a tree: every node is a sequence of symbols, its children are one symbol longer. Nodes are numbers; 0 is the empty
 * sequence. Children are found in one open-addressing table over typed arrays, so millions of n-grams fit.
 */
export class NgramTrie {
  /** By node. */
  #parents = new Int32Array(1024);
  #symbols = new Int32Array(1024);
  #table = new Int32Array(2048).fill(-1);
  #size = 1;

  /** Nodes, the empty sequence included. */
  get size(): number {
    return this.#size;
  }

  /** The sequence of `node` and one more symbol; -1 when it never occurred. */
  child(node: number, symbol: number): number {
    const mask = this.#table.length - 1;
    for (let slot = hash(node, symbol) & mask; ; slot = (slot + 1) & mask) {
      const found = this.#table[slot]!;
      if (found < 0 || (this.#parents[found] === node && this.#symbols[found] === symbol)) return found;
    }
  }

  /** As `child`, but made when it is new: then its number is the size before. */
  grow(node: number, symbol: number): number {
    const known = this.child(node, symbol);
    if (known >= 0) return known;
    if (this.#size * 2 >= this.#table.length) this.#enlarge();
    const made = this.#size++;
    this.#parents[made] = node;
    this.#symbols[made] = symbol;
    this.#place(made);
    return made;
  }

  parent(node: number): number {
    return this.#parents[node]!;
  }

  #place(node: number): void {
    const mask = this.#table.length - 1;
    let slot = hash(this.#parents[node]!, this.#symbols[node]!) & mask;
    while (this.#table[slot]! >= 0) slot = (slot + 1) & mask;
    this.#table[slot] = node;
  }

  #enlarge(): void {
    const [parents, symbols] = [this.#parents, this.#symbols];
    this.#parents = new Int32Array(parents.length * 2);
    this.#parents.set(parents);
    this.#symbols = new Int32Array(symbols.length * 2);
    this.#symbols.set(symbols);
    this.#table = new Int32Array(this.#table.length * 2).fill(-1);
    for (let node = 1; node < this.#size; node++) this.#place(node);
  }
}

function hash(node: number, symbol: number): number {
  let mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(symbol + 1, 0x85ebca6b);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
