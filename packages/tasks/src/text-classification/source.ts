import { isAbsolute, resolve } from "node:path";
import { from, openLabelledTexts, type Row, readCsv, readJsonLines, readTsv } from "@nacre/data";
import type { TaskContext } from "../task.ts";
import type { TextClassificationRecipe } from "./recipe.ts";
import { reviewClasses, reviews } from "./reviews.ts";

/** A text and the index of its class. */
export interface TextExample {
  readonly text: string;
  readonly label: number;
}

/** Texts in three parts that share none. */
export interface TextParts {
  readonly name: string;
  readonly licence?: string;
  readonly classes: readonly string[];
  readonly train: readonly TextExample[];
  readonly validation: readonly TextExample[];
  readonly test: readonly TextExample[];
}

type FileSource = Extract<TextClassificationRecipe["data"]["source"], { from: "file" }>;

/** Opens what the recipe names; splits by the hash of the text where there is no part set aside. */
export async function openTexts(recipe: TextClassificationRecipe, context: TaskContext): Promise<TextParts> {
  const { source, validation } = recipe.data;
  if (source.from === "catalogue") {
    const opened = await openLabelledTexts(source.name, {
      progress: ({ file, done, total }) => context.progress(done, total, "bytes", file),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    });
    const known = await opened.train.toArray();
    const inner = await innerParts(known, (await opened.validation?.toArray()) ?? [], validation);
    const { entry, classes } = opened;
    return { name: source.name, licence: entry.licence, classes, ...inner, test: await opened.test.toArray() };
  }
  const { name, classes, examples } =
    source.from === "generator"
      ? {
          name: "reviews (generated)",
          classes: reviewClasses,
          examples: reviews({ count: source.count, seed: recipe.seed }),
        }
      : await readFileOf(source, context);
  const outer = from(examples).split({ by: key, parts: { known: 1 - source.test, test: source.test } });
  const inner = await setAside(await outer.known.toArray(), validation);
  return { name, classes, ...inner, test: await outer.test.toArray() };
}

/** The parts as the data set has them; where a share is asked for, or there is no part that validates, it is set aside from all. */
export async function innerParts(
  train: readonly TextExample[],
  validation: readonly TextExample[],
  share: number | undefined,
): Promise<Pick<TextParts, "train" | "validation">> {
  if (share === undefined && validation.length > 0) return { train, validation };
  return setAside([...train, ...validation], share);
}

/** A share of known texts that is not trained on, by the hash of the text. */
export async function setAside(
  known: readonly TextExample[],
  share = 0.1,
): Promise<Pick<TextParts, "train" | "validation">> {
  const parts = { train: 1 - share, validation: share };
  const { train, validation } = from(known).split({ by: key, parts, salt: "validation" });
  return { train: await train.toArray(), validation: await validation.toArray() };
}

/** Texts that differ in case only must not be on both sides. */
function key({ text }: TextExample): string {
  return text.toLowerCase();
}

async function readFileOf(source: FileSource, context: TaskContext) {
  const { path, text, label } = source;
  const found: { text: string; label: string }[] = [];
  for await (const row of rowsOf(isAbsolute(path) ? path : resolve(context.folder, path))) {
    context.signal?.throwIfAborted();
    const [words, name] = [row[text], row[label]];
    if (words == null || name == null) {
      const missing = words == null ? text : label;
      throw new Error(`${path}, record ${found.length + 1}: expected a value in "${missing}". Received none.`);
    }
    found.push({ text: String(words), label: String(name) });
  }
  const classes = [...new Set(found.map((each) => each.label))].sort();
  const examples = found.map((each) => ({ text: each.text, label: classes.indexOf(each.label) }));
  return { name: path, classes, examples };
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
