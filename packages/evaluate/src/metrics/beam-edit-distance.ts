/** Edits that turn a hypothesis into its reference. */
export const edit = { none: 0, substitute: 1, insert: 2, delete: 3 } as const;

export interface EditPath {
  readonly distance: number;
  /** Values of `edit`, from the start. */
  readonly path: Uint8Array;
}

interface Row {
  /** Distances to the first 0 … R words of the reference. */
  readonly costs: Int32Array;
  readonly edits: Uint8Array;
  readonly next: Map<number, Row>;
}

const undefinedEdit = 4;
const infinite = 1 << 29;
const beamWidth = 25;
const mostRows = 10_000;

/**
 * Edit distances of many hypotheses of one length to one reference, near the diagonal only, as sacreBLEU's TER has it (after
 * Tercom): 25 words to either side. Rows are kept by the words that led to them, so a hypothesis costs what is new in it.
 */
export class BeamEditDistance {
  readonly #reference: Int32Array;
  readonly #first: Row;
  #rows = 0;

  constructor(reference: Int32Array) {
    this.#reference = reference;
    this.#first = {
      costs: Int32Array.from({ length: reference.length + 1 }, (_, index) => index),
      edits: new Uint8Array(reference.length + 1).fill(edit.insert),
      next: new Map(),
    };
  }

  /** Distance and the edits that make it; of equally good ones a substitution, then a deletion, then an insertion. */
  measure(hypothesis: Int32Array): EditPath {
    const rows = [this.#first];
    for (const word of hypothesis) {
      const known = rows.at(-1)!.next.get(word);
      if (known === undefined) break;
      rows.push(known);
    }
    const keep = this.#rows < mostRows;
    for (let at = rows.length; at <= hypothesis.length; at++) {
      const above = rows[at - 1]!;
      const row = this.#row(hypothesis, at, above);
      if (keep) {
        above.next.set(hypothesis[at - 1]!, row);
        this.#rows++;
      }
      rows.push(row);
    }
    return { distance: rows.at(-1)!.costs[this.#reference.length]!, path: this.#path(rows) };
  }

  /** Row of the hypothesis' first `at` words. */
  #row(hypothesis: Int32Array, at: number, above: Row): Row {
    const reference = this.#reference;
    const ratio = reference.length / hypothesis.length;
    const width = beamWidth < ratio / 2 ? Math.ceil(ratio / 2 + beamWidth) : beamWidth;
    const diagonal = Math.floor(at * ratio);
    const start = Math.max(0, diagonal - width);
    const end = at === hypothesis.length ? reference.length + 1 : Math.min(reference.length + 1, diagonal + width);
    const costs = new Int32Array(reference.length + 1).fill(infinite);
    const edits = new Uint8Array(reference.length + 1).fill(undefinedEdit);
    const word = hypothesis[at - 1]!;
    for (let column = start; column < end; column++) {
      if (column === 0) {
        costs[0] = above.costs[0]! + 1;
        edits[0] = edit.delete;
        continue;
      }
      const same = word === reference[column - 1];
      let cost = infinite;
      let how: number = undefinedEdit;
      const across = above.costs[column - 1]! + (same ? 0 : 1);
      if (across < cost) [cost, how] = [across, same ? edit.none : edit.substitute];
      const down = above.costs[column]! + 1;
      if (down < cost) [cost, how] = [down, edit.delete];
      const right = costs[column - 1]! + 1;
      if (right < cost) [cost, how] = [right, edit.insert];
      costs[column] = cost;
      edits[column] = how;
    }
    return { costs, edits, next: new Map() };
  }

  #path(rows: readonly Row[]): Uint8Array {
    let row = rows.length - 1;
    let column = this.#reference.length;
    const path = new Uint8Array(row + column);
    let at = path.length;
    while (row > 0 || column > 0) {
      const how = rows[row]!.edits[column]!;
      path[--at] = how;
      if (how === edit.none || how === edit.substitute) {
        row--;
        column--;
      } else if (how === edit.insert) column--;
      else if (how === edit.delete) row--;
      else throw new Error(`Expected the best path to stay within ${beamWidth} words of the diagonal. It left them.`);
    }
    return path.subarray(at);
  }
}
