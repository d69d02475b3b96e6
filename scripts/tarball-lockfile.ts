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
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

type Resolved = Readonly<Record<string, { readonly specifier: string; readonly version: string }>>;

interface Importer {
  readonly dependencies?: Resolved;
  readonly devDependencies?: Resolved;
}

interface Lockfile {
  readonly lockfileVersion: string;
  readonly settings: object;
  readonly importers: Readonly<Record<string, Importer>>;
  readonly packages: Record<string, object>;
  readonly snapshots: Record<string, object>;
}

/** Peers that whoever installs the package has to have; the workspace itself has them as development dependencies. */
function requiredPeers({ peerDependencies = {}, peerDependenciesMeta = {} }: PackageManifest): string[] {
  return Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
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
  const resolve = (folder: string, name: string): string => {
    const { dependencies, devDependencies } = importers[relative(root, folder)] ?? {};
    const version = (dependencies?.[name] ?? devDependencies?.[name])?.version;
    if (version === undefined) throw new Error(`pnpm-lock.yaml has no version of ${name} for ${folder}.`);
    return version;
  };
  const files = new Map(
    tarballs.map(({ folder, manifest, tarball }) => {
      const peers = requiredPeers(manifest).map((name) => `(${name}@${resolve(folder, name)})`);
      return [manifest.name, `file:${tarball}${peers.join("")}`];
    }),
  );
  const added = { packages: { ...packages }, snapshots: { ...snapshots } };
  const versions = new Map<string, string>(files);
  for (const { folder, manifest, tarball } of tarballs) {
    const integrity = `sha512-${createHash("sha512")
      .update(await readFile(tarball))
      .digest("base64")}`;
    const { name, version, peerDependencies } = manifest;
    added.packages[`${name}@file:${tarball}`] = {
      resolution: { integrity, tarball: `file:${tarball}` },
      version,
      ...(peerDependencies === undefined ? {} : { peerDependencies }),
      ...(manifest.peerDependenciesMeta === undefined ? {} : { peerDependenciesMeta: manifest.peerDependenciesMeta }),
    };
    const dependencies: Record<string, string> = {};
    for (const needed of [...Object.keys(manifest.dependencies ?? {}), ...requiredPeers(manifest)]) {
      dependencies[needed] = files.get(needed) ?? resolve(folder, needed);
      versions.set(needed, dependencies[needed]);
    }
    added.snapshots[`${name}@${files.get(name)}`] = Object.keys(dependencies).length > 0 ? { dependencies } : {};
  }
  const dependencies: Record<string, object> = {};
  for (const name of direct) {
    const version = versions.get(name);
    if (version === undefined) throw new Error(`${name} is neither packed nor a dependency of what is.`);
    dependencies[name] = { specifier: version.startsWith("file:") ? version.replace(/\(.*/, "") : "*", version };
  }
  return stringify({ lockfileVersion, settings, importers: { ".": { dependencies } }, ...added });
}
