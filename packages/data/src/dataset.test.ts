import { Random } from "@nacre/random";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Dataset, from, generate, interleave, type Position, zip } from "./dataset.ts";

const numbers = (count: number) => from({ length: count, get: (index) => index });

/** The same items, but one at a time and late, as from a file. */
function stream(count: number): Dataset<number> {
  return new Dataset<number>({
    size: undefined,
    open(position) {
      let at = (position as number | undefined) ?? 0;
      return {
        next: async () => (at < count ? { done: false, value: at++ } : { done: true, value: undefined }),
        position: () => at,
        close() {},
      };
    },
  });
}

async function read<T>(dataset: Dataset<T>, options: { epoch?: number; from?: Position; stopAfter?: number } = {}) {
  const cursor = dataset.open(options.from, options.epoch ?? 0);
  const items: T[] = [];
  while (items.length < (options.stopAfter ?? Number.POSITIVE_INFINITY)) {
    const item = await cursor.next();
    if (item.done) break;
    items.push(item.value);
  }
  const position = JSON.parse(JSON.stringify(cursor.position())) as Position;
  await cursor.close();
  return { items, position };
}

type Step = (dataset: Dataset<number>) => Dataset<number>;
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.nat(30).map(
    (count): Step =>
      (dataset) =>
        dataset.take(count),
  ),
  fc.nat(8).map(
    (count): Step =>
      (dataset) =>
        dataset.skip(count),
  ),
  fc.nat(9).map(
    (seed): Step =>
      (dataset) =>
        dataset.shuffle({ seed, window: 4 }),
  ),
  fc.integer({ min: 1, max: 3 }).map(
    (count): Step =>
      (dataset) =>
        dataset.shard(count - 1, count),
  ),
  fc.integer({ min: 1, max: 5 }).map(
    (count): Step =>
      (dataset) =>
        dataset.prefetch(count),
  ),
  fc.integer({ min: 0, max: 3 }).map(
    (times): Step =>
      (dataset) =>
        dataset.repeat(times),
  ),
  fc.constant<Step>((dataset) => dataset.filter((value) => value % 3 !== 1)),
  fc.constant<Step>((dataset) => dataset.filter(async (value) => value % 5 !== 1)),
  fc.constant<Step>((dataset) => dataset.map((value, { index, epoch }) => value * 7 + index + epoch)),
  fc.constant<Step>((dataset) => dataset.map(async (value) => value + 1)),
  fc.constant<Step>((dataset) => dataset.batch(3).map((group) => group.reduce((sum, value) => sum + value, 0))),
  fc.constant<Step>((dataset) => interleave(dataset, numbers(5))),
  fc.constant<Step>((dataset) => zip(dataset, stream(17)).map(([left, right]) => left - right)),
  fc.constant<Step>((dataset) => dataset.split({ by: String, parts: { kept: 0.6, other: 0.4 } }).kept),
);

