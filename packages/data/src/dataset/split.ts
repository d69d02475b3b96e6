import { Random } from "@nacre/random";

/**
 * A key's place in [0, 1), a multiple of 2^-32: the first draw of the stream `new Random(0).fork("split", salt, key)`. The same
 * for ever, on every machine.
 */
function placing(salt: string): (key: string) => number {
  const salted = new Random(0).fork("split", salt);
  return (key) => salted.fork(key).uniform();
}

/** Which part a key belongs to; none when its place is past all shares. @throws RangeError when the shares do not fit. */
export function assignParts<Name extends string>(
  shares: readonly (readonly [Name, number])[],
  salt: string,
): (key: string) => Name | undefined {
  const bounds = boundsOf(shares);
  const placeOf = placing(salt);
  return (key) => partAt(placeOf(key), bounds);
}

/** The same within each stratum: keys ranked by their place, then cut by the shares. Read through once, when first asked. */
export function stratifiedParts<T, Name extends string>(
  shares: readonly (readonly [Name, number])[],
  {
    items,
    by,
    stratum,
    salt,
  }: { items: AsyncIterable<T>; by: (value: T) => string; stratum: (value: T) => string; salt: string },
): (key: string) => Promise<Name | undefined> | Name | undefined {
  const bounds = boundsOf(shares);
  const placeOf = placing(salt);
  let table: Map<string, Name | undefined> | undefined;
  let reading: Promise<Map<string, Name | undefined>> | undefined;
  const read = async (): Promise<Map<string, Name | undefined>> => {
    const strata = new Map<string, Set<string>>();
    for await (const value of items) {
      const name = stratum(value);
      if (!strata.has(name)) strata.set(name, new Set());
      strata.get(name)!.add(by(value));
    }
    const assigned = new Map<string, Name | undefined>();
    for (const keys of strata.values()) {
      const ranked = [...keys]
        .map((key) => ({ key, place: placeOf(key) }))
        .sort((left, right) => left.place - right.place || (left.key < right.key ? -1 : 1));
      // A key in two strata stays where the first put it: it must not be on both sides.
      for (const [rank, { key }] of ranked.entries()) {
        if (!assigned.has(key)) assigned.set(key, partAt((rank + 0.5) / ranked.length, bounds));
      }
    }
    table = assigned;
    return assigned;
  };
  const filled = (): Promise<Map<string, Name | undefined>> => {
    reading ??= read().catch((error) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
  return (key) => (table !== undefined ? table.get(key) : filled().then((parts) => parts.get(key)));
}

function boundsOf<Name extends string>(
  shares: readonly (readonly [Name, number])[],
): readonly (readonly [Name, number])[] {
  let sum = 0;
  const bounds = shares.map(([name, share]) => {
    if (!(share >= 0 && share <= 1))
      throw new RangeError(`Expected the share of "${name}" to be from 0 to 1. Received ${share}.`);
    sum += share;
    return [name, sum] as const;
  });
  if (sum > 1 + 1e-9) throw new RangeError(`Expected shares that add up to 1 or less. Received ${sum}.`);
  // Shares that add up to 1 but for rounding leave nobody out.
  return sum > 1 - 1e-9
    ? bounds.map(([name, bound], index) => [name, index === bounds.length - 1 ? 1 : bound])
    : bounds;
}

function partAt<Name extends string>(place: number, bounds: readonly (readonly [Name, number])[]): Name | undefined {
  return bounds.find(([, bound]) => place < bound)?.[0];
}
