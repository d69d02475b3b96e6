import { type Dataset, from } from "../dataset.ts";
import { readBytes } from "../readers/bytes.ts";
import { readCsv } from "../readers/csv.ts";
import { readText } from "../readers/json-lines.ts";
import { catalogueEntry } from "./catalogue.ts";
import type { CatalogueEntry } from "./entry.ts";
import { type FetchOptions, fetchDataset } from "./fetch-dataset.ts";
import { opener } from "./opener.ts";

/** A text and its class. */
export interface LabelledText {
  readonly text: string;
  /** Index into `classes`. */
  readonly label: number;
  readonly key: string;
}

export interface LabelledTextOptions extends FetchOptions {
  /** "sentiment-sentences": the fold set aside as test part, 0 (default) to 9. */
  readonly fold?: number;
}

export interface OpenedLabelledTexts {
  readonly kind: "labelled-texts";
  readonly entry: CatalogueEntry;
  readonly classes: readonly string[];
  readonly train: Dataset<LabelledText>;
  /** Where the authors set one aside: "csl-category-zh". */
  readonly validation?: Dataset<LabelledText>;
  readonly test: Dataset<LabelledText>;
}

const openers = {
  "sentiment-sentences": openSentiment,
  banking77: openBanking,
  "csl-category-zh": openCsl,
};

/** The names that `openLabelledTexts` opens. */
export const labelledTextNames = Object.keys(openers);

/**
 * Texts to classify.
 *
 * - "sentiment-sentences": negative, positive; ten folds by the hash of the text, one of them is the test part.
 * - "banking77": the authors' parts and their order of the 77 classes.
 * - "csl-category-zh": the authors' parts; the 13 classes in the order of their code points.
 *
 * @throws Error for another name or fold. See `fetchDataset` also.
 */
export async function openLabelledTexts(name: string, options: LabelledTextOptions = {}): Promise<OpenedLabelledTexts> {
  return opener(openers, name)(options);
}

const folds = 10;

async function openSentiment({ fold = 0, ...options }: LabelledTextOptions): Promise<OpenedLabelledTexts> {
  if (!Number.isInteger(fold) || fold < 0 || fold >= folds) {
    throw new RangeError(`Expected a fold from 0 to ${folds - 1}. Received ${fold}.`);
  }
  const { files } = await fetchDataset("sentiment-sentences", options);
  const records: LabelledText[] = [];
  for await (const line of readText(files["yelp.tsv"]!).skip(1)) {
    const tab = line.lastIndexOf("\t");
    records.push({ text: line.slice(0, tab), label: Number(line.slice(tab + 1)), key: `sentiment-${records.length}` });
  }
  const names = Array.from({ length: folds }, (_, index) => `fold${index}`);
  const bounds = Object.fromEntries(names.map((name) => [name, 1 / folds]));
  const all = from(records);
  const inFold = new Set<string>();
  const part = all.split({ by: ({ text }) => text.toLowerCase(), parts: bounds, salt: "sentiment" })[`fold${fold}`]!;
  for await (const { key } of part) inFold.add(key);
  return {
    kind: "labelled-texts",
    entry: catalogueEntry("sentiment-sentences"),
    classes: ["negative", "positive"],
    train: from(records.filter(({ key }) => !inFold.has(key))),
    test: from(records.filter(({ key }) => inFold.has(key))),
  };
}

async function openBanking(options: LabelledTextOptions): Promise<OpenedLabelledTexts> {
  const { files } = await fetchDataset("banking77", options);
  const classes = JSON.parse(new TextDecoder().decode(await readBytes(files["categories.json"]!))) as string[];
  const open = async (part: string): Promise<Dataset<LabelledText>> => {
    const records: LabelledText[] = [];
    for await (const { text, category } of readCsv(files[`${part}.csv`]!, { numbers: [] })) {
      const label = labelOf(classes, String(category), `banking77, ${part}, record ${records.length + 1}`);
      records.push({ text: String(text), label, key: `banking77-${part}-${records.length}` });
    }
    return from(records);
  };
  return {
    kind: "labelled-texts",
    entry: catalogueEntry("banking77"),
    classes,
    train: await open("train"),
    test: await open("test"),
  };
}

async function openCsl(options: LabelledTextOptions): Promise<OpenedLabelledTexts> {
  const { files } = await fetchDataset("csl-category-zh", options);
  const read = async (part: string): Promise<{ text: string; category: string; key: string }[]> => {
    const lines = await readText(files[`${part}.tsv`]!).toArray();
    return lines
      .filter((line) => line !== "")
      .map((line, index) => {
        const [, text = "", category = ""] = line.split("\t");
        return { text, category, key: `csl-${part}-${index}` };
      });
  };
  const train = await read("train");
  const classes = [...new Set(train.map(({ category }) => category))].sort();
  const label = (records: Awaited<ReturnType<typeof read>>): Dataset<LabelledText> =>
    from(records.map(({ text, category, key }) => ({ text, label: labelOf(classes, category, key), key })));
  return {
    kind: "labelled-texts",
    entry: catalogueEntry("csl-category-zh"),
    classes,
    train: label(train),
    validation: label(await read("dev")),
    test: label(await read("test")),
  };
}

function labelOf(classes: readonly string[], name: string, place: string): number {
  const label = classes.indexOf(name);
  if (label >= 0) return label;
  throw new Error(`${place}: expected one of the ${classes.length} classes. Received ${JSON.stringify(name)}.`);
}
