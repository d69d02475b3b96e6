import { after, type Cursor, end, type Position, wholeNumber } from "./cursor.ts";
import type { Indexed, Source } from "./source.ts";

export function indexedSource<T>(items: Indexed<T>): Source<T> {
  return {
    size: items.length,
    stable: true,
    index: () => items,
    open: (position) => indexedCursor(items, position === undefined ? 0 : wholeNumber(position)),
  };
}

/** Reads all items of the first pass when first asked, and keeps them. */
export function cacheSource<T>(source: Source<T>): Source<T> {
  let kept: Indexed<T> | Promise<Indexed<T>> | undefined;
  const load = async (): Promise<Indexed<T>> => {
    const cursor = source.open(undefined, 0);
    const items: T[] = [];
    try {
      await readInto(items, cursor);
    } catch (error) {
      kept = undefined;
      throw error;
    } finally {
      await cursor.close();
    }
    kept = { length: items.length, get: (index) => items[index]! };
    return kept;
  };
  const index = (): Indexed<T> | Promise<Indexed<T>> => {
    kept ??= load();
    return kept;
  };
  return { size: source.size, stable: true, index, open: (position) => numberedCursor(index, position) };
}

/** Adds what a cursor still has. No promise per item where items are at hand. */
export async function readInto<T>(items: T[], cursor: Cursor<T>): Promise<void> {
  for (;;) {
    const result = cursor.next();
    const item = result instanceof Promise ? await result : result;
    if (item.done) return;
    items.push(item.value);
  }
}

/** Reads items by number from `start`; `order` says which comes when. @throws Error for a start past the end. */
function indexedCursor<T>(items: Indexed<T>, start: number, order?: Uint32Array): Cursor<T> {
  const { length } = items;
  if (start > length) {
    throw new Error(
      `Expected a position that this data set made: a whole number up to ${length}. Received ${start}. ` +
        "Was it saved from a larger data set?",
    );
  }
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

/** The same over items that are looked up when the first one is read. The position is the number of the next item. */
export function numberedCursor<T>(
  index: () => Indexed<T> | Promise<Indexed<T>>,
  position: Position | undefined,
  order?: (length: number) => Uint32Array,
): Cursor<T> {
  const start = position === undefined ? 0 : wholeNumber(position);
  let ready: Cursor<T> | undefined;
  const make = (items: Indexed<T>) => {
    ready = indexedCursor(items, start, order?.(items.length));
    return ready.next();
  };
  return {
    next: () => (ready === undefined ? after(index(), make) : ready.next()),
    position: () => ready?.position() ?? start,
    close() {},
  };
}
