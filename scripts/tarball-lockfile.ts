import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { parse, stringify } from "yaml";

/** A package of the workspace as a tarball. */
export interface Packed {
  readonly folder: string;
  readonly manifest: PackageManifest;
  readonly tarball: string;
}

export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Importer {
  readonly dependencies?: Readonly<Record<string, { readonly specifier: string; readonly version: string }>>;
}

interface Lockfile {
  readonly lockfileVersion: string;
  readonly settings: object;
  readonly importers: Readonly<Record<string, Importer>>;
  readonly packages: Record<string, object>;
  readonly snapshots: Record<string, object>;
}

/**
 * The lockfile (pnpm's version 9) of a project that depends on `tarballs`, with everything else at the versions of the
 * workspace's own lockfile: so it installs offline, from what the workspace has already fetched.
 */
export async function tarballLockfile(
  workspace: string,
  {
    root,
    direct,
    tarballs,
  }: { readonly root: string; readonly direct: readonly string[]; readonly tarballs: readonly Packed[] },
): Promise<string> {
  const { lockfileVersion, settings, importers, packages, snapshots } = parse(workspace) as Lockfile;
  const files = new Map(tarballs.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]));
  const added = { packages: { ...packages }, snapshots: { ...snapshots } };
  const versions = new Map<string, string>(files);
  for (const { folder, manifest, tarball } of tarballs) {
    const integrity = `sha512-${createHash("sha512")
      .update(await readFile(tarball))
      .digest("base64")}`;
    const key = `${manifest.name}@file:${tarball}`;
    added.packages[key] = { resolution: { integrity, tarball: `file:${tarball}` }, version: manifest.version };
    const resolved = importers[relative(root, folder)]?.dependencies ?? {};
    const dependencies: Record<string, string> = {};
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      dependencies[name] = files.get(name) ?? resolved[name]!.version;
      versions.set(name, dependencies[name]);
    }
    added.snapshots[key] = Object.keys(dependencies).length > 0 ? { dependencies } : {};
  }
  const dependencies: Record<string, object> = {};
  for (const name of direct) {
    const version = versions.get(name);
    if (version === undefined) throw new Error(`${name} is neither packed nor a dependency of what is.`);
    dependencies[name] = { specifier: files.get(name) ?? "*", version };
  }
  return stringify({ lockfileVersion, settings, importers: { ".": { dependencies } }, ...added });
}
