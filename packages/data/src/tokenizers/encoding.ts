/** The columns of an encoding: a value for each token. */
export interface Columns {
  readonly ids: Int32Array;
  /** Units of the original text: start of token i at 2i, its end at 2i + 1. */
  readonly places: Int32Array;
  readonly typeIds: Int32Array;
  readonly words: Int32Array;
  readonly sequences: Int32Array;
  readonly specialMask: Uint8Array;
  readonly attentionMask: Uint8Array;
  /** Text of tokens that go by another name than that of their id. */
  readonly surfaces: ReadonlyMap<number, string>;
}

/** The tokens of a text, or of two, with where they came from. */
export class Encoding {
  readonly ids: Int32Array;
  /** Token type (segment) ids, as the post-processor says: for BERT 0 in the text, 1 in the pair. */
  readonly typeIds: Int32Array;
  /** Number of the word (piece of the pre-tokenizer) a token belongs to; -1 for what was added. */
  readonly words: Int32Array;
  /** 0 for tokens of the text, 1 for those of the pair, -1 for what was added. */
  readonly sequences: Int32Array;
  /** 1 for tokens that the post-processor or padding added. */
  readonly specialMask: Uint8Array;
  /** 0 for padding, 1 else. */
  readonly attentionMask: Uint8Array;
  /** What truncation cut off, in windows that overlap by the stride. */
  readonly overflowing: readonly Encoding[];
  /** Start of token i at 2i, its end at 2i + 1: `offsets` in one list. */
  readonly places: Int32Array;
  readonly #nameOf: (id: number) => string;
  readonly #surfaces: ReadonlyMap<number, string>;

  constructor(columns: Columns, nameOf: (id: number) => string, overflowing: readonly Encoding[] = []) {
    this.ids = columns.ids;
    this.places = columns.places;
    this.typeIds = columns.typeIds;
    this.words = columns.words;
    this.sequences = columns.sequences;
    this.specialMask = columns.specialMask;
    this.attentionMask = columns.attentionMask;
    this.overflowing = overflowing;
    this.#nameOf = nameOf;
    this.#surfaces = columns.surfaces;
  }

  get length(): number {
    return this.ids.length;
  }

  /** The tokens as the vocabulary writes them; what is unknown to a Unigram model, and added tokens, as the text has them. */
  get tokens(): string[] {
    return Array.from(this.ids, (id, index) => this.#surfaces.get(index) ?? this.#nameOf(id));
  }

  /** [start, end) of each token in its original text, in UTF-16 units (what `slice` takes); [0, 0] for what was added. */
  get offsets(): [start: number, end: number][] {
    return Array.from(this.ids, (_, index) => [this.places[2 * index]!, this.places[2 * index + 1]!]);
  }
}

/** Columns that can still be filled. */
export type OpenColumns = Columns & { readonly surfaces: Map<number, string> };

/** Columns for `length` tokens, filled as for special ones. */
export function emptyColumns(length: number): OpenColumns {
  return {
    ids: new Int32Array(length),
    places: new Int32Array(2 * length),
    typeIds: new Int32Array(length),
    words: new Int32Array(length).fill(-1),
    sequences: new Int32Array(length).fill(-1),
    specialMask: new Uint8Array(length).fill(1),
    attentionMask: new Uint8Array(length).fill(1),
    surfaces: new Map(),
  };
}

/** Tokens [start, end) of columns; shares their memory. */
export function sliceColumns(columns: Columns, start: number, end: number): Columns {
  return {
    ids: columns.ids.subarray(start, end),
    places: columns.places.subarray(2 * start, 2 * end),
    typeIds: columns.typeIds.subarray(start, end),
    words: columns.words.subarray(start, end),
    sequences: columns.sequences.subarray(start, end),
    specialMask: columns.specialMask.subarray(start, end),
    attentionMask: columns.attentionMask.subarray(start, end),
    surfaces: moved(columns.surfaces, -start),
  };
}

/** Writes `part` into `columns` from token `at` on. */
export function placeColumns(columns: OpenColumns, part: Columns, at: number): void {
  columns.ids.set(part.ids, at);
  columns.places.set(part.places, 2 * at);
  columns.typeIds.set(part.typeIds, at);
  columns.words.set(part.words, at);
  columns.sequences.set(part.sequences, at);
  columns.specialMask.set(part.specialMask, at);
  columns.attentionMask.set(part.attentionMask, at);
  for (const [index, surface] of part.surfaces) columns.surfaces.set(index + at, surface);
}

function moved(surfaces: ReadonlyMap<number, string>, by: number): Map<number, string> {
  return new Map([...surfaces].map(([index, surface]) => [index + by, surface]));
}
