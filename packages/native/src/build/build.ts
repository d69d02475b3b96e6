import { parseArgs } from "node:util";
import { build } from "./compile.ts";
import { findCompiler } from "./compiler.ts";
import { instructionSets } from "./instruction-sets.ts";

const help = `nacre-native [OPTIONS]

Compiles the kernels of @nacre/native with this machine's C++ compiler (g++ 12 or clang++ 14, or newer; CXX names another).
Without a prebuilt package for a platform, run it once after the installation.

  --sets host|all    instruction sets: this processor's, or every one of its family    (default: host)
  --out FILE         where the program goes                   (default: build/nacre-native.node in this package)
  --sanitize KIND    address or thread: for tests, with a slow program
  --optional         end well where there is no compiler: the wasm backend will compute
  --force            compile although nothing changed
  --help             this text`;

/** @returns the exit code. */
export async function buildCommand(parameters: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      sets: { type: "string", default: "host" },
      out: { type: "string" },
      sanitize: { type: "string" },
      optional: { type: "boolean", default: false },
      force: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const { sets, sanitize } = values;
  if (sets !== "host" && sets !== "all") {
    console.error(`Expected --sets host or --sets all. Received ${sets}.`);
    return 2;
  }
  if (sanitize !== undefined && sanitize !== "address" && sanitize !== "thread") {
    console.error(`Expected --sanitize address or --sanitize thread. Received ${sanitize}.`);
    return 2;
  }
  const compiler = findCompiler();
  if (!compiler.found) {
    console.error(`@nacre/native is not compiled: ${compiler.reason}. The wasm backend computes instead.`);
    return values.optional ? 0 : 1;
  }
  const chosen = instructionSets(sets);
  if (chosen.length === 0) {
    console.error(
      `@nacre/native is not compiled: there are no kernels for ${process.arch}. The wasm backend computes.`,
    );
    return values.optional ? 0 : 1;
  }
  try {
    await build({ compiler: compiler.command, sets: chosen, out: values.out, sanitize, force: values.force });
    return 0;
  } catch (error) {
    console.error(`@nacre/native was not compiled: ${(error as Error).message}`);
    if (values.optional) console.error("The wasm backend computes instead.");
    return values.optional ? 0 : 1;
  }
}
