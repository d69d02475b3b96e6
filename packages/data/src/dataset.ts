import { Random } from "@nacre/random";
import { type Cursor, end, type Position, type Result } from "./dataset/cursor.ts";
import { batchSource, interleaveSource, prefetchSource, zipSource } from "./dataset/group-operators.ts";
import { cacheSource, indexedSource, readInto } from "./dataset/indexed.ts";
import { filterSource, type ItemContext, mapSource, partSource, sliceSource } from "./dataset/item-operators.ts";
import { repeatSource, shuffleSource } from "./dataset/order-operators.ts";
import type { Indexed, Source } from "./dataset/source.ts";
import { assignParts, stratifiedParts } from "./dataset/split.ts";

export type { Cursor, Position } from "./dataset/cursor.ts";
export type { ItemContext } from "./dataset/item-operators.ts";
export type { Indexed, Source } from "./dataset/source.ts";

export interface ShuffleOptions {
  readonly seed: number;
  /** Items shuffled at a time, and held in memory. Left out: all of them, which needs items that can be had by number. */
  readonly window?: number;
}

export interface SplitOptions<T, Name extends string> {
  /** Items with the same key stay together: the record's id, or whatever must not be on both sides. */
  readonly by: (value: T) => string;
  /** Shares that add up to 1 or less. Adding records, or reordering them, moves no other record. */
  readonly parts: Readonly<Record<Name, number>>;
  /** Keep the shares in every stratum, for example a class. Needs a data set that can be read through. */
  readonly stratify?: (value: T) => string;
  /** Another salt is another split. A part that is split again needs one of its own, or all of it lands on one side. */
  readonly salt?: string;
}

/**
 * A lazy, seekable, deterministic stream of items. Nothing is read before someone reads; each pass is the same for the same
 * epoch; where a cursor stands can be saved as JSON and reopened, mid-shuffle too.
 */
export class Dataset<T> implements AsyncIterable<T> {
  readonly #source: Source<T>;

  constructor(source: Source<T>) {
    this.#source = source;
  }

  /** Items in one pass, where that is known without reading. */
  get size(): number | undefined {
    return this.#source.size;
  }

  /**
   * Starts reading: at the beginning, or where a position was saved in the same epoch.
   *
   * @throws Error for a position that another data set made.
   */
  open(position?: Position, epoch = 0): Cursor<T> {
    return this.#source.open(position, epoch);
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return iterate(this.open());
  }

