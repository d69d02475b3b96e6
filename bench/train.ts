import { type Benchmark, compare, rowsAgainst } from "./benchmark.ts";
import { nodeContender, pythonContender } from "./processes.ts";

const torchInstall =
  "python3 -m venv ~/torch && ~/torch/bin/pip install torch==2.13.0, then NACRE_BENCH_PYTHON=~/torch/bin/python";

/** Training samples per second of one small model, against tfjs alone and PyTorch. */
function trainBenchmark(model: "mlp" | "cnn", about: string): Benchmark {
  return {
    name: `train-${model}`,
    about,
    async run(context) {
      const settings = { model, batch: 128, seconds: context.seconds };
      const torch = await pythonContender("PyTorch CPU", "train-torch.py", {
        ...settings,
        needs: "torch",
        install: torchInstall,
        tell: context.tell,
      });
      const rates = await compare(
        [
          nodeContender("nacre", "train-nacre.ts", settings),
          nodeContender("tfjs wasm", "train-tfjs.ts", { ...settings, backend: "wasm" }),
          nodeContender("tfjs cpu", "train-tfjs.ts", { ...settings, backend: "cpu" }),
          ...(torch === undefined ? [] : [torch]),
        ],
        context,
      );
      return rowsAgainst(
        {
          name: `train-${model}`,
          unit: "samples/s",
          ours: "nacre",
          goals: { "tfjs wasm": 1, "tfjs cpu": 5, "PyTorch CPU": 1 },
        },
        rates,
      );
    },
  };
}

export const trainMlp = trainBenchmark("mlp", "training 784-128-10, batch 128, Adam");
export const trainCnn = trainBenchmark("cnn", "training LeNet-5 on 28×28, batch 128, Adam");
