/**
 * What generation needs of a model: rows of tokens go in, rows of logits come out. Nothing here knows tensors, so a model on
 * another machine or a table in a test decodes as well as a network; `causalDecoder` and `sequenceDecoder` make one of ours.
 */
export interface Decoder {
  /** Number of tokens, V. */
  readonly vocabulary: number;
  /** Longest sequence in tokens, prompt and padding included; Infinity where there is no limit. */
  readonly context: number;
  /** Starts `rows` empty sequences. */
  open(options: OpenOptions): DecodingSession;
}

export interface OpenOptions {
  /** For each row, how many tokens at its beginning are padding and must not be seen. */
  readonly padding: readonly number[];
  /** Most tokens a row will get, padding included: what to allocate. */
  readonly capacity: number;
  /** Most tokens that `truncate` will take back at once. Default: 0. */
  readonly rewind?: number;
}

/** Sequences that grow together, with what the model remembers of them. */
export interface DecodingSession {
  /** Tokens in every row, padding included. */
  readonly length: number;
  /**
   * Appends T tokens to each of R rows, `ids` [R, T] row by row, and gives the logits after the last `wanted` of them
   * (default: one), [R, wanted, V]. The caller may change the array.
   */
  advance(ids: Int32Array, wanted?: number): Promise<Float32Array>;
  /** The rows become copies of these, in this order: drops, repeats and permutes. */
  reorder(rows: readonly number[]): void;
  /** Forgets everything behind the first `length` tokens. */
  truncate(length: number): void;
  dispose(): void;
}
