import { basename, isAbsolute, resolve } from "node:path";
import { type Dataset, from, openTexts, readDocuments, type TextRecord } from "@nacre/data";
import type { TaskContext } from "../task.ts";
import { isQuatrain } from "./quatrain.ts";
import type { TextsRecipe } from "./recipe.ts";
import { sentences } from "./sentences.ts";

/** Documents in three parts that share none. */
export interface TextParts {
  readonly name: string;
  readonly licence?: string;
  readonly train: readonly TextRecord[];
  readonly validation: readonly TextRecord[];
  readonly test: readonly TextRecord[];
}

/**
 * Opens what the recipe names. Documents are split by the hash of their text, so that equal ones stay on one side; one long
 * text is cut by position, its end held out.
 */
export async function openTextParts(recipe: TextsRecipe, context: TaskContext): Promise<TextParts> {
  const { source, validation } = recipe.data;
  switch (source.from) {
    case "generator": {
      const all = sentences({ seed: recipe.seed, count: source.count });
      return { name: "generated sentences", ...(await partsOf(await all.toArray(), source.test, validation)) };
    }
    case "catalogue": {
      const opened = await openTexts(source.name, {
        progress: ({ file, done, total }) => context.progress(done, total, "bytes", file),
        ...(context.signal === undefined ? {} : { signal: context.signal }),
      });
      const { collections, form } = source;
      const read = async (part: Dataset<TextRecord>) => {
        const records = await part.toArray();
        const chosen =
          collections === undefined ? records : records.filter(({ collection }) => collections.includes(collection!));
        return form === "quatrain"
          ? chosen.filter(({ text }) => isQuatrain(text))
          : chosen.filter(({ text }) => text !== "");
      };
      const about = { name: source.name, licence: opened.entry.licence };
      const [train, held] = [await read(opened.train), await read(opened.validation)];
      if (opened.test !== undefined) return { ...about, train, validation: held, test: await read(opened.test) };
      // The official second part is what others report on: it stays the test part, and a piece of the first one validates.
      return { ...about, ...(await cut(train, validation)), test: held };
    }
    case "files": {
      const path = isAbsolute(source.path) ? source.path : resolve(context.folder, source.path);
      const records = await (await readDocuments(path, { field: source.field })).toArray();
      const texts = records.map(({ text, key }) => ({ text, key })).filter(({ text }) => text !== "");
      return { name: basename(path), ...(await partsOf(texts, source.test, validation)) };
    }
  }
}

async function partsOf(
  records: readonly TextRecord[],
  test: number,
  validation: number,
): Promise<Omit<TextParts, "name">> {
  if (records.length === 1) {
    const outer = cutText(records[0]!, test);
    return { ...(await cut([outer.before], validation)), test: [outer.behind] };
  }
  const { known, held } = from(records).split({ by: ({ text }) => text, parts: { known: 1 - test, held: test } });
  return { ...(await cut(await known.toArray(), validation)), test: await held.toArray() };
}

async function cut(records: readonly TextRecord[], share: number): Promise<Pick<TextParts, "train" | "validation">> {
  if (records.length === 1) {
    const { before, behind } = cutText(records[0]!, share);
    return { train: [before], validation: [behind] };
  }
  const { train, validation } = from(records).split({
    by: ({ text }) => text,
    parts: { train: 1 - share, validation: share },
    salt: "validation",
  });
  return { train: await train.toArray(), validation: await validation.toArray() };
}

/** At the end of a line, where there is one near. */
function cutText({ text, key }: TextRecord, share: number): { before: TextRecord; behind: TextRecord } {
  const wanted = Math.floor(text.length * (1 - share));
  const line = text.lastIndexOf("\n", wanted) + 1;
  const at = line > wanted / 2 ? line : wanted;
  return {
    before: { text: text.slice(0, at), key: `${key}-beginning` },
    behind: { text: text.slice(at), key: `${key}-end` },
  };
}
