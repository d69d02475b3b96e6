import { join } from "node:path";
import { defineConfig } from "vitest/config";

const resolve = { conditions: ["@nacre/source", "module", "node", "default"] };
const ssr = { resolve: { conditions: ["@nacre/source", "module", "node", "default"] } };

const reports = process.env.NACRE_TEST_REPORTS;
const reporters = reports
  ? ["default", ["json", { outputFile: join(reports, `${process.pid}-${Date.now()}.json`) }] as [string, object]]
  : ["default"];

/** unit: beside the code, seconds. integration: whole runs. browser: Chromium on the built studio. */
export default defineConfig({
  test: {
    reporters,
    passWithNoTests: true,
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "apps/*/{src,server}/**/*.test.ts", "scripts/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "integration",
          include: ["test/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "browser",
          include: ["apps/*/test/**/*.browser.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
