import { Random } from "@nacre/random";
import { after, type Cursor, end, type Position, part, type Result, wholeNumber } from "./cursor.ts";
import { numberedCursor } from "./indexed.ts";
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
      const advance = async (): Promise<Result<T>> => {
        await from?.close();
        from = undefined;
        // An empty data set repeated for ever would never come back.
        if (empty) pass = times;
        else if (++pass < times) from = source.open(undefined, firstEpoch + pass);
        empty = true;
        return next();
      };
      const step = (result: Result<T>): Result<T> | Promise<Result<T>> => {
        if (result.done) return advance();
        empty = false;
        return result;
      };
      const next = (): Result<T> | Promise<Result<T>> => (from === undefined ? end : after(from.next(), step));
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
  if (window !== undefined) {
    return { size: source.size, open: (position, epoch) => windowCursor(source, { random, window, position, epoch }) };
  }
  const { index } = source;
  if (index === undefined) {
    throw new Error(
      "Expected a window to shuffle a stream, for example shuffle({ seed, window: 10_000 }), or cache() before it. " +
        "Received none, and the items of this data set cannot be had by number.",
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
    open: (position, epoch) =>
      numberedCursor(
        () => index(epoch),
        position,
        (length) => order(length, epoch),
      ),
  };
}

interface WindowOptions {
  readonly random: Random;
  readonly window: number;
  readonly position: Position | undefined;
  readonly epoch: number;
}

/**
 * Fills a window, hands its items out in random order, and fills the next one. A position is where the window starts
 * upstream and how many of it were handed out: reopening fills the same window again.
 */
function windowCursor<T>(source: Source<T>, { random, window, position, epoch }: WindowOptions): Cursor<T> {
  let number = position === undefined ? 0 : wholeNumber(position, "window");
  let drawn = position === undefined ? 0 : wholeNumber(position, "drawn");
  const from = source.open(position === undefined ? undefined : part(position, "from"), epoch);
  let start = from.position();
  let items: T[] | undefined;
  const fill = (): Result<T> | Promise<Result<T>> => {
    const filling: T[] = [];
    while (filling.length < window) {
      const result = from.next();
      if (result instanceof Promise) return fillLate(filling, result);
      if (result.done) break;
      filling.push(result.value);
    }
    return begin(filling);
  };
  const fillLate = async (filling: T[], pending: Promise<Result<T>>): Promise<Result<T>> => {
    for (let result = await pending; !result.done; ) {
      filling.push(result.value);
      if (filling.length === window) break;
      const following = from.next();
      result = following instanceof Promise ? await following : following;
    }
    return begin(filling);
  };
  const begin = (filled: T[]): Result<T> => {
    if (filled.length === 0 && drawn === 0) return end;
    if (drawn >= filled.length) {
      throw new Error(
        `Expected a position that this data set made: less than ${filled.length} items of a window handed out. ` +
          `Received ${drawn}. Was it saved with another window?`,
      );
    }
    items = random.fork(epoch, number).shuffle(filled);
    return draw(items);
  };
  const draw = (shuffled: T[]): Result<T> => {
    const value = shuffled[drawn++]!;
    if (drawn === shuffled.length) {
      items = undefined;
      number++;
      drawn = 0;
      start = from.position();
    }
    return { done: false, value };
  };
  return {
    next: () => (items === undefined ? fill() : draw(items)),
    position: () => ({ window: number, drawn, from: start }),
    close: () => from.close(),
  };
}
