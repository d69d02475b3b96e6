import { Random } from "@nacre/random";
import { after, type Cursor, end, part, wholeNumber } from "./cursor.ts";
import { indexedCursor } from "./indexed.ts";
import type { Source } from "./source.ts";

/** One pass after the other; each pass has its own epoch, so what is shuffled upstream is shuffled anew. */
export function repeatSource<T>(source: Source<T>, times: number): Source<T> {
  return {
    size: source.size === undefined ? undefined : source.size * times,
    open(position, firstEpoch) {
      let pass = position === undefined ? 0 : wholeNumber(position, "pass");
      let empty = position === undefined ? true : part(position, "empty") === true;
      let from: Cursor<T> | undefined;
      if (pass < times)
        from = source.open(position === undefined ? undefined : part(position, "from"), firstEpoch + pass);
      const advance = async (): Promise<IteratorResult<T, undefined>> => {
        await from?.close();
        from = undefined;
        // An empty data set repeated for ever would never come back.
        if (empty) pass = times;
        else if (++pass < times) from = source.open(undefined, firstEpoch + pass);
        empty = true;
        return next();
      };
      const step = (
        result: IteratorResult<T, undefined>,
      ): IteratorResult<T, undefined> | Promise<IteratorResult<T, undefined>> => {
        if (result.done) return advance();
        empty = false;
        return result;
      };
      const next = (): IteratorResult<T, undefined> | Promise<IteratorResult<T, undefined>> =>
        from === undefined ? end : after(from.next(), step);
      return {
        next,
        position: () => ({ pass, empty, from: from?.position() ?? null }),
        close: () => from?.close(),
      };
    },
  };
}

/** Shuffles all items, where they can be had by number; else one window after the other. */
export function shuffleSource<T>(source: Source<T>, seed: number, window: number | undefined): Source<T> {
  const random = new Random(seed).fork("shuffle");
  if (window === undefined) {
    const { index } = source;
    if (index === undefined) {
      throw new Error(
        "Expected a window to shuffle a stream, for example shuffle({ seed, window: 10_000 }). Received none, and the items " +
          "of this data set cannot be had by number.",
      );
    }
    const order = (length: number, epoch: number): Uint32Array => random.fork(epoch).permutation(length);
    return {
      size: source.size,
      index: (epoch) =>
        after(index(epoch), (items) => {
          const places = order(items.length, epoch);
          return { length: items.length, get: (at: number) => items.get(places[at]!) };
        }),
      open(position, epoch) {
        const start = position === undefined ? 0 : wholeNumber(position);
        return lateCursor(
          after(index(epoch), (items) => indexedCursor(items, start, order(items.length, epoch))),
          start,
        );
      },
    };
  }
  return {
    size: source.size,
    open(position, epoch) {
      let block = position === undefined ? 0 : wholeNumber(position, "block");
      let replay = position === undefined ? 0 : wholeNumber(position, "drawn");
      const from = source.open(position === undefined ? undefined : part(position, "from"), epoch);
      let start = from.position();
      let items: T[] = [];
      let drawn = 0;
      const refill = async (): Promise<IteratorResult<T, undefined>> => {
        if (items.length > 0) block++;
        start = from.position();
        items = [];
        while (items.length < window) {
          const result = await from.next();
          if (result.done) break;
          items.push(result.value);
        }
        random.fork(epoch, block).shuffle(items);
        drawn = replay;
        replay = 0;
        return drawn < items.length ? { done: false, value: items[drawn++]! } : items.length === 0 ? end : refill();
      };
      return {
        next: () => (drawn < items.length ? { done: false, value: items[drawn++]! } : refill()),
        position: () => (replay > 0 ? { block, drawn: replay, from: start } : { block, drawn, from: start }),
        close: () => from.close(),
      };
    },
  };
}

/** A cursor that is still being made. */
function lateCursor<T>(cursor: Cursor<T> | Promise<Cursor<T>>, start: number): Cursor<T> {
  let ready: Cursor<T> | undefined = cursor instanceof Promise ? undefined : cursor;
  return {
    next: () =>
      ready !== undefined
        ? ready.next()
        : after(cursor, (made) => {
            ready = made;
            return made.next();
          }),
    position: () => ready?.position() ?? start,
    close: () => ready?.close(),
  };
}
