import { type Dataset, from } from "../dataset.ts";
import { readBytes } from "../readers/bytes.ts";
import { readText } from "../readers/json-lines.ts";
import { readTar } from "../readers/tar.ts";
import { catalogueEntry } from "./catalogue.ts";
import type { CatalogueEntry } from "./entry.ts";
import { type FetchOptions, fetchDataset } from "./fetch-dataset.ts";
import { opener } from "./opener.ts";

/** A text to learn from, whole. */
export interface TextRecord {
  readonly text: string;
  readonly key: string;
  readonly title?: string;
  readonly author?: string;
  /** The folder of the collection it is from; of "chinese-poetry" for example 全唐诗 (traditional) or 宋词 (simplified). */
  readonly collection?: string;
}

export interface OpenedTexts {
  readonly kind: "texts";
  readonly entry: CatalogueEntry;
  readonly train: Dataset<TextRecord>;
  readonly validation: Dataset<TextRecord>;
  /** None for "tinyshakespeare", which is cut in two only. */
  readonly test?: Dataset<TextRecord>;
}

const openers = { tinyshakespeare: openShakespeare, names: openNames, "chinese-poetry": openPoetry };

/** The names that `openTexts` opens. */
export const textNames = Object.keys(openers);

/**
 * Texts to learn to write.
 *
 * - "tinyshakespeare": one record a part; the first 90 % of the characters are for training, as in nanoGPT.
 * - "names": a record a name, lower case, repeated as in the file; 80/10/10 by the hash of the name, so that no name is in two
 *   parts.
 * - "chinese-poetry": a record a poem or chapter, its lines joined by line feeds; 90/5/5 by the hash of the text.
 *
 * @throws Error for another name. See `fetchDataset` also.
 */
export async function openTexts(name: string, options: FetchOptions = {}): Promise<OpenedTexts> {
  return opener(openers, name)(options);
}

async function openShakespeare(options: FetchOptions): Promise<OpenedTexts> {
  const { files } = await fetchDataset("tinyshakespeare", options);
  const text = new TextDecoder().decode(await readBytes(files["input.txt"]!));
  const cut = Math.floor(text.length * 0.9);
  return {
    kind: "texts",
    entry: catalogueEntry("tinyshakespeare"),
    train: from([{ text: text.slice(0, cut), key: "tinyshakespeare-train" }]),
    validation: from([{ text: text.slice(cut), key: "tinyshakespeare-validation" }]),
  };
}

async function openNames(options: FetchOptions): Promise<OpenedTexts> {
  const { files } = await fetchDataset("names", options);
  const records: TextRecord[] = [];
  for await (const text of readText(files["names.txt"]!)) if (text !== "") records.push({ text, key: text });
  const parts = from(records).split({ by: ({ key }) => key, parts: { train: 0.8, validation: 0.1, test: 0.1 } });
  return { kind: "texts", entry: catalogueEntry("names"), ...parts };
}

/** Poems in the collections' own spellings of the same fields. */
interface Poem {
  readonly title?: string;
  readonly rhythmic?: string;
  readonly chapter?: string;
  readonly author?: string;
  readonly paragraphs?: readonly string[];
  readonly content?: readonly string[];
  readonly para?: readonly string[];
}

async function openPoetry(options: FetchOptions): Promise<OpenedTexts> {
  const { files } = await fetchDataset("chinese-poetry", options);
  const records: TextRecord[] = [];
  for (const file of await readTar(files["chinese-poetry-subset.tar.gz"]!)) {
    if (!file.name.endsWith(".json")) continue;
    const content = JSON.parse(new TextDecoder().decode(file.bytes)) as Poem | readonly Poem[];
    const collection = file.name.slice(0, file.name.indexOf("/"));
    for (const [index, poem] of [content].flat().entries() as Iterable<[number, Poem]>) {
      const title = poem.title ?? poem.rhythmic ?? poem.chapter;
      records.push({
        text: (poem.paragraphs ?? poem.content ?? poem.para ?? []).join("\n"),
        key: `${file.name.slice(0, -".json".length)}-${index}`,
        collection,
        ...(title === undefined ? {} : { title }),
        ...(poem.author === undefined ? {} : { author: poem.author }),
      });
    }
  }
  const parts = from(records).split({ by: ({ text }) => text, parts: { train: 0.9, validation: 0.05, test: 0.05 } });
  return { kind: "texts", entry: catalogueEntry("chinese-poetry"), ...parts };
}
