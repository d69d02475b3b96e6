import { defineConfig } from "vite";

/** The page. While working on it: `npx vite` here, with the studio's server (`npm start`) on port 4321 behind it. */
export default defineConfig({
  resolve: { conditions: ["@nacre/source", "module", "browser", "default"] },
  build: { outDir: "dist/page", emptyOutDir: true, sourcemap: true, target: "es2022" },
  server: { proxy: { "/api": "http://127.0.0.1:4321", "/v1": "http://127.0.0.1:4321" } },
});
