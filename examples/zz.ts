import { describeBackend, ready, tf } from "@nacre/tensor";

console.log(describeBackend(await ready()));
const a = tf.tensor2d([
  [1, 2],
  [3, 4],
]);
a.matMul(a).relu().add(1).print();
