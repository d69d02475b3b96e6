import { from } from "@nacre/data";
import { Random } from "@nacre/random";
import { disposeModel } from "@nacre/tensor";
import { train } from "@nacre/train";
import type { Task, TaskContext } from "../task.ts";
import { trainOptions } from "../training-steps.ts";
import type { FittedTexts, KnownTexts } from "./fitted.ts";
import type { TextClassificationRecipe } from "./recipe.ts";
import { setAside, type TextExample } from "./source.ts";

/** A part of the texts to be predicted by what is trained on all others. */
export interface Fold extends KnownTexts {
  readonly test: readonly TextExample[];
}

/**
 * As many parts of about one size by the hash of the text, each with all others as its training and validation part: equal texts
 * are in one fold.
 *
 * @throws Error when a fold is empty: there are too few texts for so many.
 */
export async function foldsOf(
  texts: readonly TextExample[],
  { folds, validation }: { readonly folds: number; readonly validation: number | undefined },
): Promise<Fold[]> {
  const names = Array.from({ length: folds }, (_, index) => `fold${index}`);
  const parts = from(texts).split({
    by: ({ text }) => text.toLowerCase(),
    parts: Object.fromEntries(names.map((name) => [name, 1 / folds])),
    salt: "folds",
  });
  const groups = await Promise.all(names.map((name) => parts[name]!.toArray()));
  const empty = groups.findIndex(({ length }) => length === 0);
  if (empty !== -1) {
    throw new Error(
      `Expected texts in each of ${folds} folds. Received none in fold ${empty} of ${texts.length} texts: ask for fewer folds.`,
    );
  }
  return Promise.all(
    groups.map(async (test, own) => {
      const others = groups.flatMap((group, index) => (index === own ? [] : group));
      return { ...(await setAside(others, validation)), test };
    }),
  );
}

export interface CrossValidation {
  readonly recipe: TextClassificationRecipe;
  readonly monitor: Task["monitor"];
  readonly folds: readonly Fold[];
  /** Everything that is learnt from texts, from those of one fold only. */
  fit(known: KnownTexts): Promise<FittedTexts>;
}

/** Trains anew for each fold and predicts it: class probabilities [N, K], fold after fold. */
export async function crossValidate(
  { recipe, monitor, folds, fit }: CrossValidation,
  { signal, progress }: Pick<TaskContext, "signal" | "progress">,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (const [index, { test, ...known }] of folds.entries()) {
    const fitted = await fit(known);
    const { model } = fitted.build(new Random(recipe.seed).fork("fold", index));
    try {
      const settings = trainOptions({ recipe, task: { monitor }, problem: fitted, model });
      for await (const { step } of train({ ...settings, ...(signal === undefined ? {} : { signal }) })) {
        progress(index + step / settings.steps, folds.length, "folds");
      }
      signal?.throwIfAborted();
      rows.push(...(await fitted.predict(model, test, { signal })));
    } finally {
      disposeModel(model);
    }
  }
  progress(folds.length, folds.length, "folds");
  return rows;
}
