/** Where a cursor stands: JSON, opaque to everyone but the data set that made it. */
export type Position = null | boolean | number | string | readonly Position[] | { readonly [name: string]: Position };

/** Reads one pass over a data set. */
export interface Cursor<T> {
  /** The next item, at once where it is at hand. After the end, `done` for ever. */
  next(): IteratorResult<T, undefined> | Promise<IteratorResult<T, undefined>>;
  /** Where the next item will come from. Reopening the data set there gives exactly the items that would have followed. */
  position(): Position;
  /** Lets go of files and workers. Harmless when called twice. */
  close(): void | Promise<void>;
}
