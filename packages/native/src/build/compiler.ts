import { spawnSync } from "node:child_process";

export type Compiler = { found: true; command: string } | { found: false; reason: string };

/** The compiler that CXX names, else the first of the usual ones that knows C++20 and vectors. */
export function findCompiler(): Compiler {
  const named = process.env.CXX;
  const candidates = named ? [named] : process.platform === "win32" ? ["clang++"] : ["c++", "g++", "clang++"];
  for (const command of candidates) {
    // Prints the macros that it defines: the version, and whether it is one of the two families that have vectors.
    const { status, stdout } = spawnSync(command, ["-std=c++20", "-dM", "-E", "-x", "c++", "-"], {
      input: "",
      encoding: "utf8",
    });
    if (status === 0 && isFit(stdout)) return { found: true, command };
    if (status === 0 && named)
      return { found: false, reason: `CXX names ${named}, which is older than g++ 12 or clang++ 14` };
  }
  return {
    found: false,
    reason: named
      ? `CXX names ${named}, which does not run here`
      : `no C++ compiler was found (${candidates.join(", ")}); ${advice()}`,
  };
}

function isFit(macros: string): boolean {
  const version = (name: string): number => Number(new RegExp(`#define ${name} (\\d+)`).exec(macros)?.[1] ?? 0);
  return macros.includes("__clang__ ") ? version("__clang_major__") >= 14 : version("__GNUC__") >= 12;
}

function advice(): string {
  if (process.platform === "darwin") return "xcode-select --install installs one";
  if (process.platform === "win32") return "winget install LLVM.LLVM installs one";
  return "the package g++ or clang brings one";
}
