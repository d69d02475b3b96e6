import { after, type Cursor, end, wholeNumber } from "./cursor.ts";
import type { Indexed, Source } from "./source.ts";

export function indexedSource<T>(items: Indexed<T>): Source<T> {
  return {
    size: items.length,
    stable: true,
    index: () => items,
    open: (position) => indexedCursor(items, position === undefined ? 0 : wholeNumber(position)),
  };
}

/** Reads items by number from `start`; `order` says which comes when. */
export function indexedCursor<T>(items: Indexed<T>, start: number, order?: Uint32Array): Cursor<T> {
  const { length } = items;
  let at = start;
  const wrap = (value: T): IteratorResult<T, undefined> => ({ done: false, value });
  return {
    next() {
      if (at >= length) return end;
      const index = at++;
      return after(items.get(order === undefined ? index : order[index]!), wrap);
    },
    position: () => at,
    close() {},
  };
}
