import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Benchmark, Row } from "./benchmark.ts";
import { dataPipeline } from "./data.ts";
import { languageGenerate, languageTrain } from "./language.ts";
import { nativeBenchmarks } from "./native/index.ts";
import { serveHttp } from "./serve.ts";
import { tokenize } from "./tokenize.ts";
import { trainCnn, trainMlp } from "./train.ts";

const benchmarks: readonly Benchmark[] = [
  trainMlp,
  trainCnn,
  dataPipeline,
  tokenize,
  languageTrain,
  languageGenerate,
  serveHttp,
  ...nativeBenchmarks,
];

const help = `npm run bench -- [NAME …] [OPTIONS]

Measures beside peers: contenders take turns in one run, medians count, a ratio above 1 means we are ahead.

${benchmarks.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join("\n")}

  --rounds N     turns of every contender           (default: 3; 1 of language-…)
  --seconds N    measured per contender and turn    (default: 4; 12 of language-train)
  --json         rows {name, unit, ours, peer, peerName, ratio, goal}
  --help         this text`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    seconds: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no benchmark ${unknown.join(", ")}.\n`);
  console.log(help);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const tell = (line: string) => process.stderr.write(`  ${line}\n`);
const rows: Row[] = [];
for (const benchmark of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue;
  process.stderr.write(`${benchmark.name}: ${benchmark.about}\n`);
  rows.push(
    ...(await benchmark.run({
      tell,
      rounds: Number(values.rounds ?? benchmark.rounds ?? 3),
      seconds: Number(values.seconds ?? benchmark.seconds ?? 4),
    })),
  );
}

const command = `npm run bench -- ${process.argv.slice(2).join(" ")}`.trim();
const machine = `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} threads, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
const results = fileURLToPath(new URL("results/", import.meta.url));
mkdirSync(results, { recursive: true });
writeFileSync(`${results}latest.json.tmp`, JSON.stringify({ command, machine, rows }, null, 2));
renameSync(`${results}latest.json.tmp`, `${results}latest.json`);
console.log(values.json ? JSON.stringify(rows, null, 2) : table(rows));

function table(all: readonly Row[]): string {
  const line = ({ name, unit, ours, peer, peerName, ratio, goal }: Row): string =>
    `| ${name} | ${unit} | ${figure(ours)} | ${figure(peer)} | ${peerName} | ${ratio.toFixed(2)} | ${goal ?? "–"} |`;
  return `${command}\n${machine}\n\n| benchmark | unit | nacre | peer | peer is | ratio | goal |\n|---|---|---:|---:|---|---:|---:|\n${all.map(line).join("\n")}`;
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
