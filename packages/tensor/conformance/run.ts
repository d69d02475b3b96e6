// Runs TensorFlow.js's own specs (4,200 of them, part of its npm package) on a backend and compares with the cpu backend:
//   tsx --conditions=@nacre/source packages/tensor/conformance/run.ts wasm
// Prints JSON: { backend, passed, differences: [{ name, message }] }, where a difference is a spec that cpu passes.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

export interface Outcome {
  readonly backend: string;
  readonly passed: number;
  /** Specs that the cpu backend passes and this one does not. */
  readonly differences: readonly { readonly name: string; readonly message: string }[];
}

const native = fileURLToPath(new URL("../../native/src/index.ts", import.meta.url));

interface Results {
  readonly passed: readonly string[];
  readonly failed: Readonly<Record<string, string>>;
}

const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL(".", import.meta.url));

export async function conformance(backend: string): Promise<Outcome> {
  const cache = join(here, "../node_modules/.cache");
  await mkdir(cache, { recursive: true });
  // Inside of the package, so that what stays outside of the bundle is found.
  const folder = await mkdtemp(join(cache, "conformance-"));
  try {
    await bundle(folder);
    const expected = await specs(folder, "cpu");
    const received = await specs(folder, backend);
    const known = new Set(expected.passed);
    const differences = Object.entries(received.failed)
      .filter(([name]) => known.has(name))
      .map(([name, message]) => ({ name, message }));
    return { backend, passed: received.passed.length, differences };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: [join(here, "specs.ts")],
    outfile: join(folder, "specs.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    // One copy of tfjs-core: the specs' relative imports and the packages' own must meet.
    mainFields: ["module", "main"],
    conditions: ["@nacre/source"],
    // The package calls its specs free of side effects.
    ignoreAnnotations: true,
    external: ["webgpu", "@tensorflow/tfjs-backend-webgpu"],
    logLevel: "error",
    inject: [native],
    // Its program lies in its own folder, not beside the bundle.
    plugins: [
      {
        name: "native-folder",
        setup: ({ onLoad }) => {
          onLoad({ filter: /native[\\/]src[\\/]package-folder\.ts$/ }, ({ path }) => ({
            contents: `export const packageFolder = ${JSON.stringify(join(dirname(path), ".."))};`,
          }));
        },
      },
    ],
    banner: {
      js: [
        'import { createRequire as createRequire__ } from "node:module";',
        "const require = createRequire__(import.meta.url);",
        "const __filename = import.meta.filename ?? new URL(import.meta.url).pathname;",
        'const __dirname = __filename.replace(/\\/[^/]*$/, "");',
      ].join("\n"),
    },
  });
  const wasm = dirname(require.resolve("@tensorflow/tfjs-backend-wasm"));
  for (const name of await readdir(wasm)) {
    if (name.endsWith(".wasm")) await copyFile(join(wasm, name), join(folder, name));
  }
}

async function specs(folder: string, backend: string): Promise<Results> {
  const results = join(folder, `${backend}.json`);
  const env = { ...process.env, NACRE_CONFORMANCE_BACKEND: backend, NACRE_CONFORMANCE_RESULTS: results };
  await promisify(execFile)(process.execPath, [join(here, "jasmine.mjs"), join(folder, "specs.mjs")], {
    env,
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(await readFile(results, "utf8"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await conformance(process.argv[2] ?? "wasm"), null, 2));
}
