import {
  after,
  type Cursor,
  end,
  type Position,
  part,
  parts,
  type Result,
  wholeNumber,
  wholeNumbers,
} from "./cursor.ts";
import { numberedCursor } from "./indexed.ts";
import { type Indexed, isDirect, type Source } from "./source.ts";

export function batchSource<T>(source: Source<T>, size: number, dropLast: boolean): Source<T[]> {
  const groups = (length: number): number => (dropLast ? Math.floor(length / size) : Math.ceil(length / size));
  return {
    size: source.size === undefined ? undefined : groups(source.size),
    ...(source.index === undefined
      ? {}
      : {
          index: (epoch: number) =>
            after(source.index!(epoch), (items) => ({
              length: groups(items.length),
              get: (index: number) => range(items, index * size, Math.min(items.length, (index + 1) * size)),
            })),
        }),
    open(position, epoch) {
      const from = source.open(position, epoch);
      const finish = (items: T[]): Result<T[]> =>
        items.length === 0 || (dropLast && items.length < size) ? end : { done: false, value: items };
      const fillLate = async (items: T[], pending: Promise<Result<T>>): Promise<Result<T[]>> => {
        for (let result = await pending; !result.done; ) {
          items.push(result.value);
          if (items.length === size) break;
          const following = from.next();
          result = following instanceof Promise ? await following : following;
        }
        return finish(items);
      };
      return {
        next() {
          const items: T[] = [];
          while (items.length < size) {
            const result = from.next();
            if (result instanceof Promise) return fillLate(items, result);
            if (result.done) break;
            items.push(result.value);
          }
          return finish(items);
        },
        position: () => from.position(),
        close: () => from.close(),
      };
    },
  };
}

/** Items `start` up to `stop`; those that take their time are waited for together. */
function range<T>(items: Indexed<T>, start: number, stop: number): T[] | Promise<T[]> {
  return together(Array.from({ length: stop - start }, (_, offset) => items.get(start + offset)));
}

function together<T>(values: (T | Promise<T>)[]): T[] | Promise<T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as T[]);
}

/**
 * Reads up to `count` items ahead: side by side where items can be had by number, else one after the other. The position is
 * that of the items not yet handed out.
 */
export function prefetchSource<T>(source: Source<T>, count: number): Source<T> {
  return {
    ...source,
    open: (position, epoch) =>
      isDirect(source)
        ? numberedCursor(() => after(source.index(epoch), (items) => readAhead(items, count)), position)
        : aheadCursor(source.open(position, epoch), count),
  };
}

/** Starts getting the following items when one is asked for. Meant for reading in order. */
function readAhead<T>(items: Indexed<T>, count: number): Indexed<T> {
  const started = new Map<number, T | Promise<T>>();
  const start = (index: number): void => {
    let value: T | Promise<T>;
    try {
      value = items.get(index);
    } catch (error) {
      value = Promise.reject(error);
    }
    // Whoever reads the item meets the error; until then nobody has to.
    if (value instanceof Promise) value.catch(() => {});
    started.set(index, value);
  };
  return {
    length: items.length,
    get(index) {
      const stop = Math.min(items.length, index + count + 1);
      for (let next = index; next < stop; next++) if (!started.has(next)) start(next);
      const value = started.get(index)!;
      started.delete(index);
      return value;
    },
  };
}

function aheadCursor<T>(from: Cursor<T>, count: number): Cursor<T> {
  type Ahead = { readonly item: Result<T>; readonly after: Position };
  const ahead: Promise<Ahead>[] = [];
  let handedOut = from.position();
  let finished = false;
  let reading: Promise<unknown> = Promise.resolve();
  const read = async (): Promise<Ahead> => {
    const item = finished ? end : await from.next();
    if (item.done) finished = true;
    return { item, after: from.position() };
  };
  const fill = (): void => {
    while (ahead.length < count && !finished) {
      const entry = reading.then(read);
      reading = entry.catch(() => {
        finished = true;
      });
      ahead.push(entry);
    }
  };
  return {
    async next() {
      fill();
      const entry = ahead.shift();
      if (entry === undefined) return end;
      const { item, after: place } = await entry;
      handedOut = place;
      fill();
      return item;
    },
    position: () => handedOut,
    async close() {
      finished = true;
      await reading;
      await from.close();
    },
  };
}

/** The first items together, then the second ones, up to the end of the shortest. */
export function zipSource<T extends readonly unknown[]>(sources: { readonly [K in keyof T]: Source<T[K]> }): Source<T> {
  const all = sources as readonly Source<unknown>[];
  return {
    size: all.some(({ size }) => size === undefined) ? undefined : Math.min(...all.map(({ size }) => size!)),
    ...(all.some(({ index }) => index === undefined)
      ? {}
      : {
          index: async (epoch: number) => {
            const items = await Promise.all(all.map((source) => source.index!(epoch)));
            return {
              length: Math.min(...items.map(({ length }) => length)),
              get: (index: number) => together(items.map((each) => each.get(index))) as unknown as T | Promise<T>,
            };
          },
        }),
    open(position, epoch) {
      const places = position === undefined ? undefined : parts(position, all.length);
      const cursors = all.map((source, index) => source.open(places?.[index], epoch));
      const finish = (results: readonly Result<unknown>[]): Result<T> =>
        results.some(({ done }) => done)
          ? end
          : { done: false, value: results.map(({ value }) => value) as unknown as T };
      return {
        next() {
          const results = cursors.map((cursor) => cursor.next());
          return results.some((result) => result instanceof Promise)
            ? Promise.all(results).then(finish)
            : finish(results as Result<unknown>[]);
        },
        position: () => cursors.map((cursor) => cursor.position()),
        close: () => closeAll(cursors),
      };
    },
  };
}

/** One item of each in turn; those that have ended are passed over. */
export function interleaveSource<T>(sources: readonly Source<T>[]): Source<T> {
  return {
    size: sources.some(({ size }) => size === undefined)
      ? undefined
      : sources.reduce((sum, { size }) => sum + size!, 0),
    open(position, epoch) {
      const places = position === undefined ? undefined : parts(part(position, "from"), sources.length);
      const cursors = sources.map((source, index) => source.open(places?.[index], epoch));
      const ended = new Set(position === undefined ? [] : wholeNumbers(position, "ended"));
      let turn = position === undefined ? 0 : wholeNumber(position, "turn");
      const next = (): Result<T> | Promise<Result<T>> => {
        if (ended.size >= cursors.length) return end;
        const mine = turn;
        turn = (turn + 1) % cursors.length;
        return ended.has(mine)
          ? next()
          : after(cursors[mine]!.next(), (item) => {
              if (!item.done) return item;
              ended.add(mine);
              return next();
            });
      };
      return {
        next,
        position: () => ({ turn, ended: [...ended], from: cursors.map((cursor) => cursor.position()) }),
        close: () => closeAll(cursors),
      };
    },
  };
}

async function closeAll(cursors: readonly Cursor<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(cursors.map(async (cursor) => cursor.close()));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
