import type { Cursor, Position } from "./cursor.ts";

/** What a data set is made from; operators turn sources into sources. */
export interface Source<T> {
  /** Items in one pass, where it is known without reading. */
  readonly size: number | undefined;
  open(position: Position | undefined, epoch: number): Cursor<T>;
  /** Whether item n is made of the same record in every epoch: so until something shuffles. */
  readonly stable?: boolean;
  /**
   * Direct access to items, where the source has it. What has to be read first to know the items comes as a promise; where
   * `size` is known too, nothing has to be.
   */
  readonly index?: (epoch: number) => Indexed<T> | Promise<Indexed<T>>;
}

/** Items by number. */
export interface Indexed<T> {
  readonly length: number;
  get(index: number): T | Promise<T>;
}

/** A source whose items can be had by number without reading any others. */
export function isDirect<T>(source: Source<T>): source is Source<T> & Required<Pick<Source<T>, "index">> {
  return source.index !== undefined && source.size !== undefined;
}
