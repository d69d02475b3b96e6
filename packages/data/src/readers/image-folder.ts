import { builtin } from "../builtin.ts";
import { type Dataset, from } from "../dataset.ts";
import type { LabelledImage } from "../digits/labelled-image.ts";
import { decodeImage } from "./decode-image.ts";

export interface ImageFolder {
  /** The names of the folders, sorted: label n is `classes[n]`. */
  readonly classes: readonly string[];
  /** By class, then file name. The key is the path below the folder. Decoded when read. */
  readonly images: Dataset<LabelledImage>;
}

/**
 * Pictures in one folder per class. Node only.
 *
 * @throws Error when there is no such folder, or fewer than two classes with pictures in it; later, when a picture that is
 *   read is damaged.
 */
export async function readImageFolder(folder: string): Promise<ImageFolder> {
  const { readdir, readFile } = builtin("node:fs/promises");
  const { join } = builtin("node:path");
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) => {
    throw new Error(`Expected a folder with one folder per class at ${folder}. ${error.message}`, { cause: error });
  });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  const classes: string[] = [];
  const files: { readonly path: string; readonly label: number; readonly key: string }[] = [];
  for (const name of names.sort()) {
    const pictures = (await readdir(join(folder, name))).filter((file) => /\.(png|jpe?g)$/i.test(file)).sort();
    if (pictures.length === 0) continue;
    const label = classes.push(name) - 1;
    for (const file of pictures) files.push({ path: join(folder, name, file), label, key: `${name}/${file}` });
  }
  if (classes.length < 2) {
    throw new Error(
      `Expected two or more folders with PNG or JPEG files in ${folder}, one per class. ` +
        `Received ${classes.length === 0 ? "none" : `only ${classes[0]}`}.`,
    );
  }
  const read = async (index: number): Promise<LabelledImage> => {
    const { path, label, key } = files[index]!;
    return { image: await decodeImage(await readFile(path), { name: path }), label, key };
  };
  return { classes, images: from({ length: files.length, get: read }) };
}
