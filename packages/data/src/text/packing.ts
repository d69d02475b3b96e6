import { after, end, part, type Result, wholeNumber } from "../dataset/cursor.ts";
import { type Cursor, Dataset, type Position } from "../dataset.ts";

/** Ids of one sequence; what else belongs to each id may come along. */
export interface TokenSequence {
  readonly ids: ArrayLike<number>;
  /** 1 for ids to learn from, 0 for others; all of them unless given. */
  readonly mask?: ArrayLike<number>;
}

/** Several sequences in one row of a batch. All arrays have the length asked for. */
export interface PackedSequence {
  readonly ids: Int32Array;
  /** Places within the sequence, from 0 for the first id of it in this row: a model does not see what was before. 0 where nothing is. */
  readonly positions: Int32Array;
  /** Number of the sequence in the row, from 1; 0 where nothing is. Attention stays among equal numbers. */
  readonly segments: Int32Array;
  /** 1 for ids to learn from. */
  readonly mask: Uint8Array;
  /** Where each sequence begins, and the end of the last: cu_seqlens of variable-length attention. */
  readonly boundaries: Int32Array;
  /** Ids that are not padding. */
  readonly used: number;
}

export interface PackOptions {
  /** Ids in a packed row. */
  readonly length: number;
  /**
   * - "best-fit" (default): sequences stay whole; each goes, the longest of a window first, where the least room is left (best-fit decreasing).
   * - "first-fit": the same into the first row that has room (first-fit decreasing: at most 11/9 of the best number of rows, and 6/9; Dósa 2007).
   * - "split": one after the other, cut wherever a row is full; nothing is padded but the last row.
   */
  readonly method?: "best-fit" | "first-fit" | "split";
  /** Sequences that are looked at together. Default 1000. */
  readonly window?: number;
  /** What fills up. Default 0. */
  readonly padding?: number;
  /** Put after each sequence, with mask 1: the end of a document. None unless given. */
  readonly separator?: number;
  /** What becomes of longer sequences under "best-fit" and "first-fit": cut into whole rows and a rest (default), cut off, or an error. */
  readonly longer?: "split" | "truncate" | "error";
}

interface Piece {
  readonly ids: Int32Array;
  readonly mask: Uint8Array;
}

/**
 * Packs sequences of different lengths into rows of the same length, with the borders that keep them apart. Reads a window at a time; a
 * position is the window and the row in it, so a pass can be resumed anywhere to the same rows.
 *
 * @throws RangeError for a length below 1, or a longer sequence under `longer: "error"`.
 */
export function packSequences(sequences: Dataset<TokenSequence>, options: PackOptions): Dataset<PackedSequence> {
  const { length, window = 1000 } = options;
  for (const [name, value] of [
    ["length", length],
    ["window", window],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`Expected ${name} to be 1 or more. Received ${value}.`);
  }
  return new Dataset<PackedSequence>({
    size: undefined,
    open: (position, epoch) =>
      options.method === "split"
        ? splitCursor(sequences, options, { position, epoch })
        : windowCursor(sequences, { ...options, window }, { position, epoch }),
  });
}

interface Opening {
  readonly position: Position | undefined;
  readonly epoch: number;
}

function windowCursor(
  sequences: Dataset<TokenSequence>,
  options: PackOptions & { readonly window: number },
  { position, epoch }: Opening,
): Cursor<PackedSequence> {
  let start: Position | undefined = position === undefined ? undefined : part(position, "window");
  let row = position === undefined ? 0 : wholeNumber(position, "row");
  let cursor = sequences.open(start ?? undefined, epoch);
  start ??= cursor.position();
  let rows: PackedSequence[] | undefined;
  const read = async (): Promise<PackedSequence[]> => {
    const pieces: Piece[] = [];
    for (let count = 0; count < options.window; count++) {
      const next = cursor.next();
      const result = next instanceof Promise ? await next : next;
      if (result.done) break;
      pieces.push(...piecesOf(result.value, options));
    }
    return fitted(pieces, options).map((group) => packed(group, options));
  };
  const take = async (): Promise<Result<PackedSequence>> => {
    for (;;) {
      rows ??= await read();
      if (row < rows.length) return { done: false, value: rows[row++]! };
      const following = cursor.position();
      const wasEmpty = rows.length === 0;
      if (wasEmpty) return end;
      start = following;
      rows = undefined;
      row = 0;
    }
  };
  return {
    next: take,
    position: () => ({ window: start!, row }),
    async close() {
      await cursor.close();
      cursor = { next: () => end, position: () => start!, close() {} };
    },
  };
}

