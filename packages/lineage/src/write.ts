import { open } from "node:fs/promises";
import { join } from "node:path";
import { writeSafetensors } from "@nacre/tensor";
import type { BundleContents } from "./bundle.ts";
import { digestFile } from "./digest.ts";
import { filesIn } from "./files-in.ts";
import { bundleFiles, Manifest } from "./manifest.ts";

/**
 * Writes the files of a bundle into an empty folder, the manifest last, each flushed to the disk.
 *
 * @throws Error when the manifest is not valid, or the configuration is not JSON.
 */
export async function writeFiles(folder: string, contents: BundleContents): Promise<void> {
  const { config, preprocessor, tensors, card, manifest, write } = contents;
  await write?.(folder);
  if (config !== undefined) await writeText(folder, bundleFiles.config, toJson(config));
  if (preprocessor !== undefined) await writeText(folder, bundleFiles.preprocessor, toJson(preprocessor));
  await writeText(folder, bundleFiles.card, card);
  // Python's transformers asks for this entry.
  if (tensors !== undefined) await writeSafetensors(join(folder, bundleFiles.weights), tensors, { format: "pt" });
  const names = await filesIn(folder);
  for (const name of [bundleFiles.config, bundleFiles.weights]) {
    if (!names.includes(name)) throw new Error(`writeBundle: expected ${name}. There is neither content nor a file.`);
  }
  const files = await Promise.all(names.map(async (name) => [name, await digestFile(join(folder, name))] as const));
  const result = Manifest.safeParse({ ...manifest, files: Object.fromEntries(files) });
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `  ${path.join(".")}: ${message}`);
    throw new Error(`writeBundle: expected a valid manifest. These fields differ:\n${problems.join("\n")}`);
  }
  await writeText(folder, bundleFiles.manifest, toJson(result.data));
}

function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function writeText(folder: string, name: string, text: string): Promise<void> {
  const file = await open(join(folder, name), "wx");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
