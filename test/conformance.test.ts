import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ready } from "@nacre/tensor";
import { describe, expect, it } from "vitest";
import known from "../packages/tensor/conformance/known-differences.json" with { type: "json" };
import type { Outcome } from "../packages/tensor/conformance/run.ts";

const script = fileURLToPath(new URL("../packages/tensor/conformance/run.ts", import.meta.url));

async function conformance(backend: string): Promise<Outcome> {
  const parameters = ["--conditions=@nacre/source", "--import", "tsx", script, backend];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}

interface Known {
  readonly reason: string;
  readonly name?: string;
  readonly message?: string;
}

describe("TensorFlow.js's own specs", () => {
  it("pass on native, all that pass on cpu", async (context) => {
    if ((await ready().catch(() => undefined))?.chosen !== "native") context.skip("no C++ compiler here");
    const { passed, differences } = await conformance("native");
    expect(passed).toBeGreaterThan(4000);
    expect(differences).toEqual([]);
  });

  it("pass on wasm where they pass on cpu, but for what is known", async () => {
    const { passed, differences } = await conformance("wasm");
    expect(passed).toBeGreaterThan(4000);
    const isKnown = (difference: Outcome["differences"][number], { name, message }: Known): boolean =>
      name !== undefined ? new RegExp(name).test(difference.name) : new RegExp(message!).test(difference.message);
    const unknown = differences.filter((difference) => !known.some((each) => isKnown(difference, each)));
    expect(unknown).toEqual([]);
    // What has been repaired leaves the list.
    const obsolete = known.filter((each) => !differences.some((difference) => isKnown(difference, each)));
    expect(obsolete).toEqual([]);
  });
});
