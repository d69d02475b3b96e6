import { after, end, part, wholeNumber } from "./cursor.ts";
import type { Indexed, Source } from "./source.ts";

/** Which item a function is looking at. */
export interface ItemContext {
  /** Number of the item in its pass, from 0. */
  readonly index: number;
  /** Number of the pass, from 0. */
  readonly epoch: number;
}

export function mapSource<T, U>(
  source: Source<T>,
  transform: (value: T, context: ItemContext) => U | Promise<U>,
): Source<U> {
  const apply = (value: T, context: ItemContext): U | Promise<U> => {
    try {
      const result = transform(value, context);
      return result instanceof Promise ? result.catch((error: unknown) => rethrow(error, context)) : result;
    } catch (error) {
      return rethrow(error, context);
    }
  };
  return {
    size: source.size,
    stable: source.stable ?? false,
    ...(source.index === undefined
      ? {}
      : {
          index: (epoch: number) =>
            after(source.index!(epoch), (items) => ({
              length: items.length,
              get: (index: number) => after(items.get(index), (value) => apply(value, { index, epoch })),
            })),
        }),
    open(position, epoch) {
      const from = source.open(position === undefined ? undefined : part(position, "from"), epoch);
      let index = position === undefined ? 0 : wholeNumber(position, "index");
      const step = (
        result: IteratorResult<T, undefined>,
      ): IteratorResult<U, undefined> | Promise<IteratorResult<U, undefined>> =>
        result.done
          ? end
          : after(apply(result.value, { index: index++, epoch }), (value) => ({ done: false as const, value }));
      return {
        next: () => after(from.next(), step),
        position: () => ({ index, from: from.position() }),
        close: () => from.close(),
      };
    },
  };
}

type Keep<T> = (value: T, context: ItemContext) => boolean | Promise<boolean>;

export function filterSource<T>(source: Source<T>, keep: Keep<T>): Source<T> {
  return {
    size: undefined,
    stable: source.stable ?? false,
    ...(source.index === undefined
      ? {}
      : { index: (epoch: number) => after(source.index!(epoch), (items) => subset(items, keep, epoch)) }),
    open(position, epoch) {
      const from = source.open(position === undefined ? undefined : part(position, "from"), epoch);
      let index = position === undefined ? 0 : wholeNumber(position, "index");
      const next = (): IteratorResult<T, undefined> | Promise<IteratorResult<T, undefined>> => {
        for (;;) {
          const result = from.next();
          if (result instanceof Promise) return result.then(afterRead);
          if (result.done) return end;
          const wanted = keep(result.value, { index: index++, epoch });
          if (wanted instanceof Promise) return wanted.then((yes) => (yes ? result : next()));
          if (wanted) return result;
        }
      };
      const afterRead = async (result: IteratorResult<T, undefined>): Promise<IteratorResult<T, undefined>> => {
        if (result.done) return end;
        return (await keep(result.value, { index: index++, epoch })) ? result : next();
      };
      return { next, position: () => ({ index, from: from.position() }), close: () => from.close() };
    },
  };
}

/** The items that are kept, found by one look at each. */
async function subset<T>(items: Indexed<T>, keep: Keep<T>, epoch: number): Promise<Indexed<T>> {
  const numbers = await keptNumbers(items, keep, epoch);
  return { length: numbers.length, get: (index) => items.get(numbers[index]!) };
}

async function keptNumbers<T>(items: Indexed<T>, keep: Keep<T>, epoch: number): Promise<readonly number[]> {
  const kept: number[] = [];
  for (let index = 0; index < items.length; index++) {
    const value = items.get(index);
    const wanted = keep(value instanceof Promise ? await value : value, { index, epoch });
    if (wanted instanceof Promise ? await wanted : wanted) kept.push(index);
  }
  return kept;
}

/**
 * The items that belong to a part: a filter whose answer is the same in every epoch, so that one look at each item is
 * enough as long as nothing upstream reorders them.
 */
export function partSource<T>(source: Source<T>, belongs: (value: T) => boolean | Promise<boolean>): Source<T> {
  const filtered = filterSource(source, belongs);
  if (source.index === undefined || source.stable !== true) return filtered;
  const { index } = source;
  let kept: Promise<readonly number[]> | undefined;
  return {
    ...filtered,
    index: async (epoch) => {
      const items = await index(epoch);
      kept ??= keptNumbers(items, belongs, epoch);
      const numbers = await kept;
      return { length: numbers.length, get: (at) => items.get(numbers[at]!) };
    },
  };
}

/** Items `start` up to `stop`, and of those every `stride`-th. */
export function sliceSource<T>(source: Source<T>, range: { start: number; stop: number; stride: number }): Source<T> {
  const { start, stop, stride } = range;
  const sizeOf = (length: number): number => Math.max(0, Math.ceil((Math.min(stop, length) - start) / stride));
  return {
    size: source.size === undefined ? undefined : sizeOf(source.size),
    stable: source.stable ?? false,
    ...(source.index === undefined
      ? {}
      : {
          index: (epoch: number) =>
            after(source.index!(epoch), (items) => ({
              length: sizeOf(items.length),
              get: (index: number) => items.get(start + index * stride),
            })),
        }),
    open(position, epoch) {
      const from = source.open(position === undefined ? undefined : part(position, "from"), epoch);
      let read = position === undefined ? 0 : wholeNumber(position, "read");
      const wanted = (): boolean => read > start && (read - 1 - start) % stride === 0;
      const next = (): IteratorResult<T, undefined> | Promise<IteratorResult<T, undefined>> => {
        while (read < stop) {
          const result = from.next();
          read++;
          if (result instanceof Promise) return result.then((item) => (item.done || wanted() ? item : next()));
          if (result.done || wanted()) return result;
        }
        return end;
      };
      return { next, position: () => ({ read, from: from.position() }), close: () => from.close() };
    },
  };
}

function rethrow(error: unknown, { index, epoch }: ItemContext): never {
  const text = error instanceof Error ? error.message : String(error);
  throw new Error(`Item ${index} of pass ${epoch}: ${text}`, { cause: error });
}
