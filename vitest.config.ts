import { join } from "node:path";
import { defineConfig } from "vitest/config";

const conditions = ["@nacre/source", "module", "node", "default"];
const propertyTests = join(import.meta.dirname, "scripts/property-tests.ts");
const reports = process.env.NACRE_TEST_REPORTS;

/** unit: beside the code, seconds. integration: whole runs. browser: Chromium on the packages and the built studio. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  plugins: [
    {
      name: "seeded property tests",
      enforce: "pre",
      resolveId: (id, importer) => (id === "fast-check" && importer !== propertyTests ? propertyTests : undefined),
    },
  ],
  test: {
    passWithNoTests: true,
    reporters: reports
      ? ["default", ["json", { outputFile: join(reports, `${process.pid}-${Date.now()}.json`) }]]
      : ["default"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "apps/*/{src,server}/**/*.test.ts", "scripts/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.browser.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["{apps/*/test,test}/**/*.browser.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
