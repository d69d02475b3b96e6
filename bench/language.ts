import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Benchmark, type BenchmarkContext, type Contender, compare, type Row, rowsAgainst } from "./benchmark.ts";
import { nodeContender, pythonContender } from "./processes.ts";

const install =
  "python3 -m venv ~/peers && ~/peers/bin/pip install torch==2.13.0 transformers==5.24.0, then NACRE_BENCH_PYTHON=~/peers/bin/python";
const llamaInstall =
  "npm install --prefix ~/llama node-llama-cpp@3.22.1 && ~/peers/bin/pip install gguf==0.19.0, then NACRE_BENCH_NODE_LLAMA=~/llama";

const shapes = [
  { name: "GPT 4×128, block 64", shape: "gpt", layers: 4, width: 128, heads: 4, time: 64, batch: 12, vocabulary: 65 },
  { name: "GPT 6×384, block 256", shape: "gpt", layers: 6, width: 384, heads: 6, time: 256, batch: 8, vocabulary: 65 },
  { name: "BERT-base, 128 tokens", shape: "bert", time: 128, batch: 8, vocabulary: 30_522 },
] as const;

/** Tokens per second of training, beside transformers' models on PyTorch. */
export const languageTrain: Benchmark = {
  name: "language-train",
  about: "training tokens/s of two GPTs and of BERT-base with a classifier, AdamW",
  async run(context) {
    const rows: Row[] = [];
    for (const { name, ...shape } of shapes) {
      context.tell(name);
      const settings = { ...shape, seconds: context.seconds };
      const contenders = [nodeContender("nacre", "language-train-nacre.ts", settings)];
      for (const way of ["eager", "compile"]) {
        const options = { ...settings, way, needs: "transformers, torch", install, tell: context.tell };
        const torch = await pythonContender(`PyTorch ${way}`, "language-train-torch.py", options);
        if (torch) contenders.push(torch);
      }
      const rates = await compare(contenders, context);
      const goals = { "PyTorch eager": 1, "PyTorch compile": 1 };
      rows.push(...rowsAgainst({ name: `language-train, ${name}`, unit: "tokens/s", ours: "nacre", goals }, rates));
    }
    return rows;
  },
};

const phases = [
  { phase: "prefill", bits: 32 },
  { phase: "decode", bits: 32 },
  { phase: "prefill", bits: 8 },
  { phase: "decode", bits: 8 },
] as const;

/** Tokens per second of a prompt and of what follows it, one text. */
export const languageGenerate: Benchmark = {
  name: "language-generate",
  about: "a prompt of 512 tokens and 128 tokens after it, Llama of 135 M parameters (SmolLM2), floats and 8 bits",
  async run(context) {
    const rows: Row[] = [];
    for (const { phase, bits } of phases) {
      const name = `${phase}, ${bits === 32 ? "float32" : `int${bits}`}`;
      context.tell(name);
      const settings = { phase, bits, time: 512, vocabulary: 49_152, seconds: context.seconds };
      const contenders = [
        nodeContender("nacre", "language-generate-nacre.ts", settings),
        ...(await torchContenders(settings, context)),
        ...(await llamaContender(settings, context)),
      ];
      const goals =
        phase === "prefill"
          ? { "PyTorch eager": 1, "PyTorch compile": 1 }
          : { "PyTorch eager": 1, "PyTorch compile": 1, "llama.cpp": bits === 32 ? 1.2 : 1.5 };
      const label = { name: `language-generate, ${name}`, unit: "tokens/s", ours: "nacre", goals };
      rows.push(...rowsAgainst(label, await compare(contenders, context)));
    }
    return rows;
  },
};

interface GenerateSettings {
  readonly phase: string;
  readonly bits: number;
}

async function torchContenders(settings: GenerateSettings, { tell }: BenchmarkContext): Promise<Contender[]> {
  // Compiling changes nothing for a prompt that is taken at once, and does not go with dynamic quantisation.
  const ways = settings.phase === "decode" && settings.bits === 32 ? ["eager", "compile"] : ["eager"];
  const found: Contender[] = [];
  for (const way of ways) {
    const options = { ...settings, way, needs: "transformers, torch", install, tell };
    const torch = await pythonContender(`PyTorch ${way}`, "language-generate-torch.py", options);
    if (torch) found.push(torch);
  }
  return found;
}

/** Its model file is made once and kept with the system's temporary files. */
async function llamaContender(settings: GenerateSettings, { tell }: BenchmarkContext): Promise<Contender[]> {
  const folder = process.env.NACRE_BENCH_NODE_LLAMA;
  if (!folder) {
    tell(`llama.cpp is not measured: NACRE_BENCH_NODE_LLAMA is not set. To compare: ${llamaInstall}`);
    return [];
  }
  const files = join(tmpdir(), "nacre-bench");
  const file = join(files, `llama-135m-${settings.bits}.gguf`);
  if (!existsSync(file)) {
    mkdirSync(files, { recursive: true });
    const script = fileURLToPath(new URL("contenders/language-gguf.py", import.meta.url));
    const python = process.env.NACRE_BENCH_PYTHON ?? "python3";
    try {
      await promisify(execFile)(python, [script, file, String(settings.bits)]);
    } catch (error) {
      tell(
        `llama.cpp is not measured: ${(error as Error).message.trim().split("\n").at(-1)}. To compare: ${llamaInstall}`,
      );
      return [];
    }
  }
  return [nodeContender("llama.cpp", "language-generate-llama.ts", { ...settings, file })];
}
