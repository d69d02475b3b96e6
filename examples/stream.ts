// Data that is never in memory as a whole: drawn as it is asked for, changed, shuffled within a window, read ahead, in batches.
// Its position is plain JSON, and another process goes on from it with exactly the batch that would have come next.
import { digits } from "@nacre/data";

const pipeline = () =>
  digits({ seed: 1, count: 100_000 })
    .filter(({ label }) => label % 2 === 1)
    .map(({ image, label }) => ({ label, ink: image.pixels.reduce((sum, value) => sum + value, 0) / 255 }))
    .shuffle({ seed: 1, window: 200 })
    .batch(4)
    .prefetch(2);

const first = pipeline().open();
for (let count = 0; count < 10; count++) await first.next();
const position = JSON.stringify(first.position());
console.log("after ten batches, a position of", position.length, "characters");
const expected = await first.next();
await first.close();

const second = pipeline().open(JSON.parse(position));
const next = await second.next();
await second.close();
console.log(next.value);
console.log("the same batch:", JSON.stringify(next) === JSON.stringify(expected));

const shards = await Promise.all([0, 1].map((index) => pipeline().shard(index, 2).take(3).toArray()));
console.log("two workers:", shards.map((batches) => batches.map((batch) => batch[0]!.label).join(" ")).join(" | "));
