/** Disjoint sets of numbers from 0 (union-find): the root of each set is its least member, whatever the order of unions. */
export class DisjointSets {
  readonly parents: Int32Array;

  /** @param parents as saved; else each number is a set of its own. */
  constructor(length: number, parents?: Int32Array) {
    this.parents = parents ?? Int32Array.from({ length }, (_, index) => index);
  }

  /** The least member of the set. Halves the path to it on its way. */
  find(member: number): number {
    const { parents } = this;
    let at = member;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]!]!;
      at = parents[at]!;
    }
    return at;
  }

  /** Joins two sets. */
  union(left: number, right: number): void {
    const [first, second] = [this.find(left), this.find(right)];
    if (first < second) this.parents[second] = first;
    else this.parents[first] = second;
  }
}