  /** Errors in `transform` are thrown with the number of the item. */
  map<U>(transform: (value: T, context: ItemContext) => U | Promise<U>): Dataset<U> {
    return new Dataset(mapSource(this.#source, transform));
  }

  /** Errors in `keep` are thrown with the number of the item. */
  filter(keep: (value: T, context: ItemContext) => boolean | Promise<boolean>): Dataset<T> {
    return new Dataset(filterSource(this.#source, keep));
  }

  take(count: number): Dataset<T> {
    return new Dataset(sliceSource(this.#source, { start: 0, stop: whole(count, "items to take", 0), stride: 1 }));
  }

  skip(count: number): Dataset<T> {
    const start = whole(count, "items to skip", 0);
    return new Dataset(sliceSource(this.#source, { start, stop: Number.POSITIVE_INFINITY, stride: 1 }));
  }

  /** Part `index` of `count`: items index, index + count, … */
  shard(index: number, count: number): Dataset<T> {
    const stride = whole(count, "shards", 1);
    const start = whole(index, "the shard's number", 0);
    if (start >= stride) throw new RangeError(`Expected a shard from 0 to ${stride - 1}. Received ${start}.`);
    return new Dataset(sliceSource(this.#source, { start, stop: Number.POSITIVE_INFINITY, stride }));
  }

  /** Another order in each epoch; the same for the same seed and epoch. */
  shuffle({ seed, window }: ShuffleOptions): Dataset<T> {
    if (window !== undefined) whole(window, "items in the window", 1);
    return new Dataset(shuffleSource(this.#source, seed, window));
  }

  /** Passes one after the other, with epochs 0, 1, 2 … */
  repeat(times = Number.POSITIVE_INFINITY): Dataset<T> {
    if (times !== Number.POSITIVE_INFINITY) whole(times, "repetitions", 0);
    return new Dataset(repeatSource(this.#source, times));
  }

  /** Groups of `size`; the last may be smaller, unless it is dropped. */
  batch(size: number, { dropLast = false }: { readonly dropLast?: boolean } = {}): Dataset<T[]> {
    return new Dataset(batchSource(this.#source, whole(size, "items in a batch", 1), dropLast));
  }

  /**
   * Reads up to `count` items ahead of the reader: side by side where items can be had by number (pictures of a folder, also
   * shuffled, mapped and batched), else one after the other.
   */
  prefetch(count: number): Dataset<T> {
    return new Dataset(prefetchSource(this.#source, whole(count, "items to read ahead", 1)));
  }

  /**
   * Named parts that share no key. A record's part is a function of its key alone (stratified: of the keys in its stratum).
   *
   * @throws RangeError when the shares do not fit.
   */
  split<Name extends string>({ by, parts, stratify, salt = "" }: SplitOptions<T, Name>): Record<Name, Dataset<T>> {
    const shares = Object.entries(parts) as [Name, number][];
    const partOf =
      stratify === undefined
        ? assignParts(shares, salt)
        : stratifiedParts(shares, { items: this, by, stratum: stratify, salt });
    const keep = (name: Name) => (value: T) => {
      const assigned = partOf(by(value));
      return assigned instanceof Promise ? assigned.then((part) => part === name) : assigned === name;
    };
    return Object.fromEntries(
      shares.map(([name]) => [name, new Dataset(partSource(this.#source, keep(name)))]),
    ) as Record<Name, Dataset<T>>;
  }

  /** Reads the whole first pass when first asked and keeps it in memory: then any item can be had by number, in any epoch. */
  cache(): Dataset<T> {
    return new Dataset(cacheSource(this.#source));
  }

  /** All items of the first pass. */
  async toArray(): Promise<T[]> {
    const items: T[] = [];
    const cursor = this.open();
    try {
      await readInto(items, cursor);
    } finally {
      await cursor.close();
    }
    return items;
  }

  /** The first items together, then the second ones, up to the end of the shortest. */
  static zip<T extends readonly unknown[]>(datasets: { readonly [K in keyof T]: Dataset<T[K]> }): Dataset<T> {
    const sources = (datasets as readonly Dataset<unknown>[]).map((dataset) => dataset.#source);
    return new Dataset(zipSource<T>(sources as unknown as { readonly [K in keyof T]: Source<T[K]> }));
  }

  /** One item of each in turn; those that have ended are passed over. */
  static interleave<T>(datasets: readonly Dataset<T>[]): Dataset<T> {
    return new Dataset(interleaveSource(datasets.map((dataset) => dataset.#source)));
  }
}

/** A data set of what is in memory, or can be had by number. */
export function from<T>(items: readonly T[] | Indexed<T>): Dataset<T> {
  if (!Array.isArray(items)) return new Dataset(indexedSource(items as Indexed<T>));
  return new Dataset(indexedSource({ length: items.length, get: (index) => items[index] as T }));
}

/** A data set of `count` items, each a function of its number and a stream of random numbers of its own. */
export function generate<T>(
  count: number,
  { seed, make }: { seed: number; make: (random: Random, index: number) => T },
): Dataset<T> {
  const random = new Random(seed).fork("generate");
  return from({ length: whole(count, "items", 0), get: (index) => make(random.fork(index), index) });
}

/** The first items together, then the second ones, up to the end of the shortest. */
export function zip<T extends readonly unknown[]>(...datasets: { readonly [K in keyof T]: Dataset<T[K]> }): Dataset<T> {
  return Dataset.zip<T>(datasets);
}

/** One item of each in turn; those that have ended are passed over. */
export function interleave<T>(...datasets: readonly Dataset<T>[]): Dataset<T> {
  return Dataset.interleave(datasets);
}

/** What `for await` reads: closes the cursor at the end, after an error and when the reader leaves. */
function iterate<T>(cursor: Cursor<T>): AsyncIterator<T, undefined> {
  let closed = false;
  const finish = async (result: Result<T>): Promise<Result<T>> => {
    if (!closed) {
      closed = true;
      await cursor.close();
    }
    return result;
  };
  const settle = (result: Result<T>): Result<T> | Promise<Result<T>> => (result.done ? finish(result) : result);
  const fail = async (error: unknown): Promise<never> => {
    await finish(end).catch(() => {});
    throw error;
  };
  return {
    next() {
      if (closed) return Promise.resolve(end);
      try {
        const result = cursor.next();
        return result instanceof Promise ? result.then(settle).catch(fail) : Promise.resolve(settle(result));
      } catch (error) {
        return fail(error);
      }
    },
    return: () => finish(end),
  };
}

function whole(value: number, what: string, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`Expected ${what} to be a whole number, at least ${least}. Received ${value}.`);
}
