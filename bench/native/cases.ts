/** What is measured, the same for every contender: each script knows how to run a case of each kind. */
export interface NativeCase {
  readonly kind: "gemm" | "mlp" | "lenet" | "resnet" | "gpt" | "bert" | "bandwidth" | "quantized" | "tiny";
  readonly name: string;
  readonly unit: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** Goals by contender. */
  readonly goals: Readonly<Record<string, number>>;
  /** Threads of every contender; default: all processors. */
  readonly threads?: readonly number[];
  /** Besides Nacre. */
  readonly peers: readonly (
    | "OpenBLAS"
    | "PyTorch"
    | "PyTorch compiled"
    | "tfjs wasm"
    | "tfjs wasm repaired"
    | "tfjs cpu"
    | "onnxruntime"
    | "copy"
    | "read"
  )[];
  /** What it is, for a kind with variants. */
  readonly variant?: string;
}

const gemm = (
  m: number,
  n: number,
  k: number,
  batch: number,
  rest: Omit<NativeCase, "kind" | "unit" | "sizes" | "name">,
) => ({
  kind: "gemm" as const,
  name: `${batch > 1 ? `${batch} × ` : ""}${m}×${n}×${k}`,
  unit: "GFLOP/s",
  sizes: { m, n, k, batch },
  ...rest,
});

export const groups: Readonly<Record<string, { readonly about: string; readonly cases: readonly NativeCase[] }>> = {
  gemm: {
    about: "products of matrices against OpenBLAS and PyTorch",
    cases: [
      ...[256, 512, 1024, 2048].map((size) =>
        gemm(size, size, size, 1, { threads: [1, 2], peers: ["OpenBLAS", "PyTorch"], goals: { OpenBLAS: 0.95 } }),
      ),
      gemm(128, 10, 512, 1, { threads: [1, 2], peers: ["OpenBLAS"], goals: { OpenBLAS: 0.9 } }),
      gemm(768, 65, 128, 1, { threads: [1, 2], peers: ["OpenBLAS"], goals: { OpenBLAS: 0.9 } }),
      gemm(64, 64, 32, 48, { threads: [1, 2], peers: ["PyTorch"], goals: { PyTorch: 1.2 } }),
    ],
  },
  train: {
    about: "training steps against PyTorch (eager and compiled) and tfjs's wasm backend",
    cases: [
      {
        kind: "mlp",
        name: "MLP 784-512-10, batch 128",
        unit: "steps/s",
        sizes: { hidden: 512, batch: 128 },
        goals: { PyTorch: 2 },
        peers: ["PyTorch", "PyTorch compiled", "tfjs wasm", "tfjs wasm repaired"],
      },
      {
        kind: "lenet",
        name: "LeNet-5, batch 128",
        unit: "steps/s",
        sizes: { batch: 128 },
        goals: { PyTorch: 1.2 },
        peers: ["PyTorch", "PyTorch compiled"],
      },
      {
        kind: "resnet",
        name: "ResNet-18 on 32×32, batch 32",
        unit: "steps/s",
        sizes: { batch: 32 },
        goals: { PyTorch: 1.2 },
        peers: ["PyTorch"],
      },
      {
        kind: "gpt",
        name: "GPT 4×128, block 64, batch 12",
        unit: "steps/s",
        sizes: { layers: 4, width: 128, heads: 4, time: 64, batch: 12, vocabulary: 65 },
        goals: { PyTorch: 1.7, "tfjs wasm": 30 },
        peers: ["PyTorch", "PyTorch compiled", "tfjs wasm", "tfjs wasm repaired"],
      },
      {
        kind: "gpt",
        name: "GPT 6×384, block 256, batch 8",
        unit: "steps/s",
        sizes: { layers: 6, width: 384, heads: 6, time: 256, batch: 8, vocabulary: 65 },
        goals: { PyTorch: 1.2 },
        peers: ["PyTorch", "PyTorch compiled"],
      },
    ],
  },
  forward: {
    about: "a BERT-base-shaped encoder against onnxruntime and PyTorch",
    cases: [1, 8].map((batch) => ({
      kind: "bert" as const,
      name: `encoder 12×768, 128 tokens, batch ${batch}`,
      unit: "passes/s",
      sizes: { layers: 12, width: 768, heads: 12, time: 128, batch },
      goals: { onnxruntime: 1 },
      peers: ["onnxruntime" as const, "PyTorch" as const],
    })),
  },
  memory: {
    about: "kernels bound by memory, as shares of the machine's copy and read bandwidth",
    cases: [
      ...["add", "relu", "softmax", "layerNorm", "adam"].map((variant) => ({
        kind: "bandwidth" as const,
        name: `${variant}, 64 MiB`,
        unit: "GB/s",
        sizes: { rows: 16384, width: 1024 },
        goals: { copy: 0.8 },
        peers: ["copy" as const],
        variant,
      })),
      ...[8, 4].map((bits) => ({
        kind: "quantized" as const,
        name: `${bits}-bit matrix-vector, Llama shapes`,
        unit: "GB/s",
        sizes: { bits, width: 2048, hidden: 5632 },
        goals: { read: 0.8 },
        threads: [2],
        peers: ["read" as const],
      })),
    ],
  },
  tiny: {
    about: "one operation on a few elements against tfjs's own cpu backend",
    cases: [
      {
        kind: "tiny",
        name: "add of 8 elements",
        unit: "calls/s",
        sizes: { length: 8 },
        goals: { "tfjs cpu": 1 / 1.3 },
        peers: ["tfjs cpu"],
      },
    ],
  },
};
