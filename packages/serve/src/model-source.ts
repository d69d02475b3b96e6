// What a pool serves, and the only code here that opens bundles. bundle-loader.ts is its other half, in the workers.
import type { Bundle } from "@nacre/lineage";

/** Where a model comes from. */
export type ModelSource =
  /** A bundle folder. */
  | { readonly folder: string }
  /** An opened bundle. */
  | { readonly bundle: Bundle }
  /** A module of your own. */
  | {
      /** URL of a module that exports `load(spec): Promise<Predictor>`; each worker imports it. */
      readonly loader: string | URL;
      /** Handed to `load`: anything that structured cloning takes. Memory in a SharedArrayBuffer is shared, not copied. */
      readonly spec?: unknown;
      readonly about?: ModelAbout;
    };

/** What is known of a model without loading it. */
export interface ModelAbout {
  readonly name: string;
  readonly task: string;
  readonly description?: string;
  /** ISO 8601. */
  readonly created?: string;
  readonly metrics?: readonly {
    readonly name: string;
    readonly value: number;
    readonly low?: number | undefined;
    readonly high?: number | undefined;
  }[];
}

/** What a worker loads a model from. */
export interface ModelSpec {
  readonly loader: string;
  readonly spec: unknown;
  readonly about: ModelAbout;
}

/**
 * Reads and verifies a bundle once, for all workers: its weights lie in one SharedArrayBuffer. The first worker that loads
 * them brings their matrices into the order in which products read them; they are the workers' alone.
 *
 * @throws Error when the bundle is damaged or not there.
 */
export async function openSource(id: string, source: ModelSource): Promise<ModelSpec> {
  if ("loader" in source) {
    return { loader: String(source.loader), spec: source.spec, about: source.about ?? { name: id, task: "custom" } };
  }
  const bundle = "bundle" in source ? source.bundle : await openFolder(source.folder);
  const { manifest, config, preprocessor, tokenizer } = bundle;
  const { name, task, description, created, metrics } = manifest;
  return {
    loader: bundleLoader.href,
    spec: {
      manifest: { name, task },
      config,
      preprocessor,
      tokenizer,
      weights: await bundle.weights(),
      order: new Int32Array(new SharedArrayBuffer(4)),
    },
    about: { name, task, created, metrics, ...(description === undefined ? {} : { description }) },
  };
}

const bundleLoader = import.meta.url.endsWith(".ts")
  ? new URL("./bundle-loader.ts", import.meta.url)
  : new URL("./bundle-loader.js", import.meta.url);

/** Loaded when needed: whoever serves modules of their own never pays for TensorFlow.js on the HTTP thread. */
async function openFolder(folder: string): Promise<Bundle> {
  const { openBundle } = await import("@nacre/lineage");
  return openBundle(folder);
}
