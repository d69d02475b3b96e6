import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Dataset, interleave, zip } from "../dataset.ts";
import { numbers, read, stream } from "../fixtures/streams.ts";

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
  fc.integer({ min: 1, max: 4 }).map(
    (size): Step =>
      (dataset) =>
        dataset
          .map(async (value) => value)
          .batch(size)
          .prefetch(2)
          .map(([first]) => first!),
  ),
  fc.constant<Step>((dataset) => dataset.take(50).cache().shuffle({ seed: 2 })),
  fc.constant<Step>((dataset) => dataset.filter((value) => value % 3 !== 1)),
  fc.constant<Step>((dataset) => dataset.filter(async (value) => value % 5 !== 1)),
  fc.constant<Step>((dataset) => dataset.map((value, { index, epoch }) => value * 7 + index + epoch)),
  fc.constant<Step>((dataset) => dataset.map(async (value) => value + 1)),
  fc.constant<Step>((dataset) => dataset.batch(3).map((group) => group.reduce((sum, value) => sum + value, 0))),
  fc.constant<Step>((dataset) => interleave(dataset, numbers(5))),
  fc.constant<Step>((dataset) => zip(dataset, stream(17)).map(([left, right]) => left - right)),
  fc.constant<Step>((dataset) => dataset.split({ by: String, parts: { kept: 0.6, other: 0.4 } }).kept),
);

describe("positions", () => {
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
          for (let stopAfter = 0; stopAfter <= all.length; stopAfter++) {
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

  it("saves a position mid-window without the window's items", async () => {
    const dataset = stream(1000).shuffle({ seed: 4, window: 300 });
    const { items: all } = await read(dataset);
    for (const stopAfter of [1, 299, 300, 301, 899, 999, 1000]) {
      const { position } = await read(dataset, { stopAfter });
      expect(JSON.stringify(position).length).toBeLessThan(50);
      expect((await read(dataset, { from: position })).items).toEqual(all.slice(stopAfter));
    }
  });

  it("refuses a position of another window", async () => {
    const { position } = await read(stream(10).shuffle({ seed: 0, window: 8 }), { stopAfter: 6 });
    const cursor = stream(10).shuffle({ seed: 0, window: 4 }).open(position);
    await expect(async () => cursor.next()).rejects.toThrow("Was it saved with another window?");
  });

  it("refuses positions of other data sets and numbers that make no sense", () => {
    expect(() => numbers(5).open("here")).toThrow(
      'Expected a position that this data set made: a whole number. Received "here".',
    );
    expect(() => numbers(5).map(String).open(3)).toThrow('an object with "from"');
    expect(() => zip(numbers(1), numbers(1)).open([1])).toThrow("2 positions");
    expect(() => numbers(5).open(6)).toThrow("a whole number up to 5. Received 6.");
    expect(() => interleave(numbers(1)).open({ turn: 0, ended: ["x"], from: [0] })).toThrow("a whole number");
    expect(() => numbers(5).batch(0)).toThrow(
      "Expected items in a batch to be a whole number, at least 1. Received 0.",
    );
    expect(() => numbers(5).shard(2, 2)).toThrow("Expected a shard from 0 to 1. Received 2.");
    expect(() => numbers(5).split({ by: String, parts: { a: 0.9, b: 0.2 } })).toThrow("add up to 1 or less");
  });
});
