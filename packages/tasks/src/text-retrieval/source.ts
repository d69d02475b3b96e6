import { basename, isAbsolute, resolve } from "node:path";
import { type Dataset, from, openTranslationPairs, type Row, readCsv, readJsonLines, readTsv } from "@nacre/data";
import type { TaskContext } from "../task.ts";
import { phrases } from "./phrases.ts";
import type { TextRetrievalRecipe } from "./recipe.ts";

/** A query and a text that answers it. */
export interface Pair {
  readonly query: string;
  readonly document: string;
}

/** Pairs in three parts. */
export interface PairParts {
  readonly name: string;
  readonly licence?: string;
  /** What the sides are called: languages, or columns of a file. */
  readonly sides: { readonly query: string; readonly document: string };
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  readonly test: readonly Pair[];
}

type FileSource = Extract<TextRetrievalRecipe["data"]["source"], { from: "file" }>;

/** Opens what the recipe names. Where no part is set aside, pairs are split by the hash of the document's letters. */
export async function openPairs(recipe: TextRetrievalRecipe, context: TaskContext): Promise<PairParts> {
  const { source, validation } = recipe.data;
  if (source.from === "catalogue") {
    const { query, document } = source;
    const opened = await openTranslationPairs(source.name, {
      ...(query === undefined ? {} : { source: query }),
      ...(document === undefined ? {} : { target: document }),
      progress: ({ file, done, total }) => context.progress(done, total, "bytes", file),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    });
    const read = (part: Dataset<{ readonly source: string; readonly target: string }>): Promise<Pair[]> =>
      part.map((pair) => ({ query: pair.source, document: pair.target })).toArray();
    return {
      name: source.name,
      licence: opened.entry.licence,
      sides: { query: opened.source, document: opened.target },
      train: await read(opened.train),
      validation: await read(opened.validation),
      test: await read(opened.test),
    };
  }
  const { pairs, ...about } =
    source.from === "generator"
      ? {
          name: "phrases (generated)",
          sides: { query: "zh", document: "en" },
          pairs: phrases({ count: source.count, seed: recipe.seed }),
        }
      : {
          name: basename(source.path),
          sides: { query: source.query, document: source.document },
          pairs: await readPairs(source, context),
        };
  const by = ({ document }: Pair) => bare(document);
  const { known, test } = from(pairs).split({ by, parts: { known: 1 - source.test, test: source.test } });
  const inner = from(await known.toArray()).split({
    by,
    parts: { train: 1 - validation, validation },
    salt: "validation",
  });
  return {
    ...about,
    train: await inner.train.toArray(),
    validation: await inner.validation.toArray(),
    test: await test.toArray(),
  };
}

/** Letters and digits in lower case: texts that differ in marks alone stay on one side. */
export function bare(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

async function readPairs({ path, query, document }: FileSource, context: TaskContext): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for await (const row of rowsOf(isAbsolute(path) ? path : resolve(context.folder, path))) {
    context.signal?.throwIfAborted();
    const [asked, found] = [row[query], row[document]].map((value) => String(value ?? "").trim());
    if (asked === "" || found === "") {
      const missing = asked === "" ? query : document;
      throw new Error(`${path}, record ${pairs.length + 1}: expected a text in "${missing}". Received none.`);
    }
    pairs.push({ query: asked!, document: found! });
  }
  return pairs;
}

function rowsOf(file: string): AsyncIterable<Row> {
  switch (file.replace(/\.gz$/, "").split(".").at(-1)) {
    case "csv":
      return readCsv(file);
    case "tsv":
      return readTsv(file);
    case "jsonl":
      return readJsonLines(file) as AsyncIterable<Row>;
  }
  throw new Error(`Expected a file that ends in .csv, .tsv or .jsonl. Received ${file}.`);
}
