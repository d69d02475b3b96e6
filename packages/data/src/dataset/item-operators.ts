import { after, end, part, type Result, wholeNumber } from "./cursor.ts";
import { numberedCursor } from "./indexed.ts";
import { type Indexed, isDirect, type Source } from "./source.ts";

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
  const apply = named(transform);
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
      const wrap = (value: U): Result<U> => ({ done: false, value });
      const step = (result: Result<T>): Result<U> | Promise<Result<U>> =>
        result.done ? end : after(apply(result.value, { index: index++, epoch }), wrap);
      return {
        next: () => after(from.next(), step),
        position: () => ({ index, from: from.position() }),
        close: () => from.close(),
      };
    },
  };
}

type Keep<T> = (value: T, context: ItemContext) => boolean | Promise<boolean>;

export function filterSource<T>(source: Source<T>, wanted: Keep<T>): Source<T> {
  const keep = named(wanted);
  return {
    size: undefined,
    stable: source.stable ?? false,
    ...(source.index === undefined
      ? {}
      : { index: (epoch: number) => after(source.index!(epoch), (items) => subset(items, keep, epoch)) }),
    open(position, epoch) {
      const from = source.open(position === undefined ? undefined : part(position, "from"), epoch);
      let index = position === undefined ? 0 : wholeNumber(position, "index");
      const next = (): Result<T> | Promise<Result<T>> => {
        for (;;) {
          const result = from.next();
          if (result instanceof Promise) return late(result);
          if (result.done) return end;
          const verdict = keep(result.value, { index: index++, epoch });
          if (verdict instanceof Promise) return late(result, verdict);
          if (verdict) return result;
        }
      };
      const late = async (
        pending: Result<T> | Promise<Result<T>>,
        pendingVerdict?: Promise<boolean>,
      ): Promise<Result<T>> => {
        let verdict: boolean | Promise<boolean> | undefined = pendingVerdict;
        for (let result = await pending; ; ) {
          if (result.done) return end;
          verdict ??= keep(result.value, { index: index++, epoch });
          if (verdict instanceof Promise ? await verdict : verdict) return result;
          verdict = undefined;
          const following = from.next();
          result = following instanceof Promise ? await following : following;
        }
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
  let kept: readonly number[] | Promise<readonly number[]> | undefined;
  const find = async (items: Indexed<T>, epoch: number): Promise<readonly number[]> => {
    try {
      kept = await keptNumbers(items, named(belongs), epoch);
      return kept;
    } catch (error) {
      kept = undefined;
      throw error;
    }
  };
  return {
    ...filtered,
    index: (epoch) =>
      after(index(epoch), (items) => {
        kept ??= find(items, epoch);
        return after(kept, (numbers) => ({ length: numbers.length, get: (at: number) => items.get(numbers[at]!) }));
      }),
  };
}

/** Items `start` up to `stop`, and of those every `stride`-th. Where items can be had by number, the others are not made. */
export function sliceSource<T>(source: Source<T>, range: { start: number; stop: number; stride: number }): Source<T> {
  const { start, stop, stride } = range;
  const sizeOf = (length: number): number => Math.max(0, Math.ceil((Math.min(stop, length) - start) / stride));
  const slice = (items: Indexed<T>): Indexed<T> => ({
    length: sizeOf(items.length),
    get: (index) => items.get(start + index * stride),
  });
  return {
    size: source.size === undefined ? undefined : sizeOf(source.size),
    stable: source.stable ?? false,
    ...(source.index === undefined ? {} : { index: (epoch: number) => after(source.index!(epoch), slice) }),
    open(position, epoch) {
      if (isDirect(source)) return numberedCursor(() => after(source.index(epoch), slice), position);
      const from = source.open(position === undefined ? undefined : part(position, "from"), epoch);
      let read = position === undefined ? 0 : wholeNumber(position, "read");
      const wanted = (): boolean => read > start && (read - 1 - start) % stride === 0;
      const next = (): Result<T> | Promise<Result<T>> => {
        while (read < stop) {
          const result = from.next();
          if (result instanceof Promise) return late(result);
          read++;
          if (result.done || wanted()) return result;
        }
        return end;
      };
      const late = async (pending: Promise<Result<T>>): Promise<Result<T>> => {
        for (let result = await pending; ; ) {
          read++;
          if (result.done || wanted()) return result;
          if (read >= stop) return end;
          const following = from.next();
          result = following instanceof Promise ? await following : following;
        }
      };
      return { next, position: () => ({ read, from: from.position() }), close: () => from.close() };
    },
  };
}

/** Adds the number of the item to the errors of a function. */
function named<T, U>(
  work: (value: T, context: ItemContext) => U | Promise<U>,
): (value: T, context: ItemContext) => U | Promise<U> {
  return (value, context) => {
    try {
      const result = work(value, context);
      return result instanceof Promise ? result.catch((error: unknown) => rethrow(error, context)) : result;
    } catch (error) {
      return rethrow(error, context);
    }
  };
}

function rethrow(error: unknown, { index, epoch }: ItemContext): never {
  const text = error instanceof Error ? error.message : String(error);
  throw new Error(`Item ${index} of pass ${epoch}: ${text}`, { cause: error });
}
