// The same by tf.data, whose shuffle holds a window in memory.
import * as tf from "@tensorflow/tfjs";
import { printRate } from "./rate.ts";

const records = Array.from({ length: 20_000 }, (_, index) => index);

await printRate(async () => {
  let count = 0;
  await tf.data
    .array(records)
    .map((value) => ({ value: (value as number) * 2 }))
    .shuffle(10_000, "1")
    // tf.data's own batch() makes tensors, which is not what is compared here.
    .forEachAsync(() => {
      count++;
    });
  return count;
});
