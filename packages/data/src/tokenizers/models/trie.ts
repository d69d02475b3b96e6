/** A trie over UTF-16 units in flat hash tables. Nodes are numbers, the root 0. */
export class Trie {
  #mask: number;
  #parents: Int32Array;
  #units: Uint16Array;
  #children: Int32Array;
  #values: Int32Array;
  #nodes = 1;

  constructor(entries: Iterable<[string, number]>) {
    this.#mask = 1023;
    this.#parents = new Int32Array(1024).fill(-1);
    this.#units = new Uint16Array(1024);
    this.#children = new Int32Array(1024);
    this.#values = new Int32Array(512).fill(-1);
    for (const [text, value] of entries) this.#add(text, value);
  }

  /** The node after `unit`, -1 where nothing goes on. */
  child(node: number, unit: number): number {
    for (let slot = hash(node, unit) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const parent = this.#parents[slot]!;
      if (parent === node && this.#units[slot] === unit) return this.#children[slot]!;
      if (parent < 0) return -1;
    }
  }

  /** Value of the text that ends at the node, -1 when none does. */
  value(node: number): number {
    return this.#values[node]!;
  }

  #add(text: string, value: number): void {
    let node = 0;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      let next = this.child(node, unit);
      if (next < 0) {
        if (this.#nodes * 2 > this.#mask) this.#grow();
        next = this.#nodes++;
        this.#put(node, unit, next);
      }
      node = next;
    }
    this.#values[node] = value;
  }

  #put(node: number, unit: number, child: number): void {
    let slot = hash(node, unit) & this.#mask;
    while (this.#parents[slot]! >= 0) slot = (slot + 1) & this.#mask;
    this.#parents[slot] = node;
    this.#units[slot] = unit;
    this.#children[slot] = child;
  }

  #grow(): void {
    const [parents, units, children, values] = [this.#parents, this.#units, this.#children, this.#values];
    const capacity = parents.length * 2;
    this.#mask = capacity - 1;
    this.#parents = new Int32Array(capacity).fill(-1);
    this.#units = new Uint16Array(capacity);
    this.#children = new Int32Array(capacity);
    this.#values = new Int32Array(capacity / 2 + 1).fill(-1);
    this.#values.set(values);
    for (const [slot, parent] of parents.entries()) {
      if (parent >= 0) this.#put(parent, units[slot]!, children[slot]!);
    }
  }
}

function hash(node: number, unit: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit + 1, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
