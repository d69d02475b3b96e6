import { expect, it } from "vitest";
import { ready, tensorMemory, tf } from "./index.ts";

it("counts buffers once, whoever holds them, and remembers the most", async () => {
  await ready({ backend: "cpu" });
  const early = tf.zeros([10]);
  const memory = tensorMemory();
  expect(tensorMemory()).toBe(memory);
  const { bytes } = memory;
  const large = tf.zeros([100]);
  const view = tf.reshape(large, [10, 10]);
  expect(memory.bytes).toBe(bytes + 400);
  large.dispose();
  expect(memory.bytes).toBe(bytes + 400);
  view.dispose();
  early.dispose();
  expect([memory.bytes, memory.peakBytes]).toEqual([bytes - 40, bytes + 400]);
  memory.restart();
  expect(memory.peakBytes).toBe(bytes - 40);
});