/** The ids of a sequence in pieces of at most a row's length. */
function piecesOf(sequence: TokenSequence, { length, separator, longer = "split" }: PackOptions): Piece[] {
  const { ids, mask } = withSeparator(sequence, separator);
  if (ids.length <= length) return ids.length === 0 ? [] : [{ ids, mask }];
  if (longer === "error") {
    throw new RangeError(`Expected sequences of at most ${length} ids. Received one of ${ids.length}.`);
  }
  if (longer === "truncate") return [{ ids: ids.slice(0, length), mask: mask.slice(0, length) }];
  const pieces: Piece[] = [];
  for (let at = 0; at < ids.length; at += length) {
    pieces.push({ ids: ids.slice(at, at + length), mask: mask.slice(at, at + length) });
  }
  return pieces;
}

function withSeparator({ ids, mask }: TokenSequence, separator: number | undefined): Piece {
  if (mask !== undefined && mask.length !== ids.length) {
    throw new RangeError(`Expected a mask for each of ${ids.length} ids. Received ${mask.length}.`);
  }
  const length = ids.length + (separator === undefined ? 0 : 1);
  const allIds = new Int32Array(length);
  const allMask = new Uint8Array(length).fill(1);
  allIds.set(ids);
  if (mask !== undefined) allMask.set(mask);
  if (separator !== undefined) allIds[ids.length] = separator;
  return { ids: allIds, mask: allMask };
}

/** Groups of pieces that fit a row, the longest first, equal ones in their order. */
function fitted(pieces: readonly Piece[], { length, method = "best-fit" }: PackOptions): Piece[][] {
  const order = [...pieces.entries()].sort(
    ([left, first], [right, second]) => second.ids.length - first.ids.length || left - right,
  );
  const rows: { readonly pieces: Piece[]; room: number }[] = [];
  // Rows by the room they have left, for best fit: rooms are whole numbers up to the length.
  const byRoom: number[][] = [];
  for (const [, piece] of order) {
    const need = piece.ids.length;
    let chosen = -1;
    if (method === "first-fit") chosen = rows.findIndex(({ room }) => room >= need);
    else {
      for (let room = need; room <= length && chosen < 0; room++) chosen = byRoom[room]?.shift() ?? -1;
    }
    if (chosen < 0) chosen = rows.push({ pieces: [], room: length }) - 1;
    const row = rows[chosen]!;
    row.pieces.push(piece);
    row.room -= need;
    if (method === "best-fit" && row.room > 0) (byRoom[row.room] ??= []).push(chosen);
  }
  return rows.map((row) => row.pieces);
}

function packed(pieces: readonly Piece[], { length, padding = 0 }: PackOptions): PackedSequence {
  const ids = new Int32Array(length).fill(padding);
  const positions = new Int32Array(length);
  const segments = new Int32Array(length);
  const mask = new Uint8Array(length);
  const boundaries = new Int32Array(pieces.length + 1);
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    ids.set(piece.ids, at);
    mask.set(piece.mask, at);
    for (let place = 0; place < piece.ids.length; place++) {
      positions[at + place] = place;
      segments[at + place] = index + 1;
    }
    at += piece.ids.length;
    boundaries[index + 1] = at;
  }
  return { ids, positions, segments, mask, boundaries, used: at };
}

/** A position is the sequence that the row begins in and the place in it: `before` reopens it, `offset` ids of it are used up. */
function splitCursor(
  sequences: Dataset<TokenSequence>,
  options: PackOptions,
  { position, epoch }: Opening,
): Cursor<PackedSequence> {
  const { length, separator } = options;
  let before: Position = position === undefined ? null : part(position, "before");
  let offset = position === undefined ? 0 : wholeNumber(position, "offset");
  const cursor =
    position === undefined || before === null ? sequences.open(undefined, epoch) : sequences.open(before, epoch);
  if (before === null) before = cursor.position();
  let current: Piece | undefined;
  const load = (): boolean | Promise<boolean> => {
    before = cursor.position();
    return after(cursor.next(), (result) => {
      current = result.done ? undefined : withSeparator(result.value, separator);
      return current !== undefined;
    });
  };
  return {
    async next() {
      const pieces: Piece[] = [];
      let room = length;
      while (room > 0) {
        if (current === undefined && !(await load())) break;
        const { ids, mask } = current!;
        const stop = Math.min(ids.length, offset + room);
        if (stop > offset) pieces.push({ ids: ids.slice(offset, stop), mask: mask.slice(offset, stop) });
        room -= stop - offset;
        offset = stop;
        if (offset < ids.length) break;
        current = undefined;
        offset = 0;
        before = cursor.position();
      }
      return pieces.length === 0 ? end : { done: false, value: packed(pieces, options) };
    },
    position: () => ({ before, offset }),
    close: () => cursor.close(),
  };
}
