import { type Dataset, from } from "../dataset.ts";
import { readText } from "../readers/json-lines.ts";
import { catalogueEntry } from "./catalogue.ts";
import type { CatalogueEntry } from "./entry.ts";
import { type FetchOptions, fetchDataset } from "./fetch-dataset.ts";
import { opener } from "./opener.ts";

/** A sentence and its translation. */
export interface TranslationPair {
  readonly source: string;
  readonly target: string;
  readonly key: string;
  /** Whom to name with the sentences, where the licence asks for it. */
  readonly attribution?: string;
}

export interface TranslationOptions extends FetchOptions {
  /** Languages by their codes. "multi30k": en, de, fr, default de to en. "cmn-eng": zh, en, default zh to en. */
  readonly source?: string;
  readonly target?: string;
}

export interface OpenedTranslations {
  readonly kind: "translations";
  readonly entry: CatalogueEntry;
  readonly source: string;
  readonly target: string;
  readonly train: Dataset<TranslationPair>;
  readonly validation: Dataset<TranslationPair>;
  readonly test: Dataset<TranslationPair>;
  /** Every test set by its name; `test` is the first. "multi30k": flickr2016, flickr2017, mscoco2017. */
  readonly tests: Readonly<Record<string, Dataset<TranslationPair>>>;
}

const openers = { multi30k: openMulti30k, "cmn-eng": openTatoeba };

/** The names that `openTranslationPairs` opens. */
export const translationNames = Object.keys(openers);

/**
 * Sentences with their translations.
 *
 * - "multi30k": the authors' parts; `test` is flickr2016.
 * - "cmn-eng": 90/5/5 by the hash of the English side without case and punctuation, so that no English sentence is in two
 *   parts, whatever it is translated to.
 *
 * @throws Error for another name or language. See `fetchDataset` also.
 */
export async function openTranslationPairs(
  name: string,
  options: TranslationOptions = {},
): Promise<OpenedTranslations> {
  return opener(openers, name)(options);
}

function direction(
  languages: readonly string[],
  { source = languages[0]!, target = source === languages[1] ? languages[0]! : languages[1]! }: TranslationOptions,
): { source: string; target: string } {
  for (const language of [source, target]) {
    if (languages.includes(language)) continue;
    throw new Error(`Expected a language of ${languages.join(", ")}. Received "${language}".`);
  }
  if (source === target) throw new Error(`Expected two languages. Received "${source}" for both.`);
  return { source, target };
}

async function openMulti30k(options: TranslationOptions): Promise<OpenedTranslations> {
  const { source, target } = direction(["de", "en", "fr"], options);
  const { files } = await fetchDataset("multi30k", options);
  const open = async (part: string): Promise<Dataset<TranslationPair>> => {
    const sources = await readText(files[`${part}.${source}.gz`]!).toArray();
    const targets = await readText(files[`${part}.${target}.gz`]!).toArray();
    if (sources.length !== targets.length) {
      throw new Error(
        `multi30k, ${part}: expected as many lines in both languages. Received ${sources.length} and ${targets.length}.`,
      );
    }
    return from({
      length: sources.length,
      get: (index) => ({ source: sources[index]!, target: targets[index]!, key: `multi30k-${part}-${index}` }),
    });
  };
  const tests = {
    flickr2016: await open("test_2016_flickr"),
    flickr2017: await open("test_2017_flickr"),
    mscoco2017: await open("test_2017_mscoco"),
  };
  return {
    kind: "translations",
    entry: catalogueEntry("multi30k"),
    source,
    target,
    train: await open("train"),
    validation: await open("val"),
    test: tests.flickr2016,
    tests,
  };
}

async function openTatoeba(options: TranslationOptions): Promise<OpenedTranslations> {
  const { source, target } = direction(["zh", "en"], options);
  const { files } = await fetchDataset("cmn-eng", options);
  const pairs: (TranslationPair & { readonly english: string })[] = [];
  for await (const line of readText(files["cmn.txt"]!)) {
    const [english, chinese, attribution] = line.split("\t");
    if (english === undefined || chinese === undefined || attribution === undefined) {
      throw new Error(
        `cmn-eng, line ${pairs.length + 1}: expected English, Chinese and attribution. Received ${line}.`,
      );
    }
    const sides = source === "en" ? { source: english, target: chinese } : { source: chinese, target: english };
    pairs.push({ ...sides, key: `cmn-eng-${pairs.length}`, attribution, english: bare(english) });
  }
  const { train, validation, test } = from(pairs).split({
    by: ({ english }) => english,
    parts: { train: 0.9, validation: 0.05, test: 0.05 },
  });
  const whole = (part: Dataset<TranslationPair & { readonly english: string }>): Dataset<TranslationPair> =>
    part.map(({ english: _, ...pair }) => pair);
  const tests = { tatoeba: whole(test) };
  return {
    kind: "translations",
    entry: catalogueEntry("cmn-eng"),
    source,
    target,
    train: whole(train),
    validation: whole(validation),
    test: tests.tatoeba,
    tests,
  };
}

/** Letters and digits, lower case: "Hi." and "Hi!" are one sentence. */
function bare(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
