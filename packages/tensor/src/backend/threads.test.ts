import { expect, it } from "vitest";
import { ready, tf } from "../index.ts";

it("wasm computes on two threads under Node, and leaves the process as it was", async () => {
  const listeners = () => process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");
  const before = listeners();
  const report = await ready({ backend: "wasm", threads: 2 });
  expect(report.candidates.find(({ name }) => name === "wasm")?.reason).toBe("WebAssembly with SIMD on 2 threads");
  expect(listeners()).toBe(before);
  expect((globalThis as { Worker?: unknown }).Worker).toBeUndefined();
  // Larger than the memory that the program starts with, so it has to grow.
  const [rows, inner, columns] = [2000, 3000, 40];
  const left = tf.fill([rows, inner], 0.5);
  const product = tf.matMul(left, tf.fill([inner, columns], 2));
  const values = await product.data();
  expect(values.length).toBe(rows * columns);
  expect(values.every((value) => value === inner)).toBe(true);
  const gradient = tf.grad((filter) =>
    tf.sum(tf.conv2d(tf.ones<tf.Rank.R4>([2, 9, 9, 3]), filter as tf.Tensor4D, 1, "valid")),
  );
  expect((await gradient(tf.ones([3, 3, 3, 4])).data()).every((value) => value === 98)).toBe(true);
});