describe("Dataset", () => {
  it("reopened anywhere gives exactly the rest, whatever the steps", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.nat(20),
        fc.array(steps, { maxLength: 5 }),
        fc.nat(3),
        async (late, count, chain, epoch) => {
          const dataset = chain.reduce((current, step) => step(current), late ? stream(count) : numbers(count));
          const { items: all } = await read(dataset, { epoch, stopAfter: 60 });
          for (let stopAfter = 0; stopAfter <= all.length; stopAfter += 1 + Math.floor(all.length / 8)) {
            const first = await read(dataset, { epoch, stopAfter });
            const rest = await read(dataset, { epoch, from: first.position, stopAfter: 60 - stopAfter });
            expect([...first.items, ...rest.items]).toEqual(all);
            // A position taken before anything is read is the position it was opened at.
            const again = await read(dataset, { epoch, from: first.position, stopAfter: 0 });
            const restAgain = await read(dataset, { epoch, from: again.position, stopAfter: 60 - stopAfter });
            expect(restAgain.items).toEqual(rest.items);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("shuffles all items, otherwise in each epoch, and mid-shuffle resumes", async () => {
    const dataset = numbers(100).shuffle({ seed: 1 });
    const { items: first } = await read(dataset);
    const { items: second } = await read(dataset, { epoch: 1 });
    expect(first).not.toEqual(second);
    for (const items of [first, second]) expect([...items].sort((a, b) => a - b)).toEqual(await numbers(100).toArray());
    const { position } = await read(dataset, { stopAfter: 37 });
    expect((await read(dataset, { from: position })).items).toEqual(first.slice(37));
    expect((await read(dataset.repeat(2))).items).toEqual([...first, ...second]);
  });

  it("shuffles a filtered or split data set whole, for its items are known by number", async () => {
    const { train, test } = numbers(1000).split({ by: String, parts: { train: 0.8, test: 0.2 } });
    const shuffled = await train
      .map((value) => value)
      .shuffle({ seed: 3 })
      .toArray();
    expect(shuffled).not.toEqual(await train.toArray());
    expect([...shuffled].sort((a, b) => a - b)).toEqual(await train.toArray());
    expect(shuffled.length + (await test.toArray()).length).toBe(1000);
  });

  it("needs a window to shuffle a stream, and never holds more than it", async () => {
    expect(() => stream(5).shuffle({ seed: 0 })).toThrow("Expected a window to shuffle a stream");
    let made = 0;
    let most = 0;
    let taken = 0;
    const counted = generate(100_000, { seed: 0, make: (_, index) => (made++, index) });
    for await (const _ of counted.shuffle({ seed: 0, window: 500 })) {
      taken++;
      most = Math.max(most, made - taken);
    }
    expect(taken).toBe(100_000);
    expect(most).toBeLessThanOrEqual(500);
  });

  it("splits by key: stable when records come or move, without leaks, near the shares", async () => {
    const options = {
      by: (value: number) => `record ${value >> 1}`,
      parts: { train: 0.7, validation: 0.1, test: 0.2 },
    };
    const before = numbers(4000).split(options);
    const after = from(new Random(1).shuffle([...Array(6000).keys()])).split(options);
    const sizes = [];
    for (const name of ["train", "validation", "test"] as const) {
      const items = new Set(await before[name].toArray());
      sizes.push(items.size);
      for (const value of items) expect(items.has(value ^ 1)).toBe(true);
      const later = new Set(await after[name].toArray());
      for (const value of items) expect(later.has(value)).toBe(true);
    }
    expect(sizes.reduce((sum, size) => sum + size)).toBe(4000);
    expect(Math.abs(sizes[0]! - 2800)).toBeLessThan(120);
  });

  it("keeps the shares in every stratum when asked", async () => {
    const classOf = (value: number) => (value % 10 === 0 ? "rare" : "common");
    const { test } = numbers(1000).split({ by: String, parts: { train: 0.8, test: 0.2 }, stratify: classOf });
    const classes = (await test.toArray()).map(classOf);
    expect(classes.filter((name) => name === "rare")).toHaveLength(20);
    expect(classes.filter((name) => name === "common")).toHaveLength(180);
  });

  it("refuses positions of other data sets and numbers that make no sense", () => {
    expect(() => numbers(5).open("here")).toThrow(
      'Expected a position that this data set made: a whole number. Received "here".',
    );
    expect(() => numbers(5).map(String).open(3)).toThrow('an object with "from"');
    expect(() => zip(numbers(1), numbers(1)).open([1])).toThrow("2 positions");
    expect(() => numbers(5).batch(0)).toThrow(
      "Expected items in a batch to be a whole number, at least 1. Received 0.",
    );
    expect(() => numbers(5).shard(2, 2)).toThrow("Expected a shard from 0 to 1. Received 2.");
    expect(() => numbers(5).split({ by: String, parts: { a: 0.9, b: 0.2 } })).toThrow("add up to 1 or less");
  });

  it("says which item an error came from", async () => {
    const broken = numbers(5).map((value) => {
      if (value === 3) throw new Error("no threes");
      return value;
    });
    await expect(broken.toArray()).rejects.toThrow("Item 3 of pass 0: no threes");
    await expect(
      numbers(5)
        .map(async () => Promise.reject(new Error("late")))
        .toArray(),
    ).rejects.toThrow("Item 0 of pass 0: late");
  });

  it("closes what it opened when the reader leaves", async () => {
    let closed = 0;
    const source = new Dataset<number>({
      size: undefined,
      open: () => ({ next: () => ({ done: false, value: 1 }), position: () => 0, close: () => void closed++ }),
    });
    for await (const _ of source
      .map((value) => value)
      .batch(2)
      .prefetch(3))
      break;
    expect(closed).toBe(1);
  });

  it("ends, though an empty data set is repeated for ever", async () => {
    expect(await numbers(0).repeat().toArray()).toEqual([]);
  });
});
