import { basename, isAbsolute, resolve } from "node:path";
import { type Dataset, from, openTranslationPairs, readJsonLines, readText, type TranslationPair } from "@nacre/data";
import { z } from "zod";
import type { TaskContext } from "../task.ts";
import { phrases } from "./phrases.ts";
import type { TranslationRecipe } from "./recipe.ts";

/** Pairs in three parts. */
export interface PairParts {
  readonly name: string;
  readonly licence?: string;
  /** Codes of the languages. */
  readonly source: string;
  readonly target: string;
  readonly train: readonly TranslationPair[];
  readonly validation: readonly TranslationPair[];
  readonly test: readonly TranslationPair[];
}

/** Opens what the recipe names. What has no parts of its own is split by the hash of the target, so that equal ones stay together. */
export async function openPairParts(recipe: TranslationRecipe, context: TaskContext): Promise<PairParts> {
  const { source, validation } = recipe.data;
  switch (source.from) {
    case "generator": {
      const all = phrases({ seed: recipe.seed, count: source.count });
      return { name: "generated phrases", source: "zh", target: "en", ...(await split(all, source.test, validation)) };
    }
    case "catalogue": {
      const opened = await openTranslationPairs(source.name, {
        ...(source.source === undefined ? {} : { source: source.source }),
        ...(source.target === undefined ? {} : { target: source.target }),
        progress: ({ file, done, total }) => context.progress(done, total, "bytes", file),
        ...(context.signal === undefined ? {} : { signal: context.signal }),
      });
      return {
        name: source.name,
        licence: opened.entry.licence,
        source: opened.source,
        target: opened.target,
        train: await opened.train.toArray(),
        validation: await opened.validation.toArray(),
        test: await opened.test.toArray(),
      };
    }
    case "files": {
      const path = isAbsolute(source.path) ? source.path : resolve(context.folder, source.path);
      const { source: one, target: other } = source;
      return {
        name: basename(path),
        source: one,
        target: other,
        ...(await split(readPairs(path), source.test, validation)),
      };
    }
  }
}

const PairRecord = z.object({ source: z.string(), target: z.string() });

/** Pairs of a file: JSON Lines, or lines of source, tab and target; further fields are passed over. */
function readPairs(path: string): Dataset<TranslationPair> {
  const name = basename(path);
  if (/\.jsonl?(\.gz)?$/i.test(name)) {
    return readJsonLines(path).map((record, { index }) => {
      const parsed = PairRecord.safeParse(record);
      if (!parsed.success) {
        throw new Error(`${name}: expected texts \`source\` and \`target\`. Received ${JSON.stringify(record)}.`);
      }
      return { ...parsed.data, key: `${name}-${index}` };
    });
  }
  return readText(path).map((line, { index }) => {
    const [one, other] = line.split("\t");
    if (one === undefined || other === undefined) {
      throw new Error(`${name}: expected source, tab and target on a line. Received ${JSON.stringify(line)}.`);
    }
    return { source: one, target: other, key: `${name}-${index}` };
  });
}

async function split(
  pairs: Dataset<TranslationPair>,
  test: number,
  validation: number,
): Promise<Pick<PairParts, "train" | "validation" | "test">> {
  const all = from(await pairs.toArray());
  const parts = all.split({
    by: ({ target }) => target,
    parts: { train: (1 - test) * (1 - validation), validation: (1 - test) * validation, test },
  });
  return {
    train: await parts.train.toArray(),
    validation: await parts.validation.toArray(),
    test: await parts.test.toArray(),
  };
}
