import { type Benchmark, compare, rowsAgainst } from "./benchmark.ts";
import { nodeContender, pythonContender } from "./processes.ts";

/** Records per second through map → shuffle → batch. */
export const dataPipeline: Benchmark = {
  name: "data",
  about: "records/s through map, shuffle and batch, in memory",
  async run(context) {
    const settings = { seconds: context.seconds };
    const torch = await pythonContender("PyTorch DataLoader", "data-torch.py", {
      ...settings,
      needs: "torch",
      install: "pip install torch, and NACRE_BENCH_PYTHON=that python",
      tell: context.tell,
    });
    const rates = await compare(
      [
        nodeContender("nacre", "data-nacre.ts", settings),
        nodeContender("tf.data", "data-tfjs.ts", settings),
        ...(torch === undefined ? [] : [torch]),
      ],
      context,
    );
    return rowsAgainst(
      { name: "data", unit: "records/s", ours: "nacre", goals: { "tf.data": 5, "PyTorch DataLoader": 1 } },
      rates,
    );
  },
};
