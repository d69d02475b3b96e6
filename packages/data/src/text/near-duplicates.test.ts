import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { from } from "../dataset.ts";
import { DisjointSets } from "./disjoint-sets.ts";
import { nearDuplicateTexts } from "./fixtures/near-duplicate-texts.ts";
import { candidateChance, chooseBands, lshError } from "./lsh-bands.ts";
import { MinHash } from "./min-hash.ts";
import { findNearDuplicates, type NearDuplicates } from "./near-duplicates.ts";
import { jaccard, Shingler } from "./shingles.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-near-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every pair's exact similarity, above a least one. */
function bruteForce(texts: readonly { text: string }[], least: number) {
  const shingler = new Shingler({ size: 5 });
  const sets = texts.map(({ text }) => new Set(shingler.hashes(text)));
  const pairs: { left: number; right: number; similarity: number }[] = [];
  for (let right = 0; right < sets.length; right++) {
    for (let left = 0; left < right; left++) {
      let shared = 0;
      for (const hash of sets[left]!) if (sets[right]!.has(hash)) shared++;
      const similarity = shared / (sets[left]!.size + sets[right]!.size - shared);
      if (similarity >= least) pairs.push({ left, right, similarity });
    }
  }
  return pairs;
}

describe("shingles", () => {
  it("are runs of words, case and punctuation aside; Chinese characters are words", () => {
    const shingler = new Shingler({ size: 2 });
    const hashes = (text: string) => [...shingler.hashes(text)];
    expect(hashes("The quick, brown fox!")).toEqual(hashes("the QUICK brown… fox"));
    expect(hashes("a b c")).toHaveLength(2);
    expect(hashes("春眠不覺曉")).toHaveLength(4);
    expect(hashes("春眠，不覺。曉")).toEqual(hashes("春眠不覺曉"));
    expect(hashes("深度learning")).toHaveLength(2);
    expect([hashes("one"), hashes("...")].map(({ length }) => length)).toEqual([1, 0]);
  });

  it("give the Jaccard similarity", () => {
    expect(jaccard("a b c d", "a b c e", { size: 2 })).toBe(2 / 4);
    expect(jaccard("a b", "c d", { size: 1 })).toBe(0);
    expect(jaccard("", "", { size: 1 })).toBe(1);
  });
});

describe("bands", () => {
  it("follow the S-curve and are cut to err least", () => {
    expect(candidateChance(0.8, { bands: 20, rows: 5 })).toBeCloseTo(0.99964, 5);
    // As datasketch 1.6.5 chooses for 128 permutations and equal weights.
    const chosen = [0.5, 0.7, 0.8, 0.9].map((threshold) => chooseBands(threshold, 128));
    expect(chosen.map(({ bands, rows }) => [bands, rows])).toEqual([
      [25, 5],
      [14, 9],
      [9, 13],
      [5, 25],
    ]);
    const { falsePositive, falseNegative } = chosen[2]!;
    for (const [bands, rows] of [
      [8, 13],
      [8, 16],
      [10, 12],
      [16, 8],
      [9, 12],
    ] as const) {
      const other = lshError(0.8, { bands, rows });
      expect(other.falsePositive + other.falseNegative).toBeGreaterThan(falsePositive + falseNegative);
    }
    expect(chooseBands(0.8, 128, 0.9).falseNegative).toBeLessThan(falseNegative);
  });
});

describe("signatures", () => {
  it("estimate the similarity without bias and with the stated error", () => {
    const permutations = 128;
    const errors: number[] = [];
    const means: number[] = [];
    for (let seed = 0; seed < 15; seed++) {
      const texts = nearDuplicateTexts(60, { seed: 100 + seed });
      const minHash = new MinHash({ permutations, size: 5, seed });
      const signatures = texts.map(({ text }) => {
        const signature = new Int32Array(permutations);
        minHash.sign(text, signature);
        return signature;
      });
      const pairs = bruteForce(texts, 0.1).filter(({ similarity }) => similarity < 0.99);
      const found = pairs.map(({ left, right, similarity }) => {
        const equal = signatures[left]!.filter((value, index) => value === signatures[right]![index]).length;
        return (equal / permutations - similarity) / Math.sqrt((similarity * (1 - similarity)) / permutations);
      });
      errors.push(...found);
      means.push(found.reduce((sum, error) => sum + error, 0) / found.length);
    }
    expect(errors.length).toBeGreaterThan(300);
    // In standard errors: none on average, one in the root mean square.
    expect(Math.abs(means.reduce((sum, mean) => sum + mean, 0) / means.length)).toBeLessThan(0.3);
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.15);
  });
});

describe("disjoint sets", () => {
  it("have their least member as root", () => {
    const sets = new DisjointSets(6);
    for (const [left, right] of [
      [5, 4],
      [4, 2],
      [3, 1],
    ] as const)
      sets.union(left, right);
    expect([0, 1, 2, 3, 4, 5].map((member) => sets.find(member))).toEqual([0, 1, 2, 1, 2, 2]);
  });
});

