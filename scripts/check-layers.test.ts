import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importsOf, packageOf, readTable } from "./check-layers.ts";

describe("the layer check", () => {
  it("reads the table in ARCHITECTURE.md", () => {
    const table = readTable(readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8"));
    expect(table.get("random")).toEqual(new Set());
    expect(table.get("data")).toEqual(new Set(["random"]));
    expect(table.get("cli")).toBe("all");
    for (const part of ["models", "train", "evaluate"]) {
      for (const other of ["models", "train", "evaluate"]) {
        expect(part !== other && (table.get(part) as Set<string>).has(other)).toBe(false);
      }
    }
  });

  it("says when the table is gone", () => {
    expect(() => readTable("# Architecture")).toThrow("Expected a table");
  });

  it("finds static, type, dynamic and re-exported imports", () => {
    const source = `import { a } from "@nacre/tensor";
      import type { B } from "@nacre/data";
      export * from "@nacre/random";
      const later = await import("@nacre/train");
      // import "@nacre/not-this-one"`;
    expect(importsOf(source).map(packageOf)).toEqual(["tensor", "data", "random", "train"]);
    expect(packageOf("@nacre/evaluate/baselines")).toBe("evaluate");
    expect(packageOf("fastify")).toBeUndefined();
  });
});
