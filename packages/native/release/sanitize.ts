// Compiles the kernels with sanitizers and runs this package's tests on them:
//   pnpm --filter @nacre/native sanitize            AddressSanitizer and UndefinedBehaviorSanitizer
//   pnpm --filter @nacre/native sanitize thread     ThreadSanitizer
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build } from "../src/build/compile.ts";
import { findCompiler } from "../src/build/compiler.ts";
import { instructionSets } from "../src/build/instruction-sets.ts";
import { packageFolder } from "../src/package-folder.ts";

const kind = process.argv[2] === "thread" ? "thread" : "address";
const compiler = findCompiler();
if (!compiler.found) throw new Error(compiler.reason);
const out = join(packageFolder, "build", `nacre-native-${kind}.node`);
await build({ compiler: compiler.command, sets: instructionSets("host"), out, sanitize: kind });

const library = kind === "address" ? "libasan.so" : "libtsan.so";
const preload = spawnSync(compiler.command, [`-print-file-name=${library}`], { encoding: "utf8" }).stdout.trim();
const tests = process.argv.slice(3);
const { status } = spawnSync(
  process.execPath,
  [
    join(packageFolder, "../../node_modules/vitest/vitest.mjs"),
    ...["run", "--root", join(packageFolder, "../.."), "--project", "unit", "--pool", "forks"],
    ...(tests.length > 0 ? tests : ["packages/native/", "packages/tensor/src/fused/"]),
  ],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      NACRE_NATIVE_PROGRAM: out,
      LD_PRELOAD: preload,
      // Node itself is not clean: its leaks and its threads are not ours.
      ASAN_OPTIONS: "detect_leaks=0:detect_odr_violation=0",
      TSAN_OPTIONS: "report_bugs=1:halt_on_error=0:ignore_noninstrumented_modules=1",
    },
  },
);
process.exit(status ?? 1);
