import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import { Dataset, from, generate } from "./dataset.ts";
import { numbers, read, stream } from "./fixtures/streams.ts";

describe("Dataset", () => {
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

  it("makes items from their number and a random stream of their own", async () => {
    const dataset = generate(5, { seed: 1, make: (random, index) => index + random.uniform() });
    const all = await dataset.toArray();
    expect(all.map(Math.floor)).toEqual([0, 1, 2, 3, 4]);
    expect(await dataset.skip(3).toArray()).toEqual(all.slice(3));
  });

  it("needs a window to shuffle a stream, and never holds more than it", async () => {
    expect(() => stream(5).shuffle({ seed: 0 })).toThrow("Expected a window to shuffle a stream");
    let made = 0;
    let most = 0;
    let taken = 0;
    const counted = numbers(1_000_000).map((value) => {
      made++;
      return value;
    });
    for await (const _ of counted.shuffle({ seed: 0, window: 500 })) {
      taken++;
      most = Math.max(most, made - taken);
    }
    expect(taken).toBe(1_000_000);
    expect(most).toBe(499);
  });

  it("makes only the items that a slice or shard has", async () => {
    const made: number[] = [];
    const counted = numbers(12).map((value) => made.push(value) && value);
    expect(await counted.skip(2).shard(1, 4).toArray()).toEqual([3, 7, 11]);
    expect(made).toEqual([3, 7, 11]);
  });

  it("caches a stream, which can then be shuffled whole", async () => {
    let opened = 0;
    const cached = new Dataset<number>({
      size: undefined,
      open: (position, epoch) => {
        opened++;
        return stream(100).open(position, epoch);
      },
    }).cache();
    const shuffled = cached.shuffle({ seed: 1 });
    const { items, position } = await read(shuffled, { stopAfter: 40, epoch: 3 });
    const { items: rest } = await read(shuffled, { from: position, epoch: 3 });
    expect([...items, ...rest].sort((a, b) => a - b)).toEqual(await numbers(100).toArray());
    expect(opened).toBe(1);
  });

  it("reads ahead side by side where items can be had by number, and no further than asked", async () => {
    let running = 0;
    let most = 0;
    let started = 0;
    const slow = numbers(40).map(async (value) => {
      started++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      return value;
    });
    const cursor = slow.batch(4).prefetch(2).open();
    expect((await cursor.next()).value).toEqual([0, 1, 2, 3]);
    expect(started).toBe(12);
    expect(most).toBe(12);
    expect((await slow.prefetch(8).toArray()).length).toBe(40);
  });

  it("meets an error of what was read ahead where it belongs", async () => {
    const broken = numbers(10).map(async (value) => {
      if (value === 5) throw new Error("no fives");
      return value;
    });
    const read: number[] = [];
    await expect(async () => {
      for await (const value of broken.prefetch(4)) read.push(value);
    }).rejects.toThrow("Item 5 of pass 0: no fives");
    expect(read).toEqual([0, 1, 2, 3, 4]);
  });

  it("passes over many unwanted items of a stream without piling up promises", async () => {
    const sparse = stream(300_000).filter((value) => value === 299_999);
    expect(await sparse.toArray()).toEqual([299_999]);
    expect(await stream(300_000).skip(299_999).toArray()).toEqual([299_999]);
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

  it("says which item an error came from", async () => {
    const broken = numbers(5).map((value) => {
      if (value === 3) throw new Error("no threes");
      return value;
    });
    await expect(broken.toArray()).rejects.toThrow("Item 3 of pass 0: no threes");
    const undecided = numbers(5).filter((value) => {
      if (value === 2) throw new Error("no twos");
      return true;
    });
    await expect(undecided.toArray()).rejects.toThrow("Item 2 of pass 0: no twos");
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
