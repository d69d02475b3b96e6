import { Random } from "@nacre/random";
import { disposeModel, randomNormal, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { inference, KeyValueCache, MultiHeadAttention } from "../index.ts";
import { causalMasks } from "./masks.ts";

const working: string[] = [];
for (const backend of ["cpu", "native"] as const) {
  await ready({ backend }).then(
    () => working.push(backend),
    (error) => console.log(`Skipped: the cache in place: ${error.message}`),
  );
}

/** Keys [2, T, 1, 1] that tell sequence and position: 100 · sequence + position. */
function marked(start: number, count: number): tf.Tensor4D {
  return tf.tensor4d(
    Float32Array.from({ length: 2 * count }, (_, i) => 100 * Math.floor(i / count) + start + (i % count)),
    [2, count, 1, 1],
  );
}

function add(cache: KeyValueCache, layer: number, start: number, count: number): number[] {
  return tf.tidy(() => {
    const { keys, values } = cache.append(layer, marked(start, count), tf.neg(marked(start, count)));
    expect([...values.dataSync()].map((value) => -value)).toEqual([...keys.dataSync()]);
    return [...keys.dataSync()];
  });
}

// In place on native; with longer and longer tensors on cpu.
describe.each(working)("KeyValueCache on %s", (backend) => {
  beforeAll(async () => void (await tf.setBackend(backend)));

  it("gives all keys so far, of each layer its own, and frees what it held", () => {
    const before = tf.memory().numTensors;
    const cache = new KeyValueCache({ layers: 2, capacity: 5 });
    expect(add(cache, 0, 0, 2)).toEqual([0, 1, 100, 101]);
    expect(cache.length).toBe(0);
    expect(add(cache, 1, 0, 2)).toEqual([0, 1, 100, 101]);
    expect(cache.length).toBe(2);
    expect(cache.keysAfter(0, 3)).toBe(5);
    expect(add(cache, 0, 2, 1)).toEqual([0, 1, 2, 100, 101, 102]);
    add(cache, 1, 2, 1);
    expect(() => add(cache, 0, 3, 3)).toThrow("at most 5 tokens, its capacity. Received 3 after 3");
    expect(() => add(cache, 2, 3, 1)).toThrow("a layer from 0 to 1. Received 2");
    cache.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(add(cache, 0, 0, 1)).toEqual([0, 100]);
    cache.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("reorders, repeats and drops sequences, remembered sources too", () => {
    const before = tf.memory().numTensors;
    const cache = new KeyValueCache({ layers: 1, capacity: 9 });
    let computed = 0;
    const source = () => cache.remember(0, () => ({ keys: marked((computed += 1), 1), values: marked(1, 1) }));
    add(cache, 0, 0, 1);
    source();
    cache.reorder([1, 1, 0]);
    expect([...source().keys.dataSync()]).toEqual([101, 101, 1]);
    expect(computed).toBe(1);
    const three = tf.tidy(() => [...cache.append(0, tf.ones([3, 1, 1, 1]), tf.ones([3, 1, 1, 1])).keys.dataSync()]);
    expect(three).toEqual([100, 1, 100, 1, 0, 1]);
    cache.reorder([2]);
    expect(tf.tidy(() => [...cache.append(0, tf.ones([1, 1, 1, 1]), tf.ones([1, 1, 1, 1])).keys.dataSync()])).toEqual([
      0, 1, 1,
    ]);
    cache.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("keeps what a window needs, and takes back what it still can", () => {
    const cache = new KeyValueCache({ layers: 2, capacity: 100, windows: [3, undefined], rewind: 1 });
    for (const layer of [0, 1]) add(cache, layer, 0, 5);
    expect(cache.keysAfter(0, 1)).toBe(4); // 2 that the window sees, 1 to take back, 1 new
    expect(add(cache, 0, 5, 1)).toEqual([2, 3, 4, 5, 102, 103, 104, 105]);
    expect(add(cache, 1, 5, 1)).toHaveLength(12);
    cache.truncate(5);
    expect(add(cache, 0, 5, 1)).toEqual([2, 3, 4, 5, 102, 103, 104, 105]);
    expect(add(cache, 1, 5, 1)).toHaveLength(12);
    expect(() => cache.truncate(3)).toThrow("take back at most 1 tokens, its `rewind`. Received 3: layer 0");
    expect(() => cache.truncate(7)).toThrow("a length from 0 to 6");
    cache.truncate(5);
    expect(cache.length).toBe(5);
    cache.dispose();
  });

  it("copies what is remembered only when sources come or go", () => {
    const cache = new KeyValueCache({ layers: 1, capacity: 9 });
    const source = () => cache.remember(0, () => ({ keys: marked(0, 2), values: marked(0, 2) })).keys;
    source();
    cache.reorder([0, 0, 1, 1]);
    const shared = source();
    cache.reorder([1, 0, 3, 3]);
    expect(source()).toBe(shared);
    cache.reorder([0, 2, 3]);
    expect([...source().dataSync()]).toEqual([0, 1, 100, 101, 100, 101]);
    cache.dispose();
  });

  it("holds no more the more tokens it has seen", () => {
    const cache = new KeyValueCache({ layers: 2, capacity: 2000, windows: [40, undefined] });
    const counts = new Set<number>();
    for (let token = 0; token < 700; token++) {
      const expected = Array.from({ length: Math.min(40, token + 1) }, (_, i) => token - Math.min(39, token) + i);
      expect(add(cache, 0, token, 1)).toEqual([...expected, ...expected.map((each) => each + 100)]);
      add(cache, 1, token, 1);
      counts.add(tf.memory().numTensors);
    }
    expect(counts.size).toBe(1);
    // 2 sequences, 2 arrays: at most twice the rows that are kept.
    expect(cache.bytes).toBeLessThanOrEqual(backend === "native" ? 2 * 2 * 4 * (2 * 40 + 2 * 700) : 0);
    cache.dispose();
    expect(cache.bytes).toBe(0);
  });

  it("forgets everything", () => {
    const before = tf.memory().numTensors;
    const cache = new KeyValueCache({ layers: 1, capacity: 4 });
    add(cache, 0, 0, 3);
    cache.truncate(0);
    expect(cache.length).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
    expect(add(cache, 0, 7, 1)).toEqual([7, 107]);
    cache.dispose();
  });

  it.each([undefined, 3])("gives token by token what all at once gives, with a window of %s", async (window) => {
    const layer = new MultiHeadAttention({ width: 8, heads: 4, keyValueHeads: 2 }, new Random(1));
    const before = tf.memory().numTensors;
    const x = randomNormal(new Random(2), [2, 7, 8]) as tf.Tensor3D;
    const pad = tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1], [2, 7]); // the second has two of padding
    const whole = tf.tidy(() => {
      const [mask] = causalMasks({ queries: 7, windows: [window], mask: pad });
      return layer.forward(x, { ...inference, causal: true, mask });
    });
    const cache = new KeyValueCache({ layers: 1, capacity: 7, windows: [window] });
    const parts = [3, 1, 1, 2].map((count, index, counts) =>
      tf.tidy(() => {
        const start = counts.slice(0, index).reduce((sum, each) => sum + each, 0);
        const seen = tf.slice(pad, [0, 0], [2, start + count]);
        const [mask] = causalMasks({ queries: count, windows: [window], cache, mask: seen });
        const context = { ...inference, causal: true, mask, cache };
        return layer.forward(tf.slice(x, [0, start, 0], [2, count, 8]), context);
      }),
    );
    const joined = tf.concat(parts, 1);
    const [wanted, got] = [await whole.data(), await joined.data()];
    expect(Math.max(...got.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-6);
    expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.1);
    tf.dispose([x, pad, whole, joined, ...parts]);
    cache.dispose();
    expect(tf.memory().numTensors).toBe(before);
    disposeModel(layer);
  });
});
