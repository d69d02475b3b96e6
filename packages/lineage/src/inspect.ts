import { join, resolve } from "node:path";
import { type Dtype, openSafetensors } from "@nacre/tensor";
import { checkFile, readManifest } from "./bundle.ts";
import { filesIn } from "./files-in.ts";
import { bundleFiles, type Manifest, parseManifest } from "./manifest.ts";

export interface InspectedFile {
  name: string;
  /** As the manifest says; undefined for files it does not list. */
  bytes?: number;
  sha256?: string;
  status: "intact" | "damaged" | "unlisted";
  /** What is wrong with a damaged file. */
  problem?: string;
}

export interface InspectedTensor {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
}

/** What a bundle is made of. As JSON it is all but `text`. */
export class BundleInspection {
  readonly folder: string;
  readonly manifest: Omit<Manifest, "files">;
  readonly files: readonly InspectedFile[];
  readonly tensors: readonly InspectedTensor[];
  /** Numbers in all tensors together. */
  readonly parameters: number;
  /** Whether every listed file is what the manifest says. */
  readonly intact: boolean;

  constructor(folder: string, parts: { manifest: Manifest; files: InspectedFile[]; tensors: InspectedTensor[] }) {
    const { files: _listed, ...manifest } = parts.manifest;
    this.folder = folder;
    this.manifest = manifest;
    this.files = parts.files;
    this.tensors = parts.tensors;
    this.parameters = parts.tensors.reduce((sum, { shape }) => sum + product(shape), 0);
    this.intact = parts.files.every(({ status }) => status !== "damaged");
  }

  /** For people. */
  get text(): string {
    const { name, task, created, seed, steps, data, metrics } = this.manifest;
    return [
      `${name} (${task})`,
      `  made ${created} with seed ${seed} and ${steps} updates`,
      ...data.map(
        (source) => `  data ${source.name}: ${source.records} records, ${source.licence ?? "licence not stated"}`,
      ),
      ...metrics.map(({ name: metric, value, low, high }) => {
        const interval = low === undefined || high === undefined ? "" : ` (${low.toFixed(4)} – ${high.toFixed(4)})`;
        return `  ${metric} ${value.toFixed(4)}${interval}`;
      }),
      "",
      ...table(
        this.files.map((file) => [file.name, file.bytes === undefined ? "" : `${file.bytes} bytes`, state(file)]),
      ),
      "",
      `${this.parameters} parameters in ${this.tensors.length} tensors`,
      ...table(this.tensors.map(({ name: tensor, dtype, shape }) => [tensor, dtype, `[${shape.join(", ")}]`])),
      "",
      this.intact ? "Every file is what the manifest says." : "DAMAGED: do not use this bundle.",
    ].join("\n");
  }
}

/**
 * Looks into a bundle and checks each file. Unlike `openBundle` it describes a damaged bundle instead of refusing it.
 *
 * @throws Error when there is no manifest, or none that can be read.
 */
export async function inspectBundle(folder: string): Promise<BundleInspection> {
  const path = resolve(folder);
  const manifest = parseManifest(await readManifest(path), join(path, bundleFiles.manifest));
  const files = await Promise.all(
    Object.entries(manifest.files).map(async ([name, expected]): Promise<InspectedFile> => {
      const problem = await checkFile(path, name, expected);
      return { name, ...expected, ...(problem === undefined ? { status: "intact" } : { status: "damaged", problem }) };
    }),
  );
  const known = new Set([bundleFiles.manifest, ...Object.keys(manifest.files)]);
  for (const name of await filesIn(path)) if (!known.has(name)) files.push({ name, status: "unlisted" });
  return new BundleInspection(path, { manifest, files, tensors: await readTensors(join(path, bundleFiles.weights)) });
}

/** The tensors of a safetensors file; none when it cannot be read, which its status says. */
async function readTensors(path: string): Promise<InspectedTensor[]> {
  try {
    const file = await openSafetensors(path);
    await file.close();
    return [...file.tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  } catch {
    return [];
  }
}

function state({ status, problem }: InspectedFile): string {
  return problem === undefined ? status : `DAMAGED (${problem})`;
}

function table(rows: string[][]): string[] {
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  return rows.map(([first = "", second = "", third = ""]) =>
    `  ${first.padEnd(widths[0]!)}  ${second.padStart(widths[1]!)}  ${third}`.trimEnd(),
  );
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
