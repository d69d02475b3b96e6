import { expect, it } from "vitest";
import { EventQueue } from "./event-queue.ts";

it("hands over items in order, before and after someone waits, and ends when closed", async () => {
  const queue = new EventQueue<number>();
  queue.push(1);
  const read: number[] = [];
  const reading = (async () => {
    for await (const item of queue) read.push(item);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  queue.push(2);
  queue.push(3);
  queue.close();
  await reading;
  expect(read).toEqual([1, 2, 3]);
});
