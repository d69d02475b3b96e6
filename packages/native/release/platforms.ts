// Makes the platform packages from what the machines of the release workflow compiled:
//   tsx packages/native/release/platforms.ts FOLDER
// FOLDER holds linux-x64-gnu/nacre-native.node and so on. Writes a package.json beside each, and names them in this package's
// optionalDependencies, so that npm installs the one that fits and no other.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageFolder } from "../src/package-folder.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("Expected the folder with the programs of every platform. Received nothing.");
const manifestFile = join(packageFolder, "package.json");
const manifest = JSON.parse(await readFile(manifestFile, "utf8"));
const optionalDependencies: Record<string, string> = {};
for (const platform of (await readdir(folder)).sort()) {
  const [os, cpu, libc] = platform.split("-");
  const name = `@nacre/native-${platform}`;
  const description = {
    name,
    version: manifest.version,
    description: `The kernels of @nacre/native for ${platform}`,
    license: manifest.license,
    repository: manifest.repository,
    main: "nacre-native.node",
    files: ["nacre-native.node"],
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc === "gnu" ? "glibc" : libc] }),
    publishConfig: manifest.publishConfig,
  };
  await writeFile(join(folder, platform, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
  optionalDependencies[name] = manifest.version;
  console.log(name);
}
await writeFile(manifestFile, `${JSON.stringify({ ...manifest, optionalDependencies }, null, 2)}\n`);
