/** Where a cursor stands: JSON, opaque to everyone but the data set that made it. */
export type Position = null | boolean | number | string | readonly Position[] | { readonly [name: string]: Position };

/** An item, or the end. */
export type Result<T> = IteratorResult<T, undefined>;

/** Reads one pass over a data set. */
export interface Cursor<T> {
  /** The next item, at once where it is at hand. After the end, `done` for ever. Wait for one call before making the next. */
  next(): Result<T> | Promise<Result<T>>;
  /** Where the next item will come from. Reopening the data set there gives exactly the items that would have followed. */
  position(): Position;
  /** Lets go of files and workers. Harmless when called twice. */
  close(): void | Promise<void>;
}

export const end: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Continues with a value, now if it is at hand. Keeps promises off the paths that need none. */
export function after<T, U>(value: T | Promise<T>, work: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(work) : work(value);
}

/** A whole number at `position[name]`. @throws Error when the position was made by another data set. */
export function wholeNumber(position: Position, name?: string): number {
  const value = name === undefined ? position : part(position, name);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw foreign(position, `a whole number${name === undefined ? "" : ` under "${name}"`}`);
}

/** What is at `position[name]`. @throws Error when the position was made by another data set. */
export function part(position: Position, name: string): Position {
  if (typeof position === "object" && position !== null && !Array.isArray(position) && Object.hasOwn(position, name)) {
    return (position as { readonly [name: string]: Position })[name]!;
  }
  throw foreign(position, `an object with "${name}"`);
}

/** Whole numbers at `position[name]`. @throws Error when the position was made by another data set. */
export function wholeNumbers(position: Position, name: string): readonly number[] {
  const values = part(position, name);
  if (Array.isArray(values)) return values.map((value: Position) => wholeNumber(value));
  throw foreign(position, `whole numbers under "${name}"`);
}

/** `length` positions. @throws Error when the position was made by another data set. */
export function parts(position: Position, length: number): readonly Position[] {
  if (Array.isArray(position) && position.length === length) return position;
  throw foreign(position, `${length} positions`);
}

function foreign(position: Position, expected: string): Error {
  return new Error(
    `Expected a position that this data set made: ${expected}. Received ${JSON.stringify(position)}. ` +
      "Was it saved from a data set with other steps?",
  );
}
