import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Benchmark, type BenchmarkContext, type Contender, compare, type Row, rowsAgainst } from "../benchmark.ts";
import { nodeContender, pythonContender } from "../processes.ts";
import { groups, type NativeCase } from "./cases.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const modules: Readonly<Record<string, string>> = { OpenBLAS: "numpy", onnxruntime: "torch, onnxruntime, onnx" };
const install =
  "python3 -m venv ~/peers && ~/peers/bin/pip install torch==2.13.0 numpy onnxruntime onnx, then NACRE_BENCH_PYTHON=~/peers/bin/python";

async function contenders(
  each: NativeCase,
  threads: number | undefined,
  { seconds, tell }: BenchmarkContext,
): Promise<Contender[]> {
  const { kind, name, unit, sizes, variant } = each;
  const settings = { kind, name, unit, sizes, variant, seconds, threads };
  const result = [nodeContender("nacre", `${folder}nacre.ts`, { ...settings, contender: "nacre" })];
  for (const peer of each.peers) {
    if (peer.startsWith("tfjs") || peer === "copy" || peer === "read") {
      result.push(nodeContender(peer, `${folder}nacre.ts`, { ...settings, contender: peer }));
      continue;
    }
    const needs = modules[peer] ?? "torch";
    const options = { ...settings, contender: peer, needs, install, tell };
    const found = await pythonContender(peer, `${folder}torch_cases.py`, options);
    if (found !== undefined) result.push(found);
  }
  return result;
}

/** One benchmark per group of cases. */
export const nativeBenchmarks: readonly Benchmark[] = Object.entries(groups).map(([group, { about, cases }]) => ({
  name: `native-${group}`,
  about,
  async run(context) {
    const rows: Row[] = [];
    for (const each of cases) {
      for (const threads of each.threads ?? [undefined]) {
        if (threads !== undefined && threads > availableParallelism()) continue;
        const name = `${each.name}${threads === undefined ? "" : `, ${threads} ${threads === 1 ? "thread" : "threads"}`}`;
        context.tell(name);
        const rates = await compare(await contenders(each, threads, context), context);
        rows.push(...rowsAgainst({ name, unit: each.unit, ours: "nacre", goals: each.goals }, rates));
      }
    }
    return rows;
  },
}));
