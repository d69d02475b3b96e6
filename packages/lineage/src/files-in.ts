import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The names of all files in a folder and the folders in it, sorted: "config.json", "1_Pooling/config.json". */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = await Promise.all(
    entries.map(async (entry) => {
      if (!entry.isDirectory()) return [entry.name];
      return (await filesIn(join(folder, entry.name))).map((name) => `${entry.name}/${name}`);
    }),
  );
  return names.flat().sort();
}
