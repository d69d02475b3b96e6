import { after, type Cursor, end, type Position, part, parts, wholeNumber } from "./cursor.ts";
import type { Source } from "./source.ts";

export function batchSource<T>(source: Source<T>, size: number, dropLast: boolean): Source<T[]> {
  return {
    size:
      source.size === undefined ? undefined : dropLast ? Math.floor(source.size / size) : Math.ceil(source.size / size),
    open(position, epoch) {
      const from = source.open(position, epoch);
      const finish = (items: T[]): IteratorResult<T[], undefined> =>
        items.length === 0 || (dropLast && items.length < size) ? end : { done: false, value: items };
      const fill = (items: T[]): IteratorResult<T[], undefined> | Promise<IteratorResult<T[], undefined>> => {
        while (items.length < size) {
          const result = from.next();
          if (result instanceof Promise) {
            return result.then((item) => {
              if (item.done) return finish(items);
              items.push(item.value);
              return fill(items);
            });
          }
          if (result.done) return finish(items);
          items.push(result.value);
        }
        return { done: false, value: items };
      };
      return { next: () => fill([]), position: () => from.position(), close: () => from.close() };
    },
  };
}

/** Reads up to `count` items ahead. The position is that of the items not yet handed out. */
export function prefetchSource<T>(source: Source<T>, count: number): Source<T> {
  return {
    ...source,
    open(position, epoch) {
      const from = source.open(position, epoch);
      type Ahead = { readonly item: IteratorResult<T, undefined>; readonly after: Position };
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
              get: async (index: number) => (await Promise.all(items.map((each) => each.get(index)))) as unknown as T,
            };
          },
        }),
    open(position, epoch) {
      const places = position === undefined ? undefined : parts(position, all.length);
      const cursors = all.map((source, index) => source.open(places?.[index], epoch));
      const finish = (results: readonly IteratorResult<unknown, undefined>[]): IteratorResult<T, undefined> =>
        results.some(({ done }) => done)
          ? end
          : { done: false, value: results.map(({ value }) => value) as unknown as T };
      return {
        next() {
          const results = cursors.map((cursor) => cursor.next());
          return results.some((result) => result instanceof Promise)
            ? Promise.all(results).then(finish)
            : finish(results as IteratorResult<unknown, undefined>[]);
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
      const ended = new Set(position === undefined ? [] : (part(position, "ended") as number[]));
      let turn = position === undefined ? 0 : wholeNumber(position, "turn");
      const next = (): IteratorResult<T, undefined> | Promise<IteratorResult<T, undefined>> => {
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
