import { defineConfig } from "tsup";

/** The server; the page is Vite's. */
export default defineConfig({
  entry: { "server/main": "server/main.ts" },
  outDir: "dist",
  format: "esm",
  target: "node20",
  platform: "node",
  sourcemap: true,
  removeNodeProtocol: false,
});
