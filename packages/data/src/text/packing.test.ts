import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import { from } from "../dataset.ts";
import { type PackedSequence, type PackOptions, packSequences } from "./packing.ts";

const sequences = (count: number, longest: number) => {
  const random = new Random(4).fork("lengths");
  return Array.from({ length: count }, (_, index) => ({
    ids: Int32Array.from(
      { length: 1 + Math.floor(random.uniform() * longest) },
      (_, place) => 1000 * (index + 1) + place,
    ),
  }));
};
/** The sequences that rows hold, by their borders. */
const unpack = ({ ids, boundaries }: PackedSequence) =>
  Array.from({ length: boundaries.length - 1 }, (_, index) => [...ids.slice(boundaries[index], boundaries[index + 1])]);

describe("packSequences", () => {
  it("keeps sequences whole and apart", async () => {
    const data = [[1, 2, 3], [4, 5], [6, 7, 8, 9], [10]].map((ids) => ({ ids }));
    const rows = await packSequences(from(data), { length: 6, padding: -1 }).toArray();
    expect(rows.map(({ ids }) => [...ids])).toEqual([
      [6, 7, 8, 9, 4, 5],
      [1, 2, 3, 10, -1, -1],
    ]);
    expect([...rows[1]!.positions]).toEqual([0, 1, 2, 0, 0, 0]);
    expect([...rows[1]!.segments]).toEqual([1, 1, 1, 2, 0, 0]);
    expect([...rows[1]!.mask]).toEqual([1, 1, 1, 1, 0, 0]);
    expect([[...rows[1]!.boundaries], rows[1]!.used]).toEqual([[0, 3, 4], 4]);
  });

  it.each(["best-fit", "first-fit"] as const)("%s loses nothing and wastes little", async (method) => {
    const data = sequences(3000, 256);
    const rows = await packSequences(from(data), { length: 256, method }).toArray();
    const found = rows.flatMap(unpack).sort((left, right) => left[0]! - right[0]!);
    expect(found).toEqual(data.map(({ ids }) => [...ids]));
    const used = rows.reduce((sum, row) => sum + row.used, 0);
    expect(used / (256 * rows.length)).toBeGreaterThan(0.98);
    // First-fit decreasing needs at most 11/9 of the best and 6/9 rows, in each window.
    expect(rows.length).toBeLessThanOrEqual((11 / 9) * Math.ceil(used / 256) + 3);
  });

  it("splits one after the other, or fills up whole rows from longer ones", async () => {
    const data = [{ ids: [1, 2, 3, 4, 5], mask: [0, 0, 1, 1, 1] }, { ids: [6, 7] }];
    const split = await packSequences(from(data), { length: 3, method: "split", separator: 99 }).toArray();
    expect(split.map(({ ids }) => [...ids])).toEqual([
      [1, 2, 3],
      [4, 5, 99],
      [6, 7, 99],
    ]);
    expect([...split[1]!.positions]).toEqual([0, 1, 2]);
    expect([...split[0]!.mask]).toEqual([0, 0, 1]);
    const longer = await packSequences(from(data), { length: 3 }).toArray();
    expect(longer.flatMap(unpack)).toEqual([
      [1, 2, 3],
      [4, 5],
      [6, 7],
    ]);
    const cut = await packSequences(from(data), { length: 3, longer: "truncate" }).toArray();
    expect(cut.flatMap(unpack)).toEqual([
      [1, 2, 3],
      [6, 7],
    ]);
    await expect(packSequences(from(data), { length: 3, longer: "error" }).toArray()).rejects.toThrow(
      "Expected sequences of at most 3 ids. Received one of 5.",
    );
    expect(() => packSequences(from(data), { length: 0 })).toThrow("Expected length to be 1 or more. Received 0.");
    await expect(packSequences(from([{ ids: [1], mask: [] }]), { length: 2 }).toArray()).rejects.toThrow(
      "Expected a mask for each of 1 ids. Received 0.",
    );
  });

  it.each<PackOptions>([
    { length: 64, window: 7 },
    { length: 64, window: 20, method: "first-fit", separator: 0 },
    { length: 50, method: "split", separator: 0 },
    { length: 500, method: "split" },
  ])("goes on anywhere to the same rows: %o", async (options) => {
    const packed = packSequences(from(sequences(60, 100)).shuffle({ seed: 2 }), options);
    const whole: unknown[] = [];
    const positions: string[] = [];
    const cursor = packed.open(undefined, 1);
    for (;;) {
      positions.push(JSON.stringify(cursor.position()));
      const result = await cursor.next();
      if (result.done) break;
      whole.push([...result.value.ids], [...result.value.segments]);
    }
    expect(whole.length).toBeGreaterThan(8);
    for (const [at, position] of positions.entries()) {
      const rest: unknown[] = [];
      const resumed = packed.open(JSON.parse(position), 1);
      for (let result = await resumed.next(); !result.done; result = await resumed.next()) {
        rest.push([...result.value.ids], [...result.value.segments]);
      }
      expect(rest).toEqual(whole.slice(2 * at));
    }
  });

  it("has nothing to pack in nothing", async () => {
    for (const method of ["best-fit", "split"] as const) {
      expect(await packSequences(from<{ ids: number[] }>([]), { length: 4, method }).toArray()).toEqual([]);
      expect(await packSequences(from([{ ids: [] as number[] }]), { length: 4, method }).toArray()).toEqual([]);
    }
  });
});
