import { readFileSync } from "node:fs";

export interface InstructionSet {
  /** Namespace of its build. */
  readonly name: string;
  readonly flags: readonly string[];
  /** Names under `flags` in /proc/cpuinfo that the processor must have. */
  readonly needs: readonly string[];
}

/** Best first. The levels of x86-64 are those of its psABI. */
const families: Readonly<Record<string, readonly InstructionSet[]>> = {
  x64: [
    {
      name: "x86_64_v4",
      flags: ["-march=x86-64-v4", "-mprefer-vector-width=512"],
      needs: ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "fma"],
    },
    { name: "x86_64_v3", flags: ["-march=x86-64-v3"], needs: ["avx2", "fma", "bmi1", "bmi2"] },
    { name: "x86_64_v2", flags: ["-march=x86-64-v2"], needs: ["sse4_2", "popcnt"] },
  ],
  arm64: [{ name: "armv8", flags: [], needs: [] }],
};

/** Those to compile: every one of the family, or the best that this processor runs. */
export function instructionSets(which: "host" | "all", arch: string = process.arch): readonly InstructionSet[] {
  const family = families[arch] ?? [];
  if (which === "all") return family;
  const features = processorFeatures();
  const best = features && family.find(({ needs }) => needs.every((feature) => features.has(feature)));
  return best ? [best] : family;
}

function processorFeatures(): ReadonlySet<string> | undefined {
  try {
    const line = /^flags\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
    return line === undefined ? undefined : new Set(line.split(" "));
  } catch {
    return undefined;
  }
}
