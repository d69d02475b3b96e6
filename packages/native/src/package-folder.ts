import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where this package lies, from its sources as from its build: the nearest folder above that has kernels. */
export const packageFolder: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "kernels", "addon.cc")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
})();
