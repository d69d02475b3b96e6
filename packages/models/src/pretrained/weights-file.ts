import { openSafetensors, type SafetensorsFile, type TensorData, type TensorPlace } from "@nacre/tensor";
import { builtin } from "../builtin.ts";

/** The tensors of a folder, in one file or in several under an index. */
export interface WeightsFile {
  /** Without those that the file says are not the model's. */
  readonly tensors: ReadonlyMap<string, Pick<TensorPlace, "dtype" | "shape">>;
  read(name: string): Promise<TensorData>;
  close(): Promise<void>;
}

/**
 * Opens `model.safetensors`, or the files that `model.safetensors.index.json` lists. Only headers are read.
 *
 * @throws Error when there are neither, or when the index and its files disagree.
 */
export async function openWeights(folder: string): Promise<WeightsFile> {
  const { access } = builtin("node:fs/promises");
  const { join } = builtin("node:path");
  const whole = join(folder, "model.safetensors");
  const index = join(folder, "model.safetensors.index.json");
  const exists = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );
  if (await exists(whole)) {
    const file = await openSafetensors(whole);
    return { ...file, tensors: ofModel(file) };
  }
  if (await exists(index)) return openShards(folder, index);
  throw new Error(
    `Expected model.safetensors or model.safetensors.index.json in ${folder}. Received neither. Weights as pytorch_model.bin ` +
      'are turned into them by Python: `AutoModel.from_pretrained(folder).save_pretrained("new folder")`.',
  );
}

const extra = "extra_tensors";

/** Metadata of a file of weights; `names` are those of tensors in it that are not the model's. */
export function weightsMetadata(names: readonly string[]): Record<string, string> {
  return names.length === 0 ? { format: "pt" } : { format: "pt", [extra]: names.join("\n") };
}

/** The tensors of a file without those that are not the model's, as its metadata say. */
export function ofModel<T>(file: {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, T>;
}): ReadonlyMap<string, T> {
  const named = file.metadata[extra];
  if (named === undefined) return file.tensors;
  const others = new Set(named.split("\n"));
  return new Map([...file.tensors].filter(([name]) => !others.has(name)));
}

async function openShards(folder: string, index: string): Promise<WeightsFile> {
  const { readFile } = builtin("node:fs/promises");
  const { basename, join } = builtin("node:path");
  const { weight_map: places } = JSON.parse(await readFile(index, "utf8")) as { weight_map?: Record<string, string> };
  if (typeof places !== "object" || places === null) throw new Error(`Expected \`weight_map\` in ${index}.`);
  const files = new Map<string, SafetensorsFile>();
  const close = async () => void (await Promise.all([...files.values()].map((file) => file.close())));
  try {
    for (const name of new Set(Object.values(places))) {
      if (basename(name) !== name) throw new Error(`Expected names of files beside ${index}. Received "${name}".`);
      files.set(name, await openSafetensors(join(folder, name)));
    }
    const own = new Map([...files].map(([name, file]) => [name, ofModel(file)]));
    const tensors = new Map<string, TensorPlace>();
    for (const [tensor, name] of Object.entries(places)) {
      const place = files.get(name)!.tensors.get(tensor);
      if (!place) throw new Error(`Expected the tensor "${tensor}" in ${join(folder, name)}, where ${index} puts it.`);
      if (own.get(name)!.has(tensor)) tensors.set(tensor, place);
    }
    const read = (name: string) => files.get(places[name]!)!.read(name);
    return { tensors, read, close };
  } catch (error) {
    await close();
    throw error;
  }
}
