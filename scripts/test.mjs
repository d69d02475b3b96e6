// npm test: install, then every check, in the order of what fails fastest. Exits non-zero if any of them did.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap, run } from "./bootstrap.mjs";

/** In order. `reports`: the command runs vitest and leaves a JSON report. */
const checks = [
  { name: "lint", about: "formatting and lint rules (biome)", command: ["biome", "check", "."] },
  { name: "layers", about: "imports against ARCHITECTURE.md's table", command: ["tsx", "scripts/check-layers.ts"] },
  { name: "types", about: "TypeScript, whole workspace", command: ["tsc", "--noEmit"] },
  { name: "unused", about: "unused files, exports and dependencies (knip)", command: ["knip"] },
  { name: "unit", about: "tests beside the code", command: ["turbo", "run", "test", "--continue", "--concurrency=2"] },
  {
    name: "build",
    about: "every package and the studio",
    command: ["turbo", "run", "build", "declare", "--output-logs=errors-only"],
  },
  { name: "packages", about: "packed, installed alone, README run", command: ["tsx", "scripts/check-packages.ts"] },
  {
    name: "integration",
    about: "whole runs, kills and resumes",
    command: ["vitest", "run", "--project", "integration"],
  },
  { name: "browser", about: "the studio in Chromium", command: ["vitest", "run", "--project", "browser"] },
];

const help = `npm test [-- OPTIONS]

Installs everything and runs every check. Nothing needs the network once installed.

  --only A,B   some of the checks, in their order
  --help       this text

${checks.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join("\n")}`;

const { values } = parseArgs({ options: { only: { type: "string" }, help: { type: "boolean", default: false } } });
if (values.help) {
  console.log(help);
  process.exit(0);
}
const wanted = values.only?.split(",") ?? checks.map(({ name }) => name);
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(", ")}.\n\n${help}`);
  process.exit(2);
}

const env = bootstrap();
const reports = mkdtempSync(join(tmpdir(), "nacre-test-"));
process.on("exit", () => rmSync(reports, { recursive: true, force: true }));

const results = [];
for (const { name, command } of checks.filter((check) => wanted.includes(check.name))) {
  console.log(`\n── ${name} ${"─".repeat(Math.max(0, 70 - name.length))}`);
  const started = Date.now();
  const [program, ...parameters] = command;
  const { code, signal } = await run(program, parameters, { env: { ...env, NACRE_TEST_REPORTS: reports } });
  if (signal === "SIGINT" || signal === "SIGTERM" || code === 130) process.exit(130);
  results.push({ name, code, seconds: (Date.now() - started) / 1000 });
}

console.log(`\n${"─".repeat(74)}`);
for (const { name, code, seconds } of results) {
  console.log(`${code === 0 ? "ok  " : "FAIL"}  ${name.padEnd(14)} ${seconds.toFixed(1)} s`);
}
const { passed, failed, skipped, failures } = readReports();
for (const failure of failures) console.log(failure);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(results.every(({ code }) => code === 0) ? 0 : 1);

/** Sums vitest's JSON reports and names what failed, so that the last lines of a log tell why. */
function readReports() {
  const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const file of readdirSync(reports)) {
    const report = JSON.parse(readFileSync(join(reports, file), "utf8"));
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests;
    total.skipped += report.numPendingTests + report.numTodoTests;
    for (const { name, status, message, assertionResults } of report.testResults) {
      const failed = assertionResults.filter((test) => test.status === "failed");
      const path = relative(process.cwd(), name);
      for (const test of failed) total.failures.push(describe(`${path} > ${test.fullName}`, test.failureMessages[0]));
      if (status === "failed" && failed.length === 0) total.failures.push(describe(path, message));
    }
  }
  return total;
}

/** @param {string} where @param {string | undefined} message */
function describe(where, message = "") {
  return [
    `FAIL  ${where}`,
    ...message
      .split("\n")
      .slice(0, 6)
      .map((line) => `        ${line.slice(0, 200)}`),
  ].join("\n");
}
