import { type Dataset, from } from "../dataset.ts";
import { digitClasses } from "../digits/digits.ts";
import type { LabelledImage } from "../digits/labelled-image.ts";
import type { CleaningStep } from "../preparation/clean.ts";
import type { TableColumnInput } from "../preparation/table-schema.ts";
import { readBytes } from "../readers/bytes.ts";
import { readCsv } from "../readers/csv.ts";
import { readIdx } from "../readers/idx.ts";
import type { Row } from "../table.ts";
import { catalogueEntry } from "./catalogue.ts";
import type { CatalogueEntry } from "./entry.ts";
import { type FetchedDataset, type FetchOptions, fetchDataset } from "./fetch-dataset.ts";
import { labelledTextNames, type OpenedLabelledTexts, openLabelledTexts } from "./open-labelled-texts.ts";
import { type OpenedQuestions, openQuestions, questionNames } from "./open-questions.ts";
import { type OpenedTexts, openTexts, textNames } from "./open-texts.ts";
import { type OpenedTranslations, openTranslationPairs, translationNames } from "./open-translations.ts";
import { type TableLayout, tableLayouts } from "./table-layouts.ts";

export interface OpenedImages {
  readonly kind: "images";
  readonly entry: CatalogueEntry;
  readonly classes: readonly string[];
  readonly train: Dataset<LabelledImage>;
  readonly test: Dataset<LabelledImage>;
}

export interface OpenedTable {
  readonly kind: "table";
  readonly entry: CatalogueEntry;
  /** As in the file; `cleaning` is what to do before anything else. */
  readonly train: Dataset<Row>;
  /** Where the data set's authors set records aside. */
  readonly test?: Dataset<Row>;
  /** What each column is for; a start, to be changed at will. */
  readonly schema: readonly TableColumnInput[];
  /** Marks missing values and joins spellings that differ between the files. For `cleanTable`. */
  readonly cleaning: readonly CleaningStep[];
}

export type OpenedDataset =
  | OpenedImages
  | OpenedTable
  | OpenedTexts
  | OpenedTranslations
  | OpenedQuestions
  | OpenedLabelledTexts;

/**
 * Fetches a catalogued data set and opens it: images for `mnist`, rows for the tables, records of `openTexts`,
 * `openTranslationPairs`, `openQuestions` and `openLabelledTexts` with their default options for the texts.
 *
 * @throws Error if there is no opener for this name: `fetchDataset` and a reader do the rest. See `fetchDataset` also.
 */
export async function openDataset(name: string, options: FetchOptions = {}): Promise<OpenedDataset> {
  const entry = catalogueEntry(name);
  if (name === "mnist") return openMnist(options);
  if (textNames.includes(name)) return openTexts(name, options);
  if (translationNames.includes(name)) return openTranslationPairs(name, options);
  if (questionNames.includes(name)) return openQuestions(name, options);
  if (labelledTextNames.includes(name)) return openLabelledTexts(name, options);
  const layout = Object.hasOwn(tableLayouts, name) ? tableLayouts[name] : undefined;
  if (layout === undefined) {
    const texts = [...textNames, ...translationNames, ...questionNames, ...labelledTextNames];
    throw new Error(
      `Expected one of mnist, ${[...Object.keys(tableLayouts), ...texts].join(", ")}, which open by name. ` +
        `Received "${name}". ` +
        "Use fetchDataset and a reader for its files.",
    );
  }
  const fetched = await fetchDataset(name, options);
  const train = layout.joined
    ? await joinTables(fetched, layout, layout.joined)
    : await openTable(fetched.files[layout.train]!, layout);
  const test = layout.test === undefined ? {} : { test: await openTable(fetched.files[layout.test]!, layout) };
  return { kind: "table", entry, train, ...test, schema: layout.schema, cleaning: layout.cleaning };
}

/** MNIST, with keys like `mnist-train-17`. */
export async function openMnist(options: FetchOptions = {}): Promise<OpenedImages> {
  const { files } = await fetchDataset("mnist", options);
  const open = async (part: "train" | "t10k", prefix: string): Promise<Dataset<LabelledImage>> => {
    const images = await readIdx(files[`${part}-images-idx3-ubyte.gz`]!);
    const labels = await readIdx(files[`${part}-labels-idx1-ubyte.gz`]!);
    const [length = 0, height = 0, width = 0] = images.shape;
    const size = height * width;
    const pixels = images.values as Uint8Array;
    const get = (index: number): LabelledImage => ({
      image: { height, width, channels: 1, pixels: pixels.subarray(index * size, (index + 1) * size) },
      label: labels.values[index]!,
      key: `${prefix}-${index}`,
    });
    return from({ length, get });
  };
  return {
    kind: "images",
    entry: catalogueEntry("mnist"),
    classes: digitClasses,
    train: await open("train", "mnist-train"),
    test: await open("t10k", "mnist-test"),
  };
}

async function openTable(path: string, layout: TableLayout): Promise<Dataset<Row>> {
  if (layout.first === "names") return readCsv(path, { trim: true });
  const columns = layout.schema.map(({ name }) => name).filter((name) => name !== layout.joined?.column);
  if (layout.first === "record") return readCsv(path, { columns, trim: true });
  const bytes = await readBytes(path);
  return readCsv(bytes.subarray(bytes.indexOf(10) + 1), { columns, trim: true });
}

async function joinTables(
  { files }: FetchedDataset,
  layout: TableLayout,
  { column, values }: NonNullable<TableLayout["joined"]>,
): Promise<Dataset<Row>> {
  const rows: Row[] = [];
  for (const [file, value] of Object.entries(values)) {
    for await (const row of await openTable(files[file]!, layout)) rows.push({ [column]: value, ...row });
  }
  return from(rows);
}
