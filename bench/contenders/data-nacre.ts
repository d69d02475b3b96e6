// map → shuffle → batch over records in memory.
import { from } from "@nacre/data";
import { printRate } from "./rate.ts";

const records = Array.from({ length: 200_000 }, (_, index) => index);
let epoch = 0;
const pipeline = from(records)
  .map((value) => ({ value: value * 2 }))
  .shuffle({ seed: 1 })
  .batch(128);

await printRate(async () => {
  const cursor = pipeline.open(undefined, epoch++);
  let count = 0;
  for (;;) {
    const result = cursor.next();
    const item = result instanceof Promise ? await result : result;
    if (item.done) return count;
    count += item.value.length;
  }
});
