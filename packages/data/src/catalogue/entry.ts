/** A copy in a mirror folder. */
export interface MirroredFile {
  /** Path below the mirror folder. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * One file of a data set. `sha256` and `bytes` are those of the file at `url`. A mirror may hold the same bytes (`mirror` is
 * then the path) or another packing of the same records, with a sha256 of its own. Without a `url` the records are not to
 * be had as one file: only a mirror has them.
 */
export type CatalogueFile =
  | {
      readonly name: string;
      readonly url: string;
      readonly sha256: string;
      readonly bytes: number;
      readonly mirror?: string | MirroredFile;
    }
  | { readonly name: string; readonly url?: undefined; readonly mirror: MirroredFile };

/** A public data set: where it is, what it may be used for, and whom to cite. */
export interface CatalogueEntry {
  readonly name: string;
  readonly title: string;
  readonly task: string;
  readonly size: string;
  readonly licence: string;
  /** What the licence's name does not say, non-commercial terms above all. */
  readonly licenceNote?: string;
  readonly homepage: string;
  readonly citation: string;
  readonly files: readonly CatalogueFile[];
}

/** Files below one address: name, what is there, and what a mirror has. */
export function hosted(
  base: string,
): (path: string, file: { sha256: string; bytes: number }, mirror: string | MirroredFile) => CatalogueFile {
  return (path, file, mirror) => ({ name: baseName(path), url: base + path, ...file, mirror });
}

/** A packing of many files that only a mirror has. */
export function onlyMirrored(mirror: MirroredFile): CatalogueFile {
  return { name: baseName(mirror.path), mirror };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
