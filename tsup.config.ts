import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

/** One build for every package: its entries are what its `exports` name under `@nacre/source`. */
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, { "@nacre/source": string } | string>;
  nacre?: { entries?: string[] };
};

const exported = Object.values(manifest.exports).flatMap((target) =>
  typeof target === "string" ? [] : [target["@nacre/source"]],
);

export default defineConfig({
  entry: [...exported, ...(manifest.nacre?.entries ?? [])],
  format: "esm",
  target: "node20",
  platform: "neutral",
  // Declarations are a task of their own, `declare`: they take most of the time, and only publishing needs them.
  dts: false,
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: true,
  external: [/^node:/],
  removeNodeProtocol: false,
});
