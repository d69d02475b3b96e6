import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  type Benchmark,
  type BenchmarkContext,
  type Contender,
  compare,
  compareEach,
  fastest,
  type Row,
  rowsAgainst,
} from "./benchmark.ts";
import { nodeContender, python, pythonContender } from "./processes.ts";

const install =
  "python3 -m venv ~/peers && ~/peers/bin/pip install torch==2.13.0 transformers==5.24.0, then NACRE_BENCH_PYTHON=~/peers/bin/python";

/** Peers run with each, and their best counts: threads that share a core may hinder each other. */
const threadCounts = [...new Set([Math.max(1, availableParallelism() >> 1), availableParallelism()])];

const shapes = [
  { name: "GPT 4×128, block 64", shape: "gpt", layers: 4, width: 128, heads: 4, time: 64, batch: 12, vocabulary: 65 },
  { name: "GPT 6×384, block 256", shape: "gpt", layers: 6, width: 384, heads: 6, time: 256, batch: 8, vocabulary: 65 },
  { name: "BERT-base, 128 tokens", shape: "bert", time: 128, batch: 8, vocabulary: 30_522 },
] as const;

/** Tokens per second of training, beside transformers' models on PyTorch. */
export const languageTrain: Benchmark = {
  name: "language-train",
  about: "training tokens/s of two GPTs and of BERT-base with a classifier, AdamW",
  rounds: 1,
  seconds: 12,
  async run(context) {
    const rows: Row[] = [];
    for (const { name, ...shape } of shapes) {
      context.tell(name);
      const settings = { ...shape, seconds: context.seconds };
      const contenders = [
        nodeContender("nacre", "language-train-nacre.ts", settings),
        ...(await torchContenders("language-train-torch.py", { ...settings, ways: ["eager", "compile"] }, context)),
      ];
      const rates = await compare(contenders, context);
      const goals = { "PyTorch eager": 1, "PyTorch compile": 1 };
      rows.push(...rowsAgainst({ name: `language-train, ${name}`, unit: "tokens/s", ours: "nacre", goals }, rates));
    }
    return rows;
  },
};

/** Tokens per second of a prompt and of what follows it, one text. */
export const languageGenerate: Benchmark = {
  name: "language-generate",
  about: "a prompt of 512 tokens and 128 tokens after it, Llama of 135 M parameters (SmolLM2), floats and 8 bits",
  rounds: 1,
  async run(context) {
    const rows: Row[] = [];
    for (const bits of [32, 8]) {
      const weights = bits === 32 ? "float32" : `int${bits}`;
      context.tell(`${weights}: tokens/s of the prompt, and after it`);
      const settings = { bits, time: 512, vocabulary: 49_152, seconds: context.seconds };
      // Compiling does not go with dynamic quantisation.
      const ways = bits === 32 ? ["eager", "compile"] : ["eager"];
      const contenders = [
        nodeContender("nacre", "language-generate-nacre.ts", settings),
        ...(await torchContenders("language-generate-torch.py", { ...settings, ways }, context)),
        ...(await fileContender(llama, settings, context)),
        ...(await fileContender(transformersJs, settings, context)),
      ];
      const rates = await compareEach(contenders, context);
      const goals = { "PyTorch eager": 1, "PyTorch compile": 1, "transformers.js": 1 };
      const decodingGoals = { ...goals, "llama.cpp": bits === 32 ? 1.2 : 1.5 };
      const label = { unit: "tokens/s", ours: "nacre" };
      rows.push(...rowsAgainst({ ...label, name: `language-generate, prefill, ${weights}`, goals }, rates(0)));
      const decode = { ...label, name: `language-generate, decode, ${weights}`, goals: decodingGoals };
      rows.push(...rowsAgainst(decode, rates(1)));
    }
    return rows;
  },
};

async function torchContenders(
  script: string,
  { ways, ...settings }: { readonly ways: readonly string[] },
  { tell }: BenchmarkContext,
): Promise<Contender[]> {
  const found: Contender[] = [];
  for (const way of ways) {
    const name = `PyTorch ${way}`;
    const threaded: Contender[] = [];
    for (const threads of threadCounts) {
      const options = { ...settings, way, threads, needs: "transformers, torch", install, tell };
      const torch = await pythonContender(name, script, options);
      if (!torch) return found;
      threaded.push(torch);
    }
    found.push(fastest(name, threaded));
  }
  return found;
}

/** A peer in Node that the user installed anywhere, and that reads the model from a file. */
interface FilePeer {
  readonly name: string;
  readonly variable: string;
  readonly install: string;
  readonly script: string;
  /** Python that writes the model: SCRIPT PATH BITS. */
  readonly writer: string;
  /** What the writer is given, and the file that is there once it is done; inside the folder of models. */
  readonly model: (bits: number) => { readonly path: string; readonly file: string };
}

const llama: FilePeer = {
  name: "llama.cpp",
  variable: "NACRE_BENCH_NODE_LLAMA",
  install:
    "npm install --prefix ~/llama node-llama-cpp@3.22.1 && ~/peers/bin/pip install gguf==0.19.0, then NACRE_BENCH_NODE_LLAMA=~/llama",
  script: "language-generate-llama.ts",
  writer: "language-gguf.py",
  model: (bits) => ({ path: `llama-135m-${bits}.gguf`, file: `llama-135m-${bits}.gguf` }),
};

const transformersJs: FilePeer = {
  name: "transformers.js",
  variable: "NACRE_BENCH_TRANSFORMERS_JS",
  install:
    "ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix ~/transformers-js @huggingface/transformers@4.3.1 && " +
    "~/peers/bin/pip install onnx==1.23.2 onnxruntime==1.32.0, then NACRE_BENCH_TRANSFORMERS_JS=~/transformers-js",
  script: "language-generate-transformers-js.ts",
  writer: "language-onnx.py",
  model: (bits) => ({ path: "llama-135m", file: `llama-135m/onnx/${bits === 32 ? "model" : "model_quantized"}.onnx` }),
};

/** Its model is written once and kept with the system's temporary files. */
async function fileContender(
  peer: FilePeer,
  settings: { readonly bits: number },
  { tell }: BenchmarkContext,
): Promise<Contender[]> {
  const absent = (reason: string): Contender[] => {
    tell(`${peer.name} is not measured: ${reason}. To compare: ${peer.install}`);
    return [];
  };
  if (!process.env[peer.variable]) return absent(`${peer.variable} is not set`);
  const files = join(tmpdir(), "nacre-bench");
  const { path, file } = peer.model(settings.bits);
  if (!existsSync(join(files, file))) {
    tell(`writing ${join(files, file)}`);
    mkdirSync(files, { recursive: true });
    const writer = fileURLToPath(new URL(`contenders/${peer.writer}`, import.meta.url));
    try {
      await promisify(execFile)(python, [writer, join(files, path), String(settings.bits)]);
    } catch (error) {
      return absent((error as Error).message.trim().split("\n").at(-1)!);
    }
  }
  const ways = threadCounts.map((threads) =>
    nodeContender(peer.name, peer.script, { ...settings, threads, model: join(files, path) }),
  );
  return [fastest(peer.name, ways)];
}
