/** Tokens of a text as they are found: lists that grow. Positions are kept only where someone asks for them. */
export class TokenBuffer {
  count = 0;
  ids: Int32Array;
  /** First UTF-16 unit of each token, and the unit after its last; empty unless `positioned`. */
  starts: Int32Array;
  ends: Int32Array;
  /** Number of the piece each token belongs to; empty unless `positioned`. */
  words: Int32Array;
  /** Text of tokens that go by another name than that of their id. */
  readonly surfaces = new Map<number, string>();
  readonly positioned: boolean;

  constructor(positioned: boolean, capacity = 256) {
    this.positioned = positioned;
    this.ids = new Int32Array(capacity);
    this.starts = new Int32Array(positioned ? capacity : 0);
    this.ends = new Int32Array(positioned ? capacity : 0);
    this.words = new Int32Array(positioned ? capacity : 0);
  }

  push(id: number, start: number, end: number): void {
    const at = this.count++;
    if (at >= this.ids.length) this.#grow(at + 1);
    this.ids[at] = id;
    if (this.positioned) {
      this.starts[at] = start;
      this.ends[at] = end;
    }
  }

  /** Room for `extra` more tokens. */
  reserve(extra: number): void {
    if (this.count + extra > this.ids.length) this.#grow(this.count + extra);
  }

  #grow(needed: number): void {
    const capacity = Math.max(needed, this.ids.length * 2);
    this.ids = grown(this.ids, capacity);
    if (this.positioned) {
      this.starts = grown(this.starts, capacity);
      this.ends = grown(this.ends, capacity);
      this.words = grown(this.words, capacity);
    }
  }
}

function grown(old: Int32Array, capacity: number): Int32Array {
  const list = new Int32Array(capacity);
  list.set(old);
  return list;
}
