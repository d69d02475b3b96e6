import type { CatalogueEntry } from "./entry.ts";
import { images } from "./images.ts";
import { speech } from "./speech.ts";
import { tables } from "./tables.ts";
import { texts } from "./texts.ts";
import { translations } from "./translations.ts";

/** The public data sets known by name. */
export const catalogue: readonly CatalogueEntry[] = [...images, ...tables, ...texts, ...translations, ...speech];

/** @throws Error listing the known names. */
export function catalogueEntry(name: string): CatalogueEntry {
  const entry = catalogue.find((each) => each.name === name);
  if (entry !== undefined) return entry;
  throw new Error(
    `Expected the name of a catalogued data set: ${catalogue.map((each) => each.name).join(", ")}. ` +
      `Received ${JSON.stringify(name)}.`,
  );
}