describe("findNearDuplicates", () => {
  const keepers = ({ documents, keeperOf }: NearDuplicates) =>
    Array.from({ length: documents }, (_, document) => keeperOf(document));

  it.each([false, true])(
    "finds the pairs that brute force finds, within the stated error (Chinese: %s)",
    async (chinese) => {
      const texts = nearDuplicateTexts(400, { seed: 5, words: 120, chinese });
      const result = await findNearDuplicates(from(texts), { threshold: 0.8 }, { workers: 0 });
      const pairs = bruteForce(texts, 0.02);
      const together = (pair: { left: number; right: number }) =>
        result.keeperOf(pair.left) === result.keeperOf(pair.right);
      const sure = pairs.filter(({ similarity }) => similarity >= 0.9);
      const never = pairs.filter(({ similarity }) => similarity < 0.65);
      expect(sure.length).toBeGreaterThan(30);
      expect(never.length).toBeGreaterThan(100);
      expect(sure.filter((pair) => !together(pair))).toEqual([]);
      // What is joined is joined by chains of similar pairs.
      const exact = new DisjointSets(texts.length);
      for (const { left, right, similarity } of pairs) if (similarity >= 0.65) exact.union(left, right);
      for (let document = 0; document < texts.length; document++) {
        expect(exact.find(result.keeperOf(document))).toBe(exact.find(document));
      }
      // In between, the share of pairs that are found follows the curve of the bands (chains find more).
      const near = pairs.filter(({ similarity }) => similarity >= 0.85);
      const expected = near.reduce((sum, { similarity }) => sum + candidateChance(similarity, result), 0);
      expect(near.filter(together).length).toBeGreaterThan(expected - 3 * Math.sqrt(near.length / 4));
    },
  );

  it("keeps the first, and copies are always found", async () => {
    const texts = ["a b c d e f", "x y z", "A, b, c. d e f", "x y z", "", "x y z q", "!"].map((text) => ({ text }));
    const result = await findNearDuplicates(from(texts), {}, { workers: 0 });
    expect(keepers(result)).toEqual([0, 1, 0, 1, 4, 5, 4]);
    expect([result.documents, result.duplicates, result.clusters]).toEqual([7, 3, 3]);
    expect(result.groups()).toEqual([
      [0, 2],
      [1, 3],
      [4, 6],
    ]);
    expect((await result.unique(from(texts)).toArray()).map(({ text }) => text)).toEqual([
      "a b c d e f",
      "x y z",
      "",
      "x y z q",
    ]);
  });

  it("gives the same with threads, with little memory, and without comparing signatures", async () => {
    const texts = from(nearDuplicateTexts(1500, { words: 40, seed: 9 }));
    const plain = await findNearDuplicates(texts, {}, { workers: 0 });
    expect(keepers(await findNearDuplicates(texts, {}, { workers: 2 }))).toEqual(keepers(plain));
    expect(keepers(await findNearDuplicates(texts, {}, { workers: 0, memory: 30_000 }))).toEqual(keepers(plain));
    const unverified = await findNearDuplicates(texts, { verify: false, bands: 16, rows: 8 }, { workers: 0 });
    expect(unverified.duplicates).toBeGreaterThanOrEqual(plain.duplicates);
  });

  it("goes on after a stop, in either stage, to the same result", async () => {
    const texts = from(nearDuplicateTexts(23_000, { words: 25, seed: 11 }));
    const place = join(folder, "run");
    const stopAt = async (stage: string, done: number) => {
      const controller = new AbortController();
      let first: number | undefined;
      const run = findNearDuplicates(
        texts,
        {},
        {
          folder: place,
          workers: 0,
          signal: controller.signal,
          progress: (progress) => {
            first ??= progress.done;
            if (progress.stage === stage && progress.done >= done) controller.abort(new Error("Stopped."));
          },
        },
      );
      await expect(run).rejects.toThrow("Stopped.");
      return first;
    };
    expect(await stopAt("signing", 22_000)).toBe(500);
    // Saved every 20,000 documents: it goes on from there.
    expect(await stopAt("comparing", 3)).toBe(20_500);
    expect(await readdir(place)).toContain("parents.bin");
    const resumed = await findNearDuplicates(texts, {}, { folder: place, workers: 0 });
    const plain = await findNearDuplicates(texts, {}, { workers: 0 });
    expect(keepers(resumed)).toEqual(keepers(plain));
    await expect(findNearDuplicates(texts, { threshold: 0.7 }, { folder: place, workers: 0 })).rejects.toThrow(
      "Expected the folder of a run with the options",
    );
  });

  it("refuses options that do not fit", async () => {
    await expect(findNearDuplicates(from([]), { bands: 9 })).rejects.toThrow("bands and rows go together");
    await expect(findNearDuplicates(from([]), { bands: 64, rows: 4 })).rejects.toThrow(
      "must not be more than permutations",
    );
    expect((await findNearDuplicates(from<{ text: string }>([]), {}, { workers: 0 })).documents).toBe(0);
  });
});
