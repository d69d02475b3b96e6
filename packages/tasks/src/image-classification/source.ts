import { dirname, isAbsolute, resolve } from "node:path";
import { type Dataset, digitClasses, digits, type LabelledImage, openMnist, readImageFolder } from "@nacre/data";
import type { TaskContext } from "../task.ts";
import type { ImageClassificationRecipe } from "./recipe.ts";

/** Pictures in three parts that share no record. */
export interface ImageParts {
  readonly name: string;
  readonly licence?: string;
  readonly classes: readonly string[];
  readonly train: Dataset<LabelledImage>;
  readonly validation: Dataset<LabelledImage>;
  readonly test: Dataset<LabelledImage>;
  /** What pictures are brought to; the first one's size where it is not said. */
  readonly size?: { readonly height: number; readonly width: number; readonly channels: number };
}

/** Opens what the recipe names and splits it by the hash of each record's key, the shares kept in every class. */
export async function openImages(recipe: ImageClassificationRecipe, context: TaskContext): Promise<ImageParts> {
  const { source, validation } = recipe.data;
  const byKey = { by: ({ key }: LabelledImage) => key, stratify: ({ label }: LabelledImage) => String(label) };
  switch (source.from) {
    case "generator": {
      const all = digits({ seed: recipe.seed, count: source.count });
      const outer = all.split({ ...byKey, parts: { known: 1 - source.test, test: source.test } });
      return { name: "generated digits", classes: digitClasses, ...inner(outer.known), test: outer.test };
    }
    case "catalogue": {
      const { classes, train, test } = await openMnist({
        progress: ({ file, done, total }) => context.progress(done, total, "bytes", file),
        ...(context.signal === undefined ? {} : { signal: context.signal }),
      });
      return { name: source.name, licence: "CC BY-SA 3.0", classes, ...inner(train), test };
    }
    case "folder": {
      const path = isAbsolute(source.path) ? source.path : resolve(context.folder, source.path);
      const { classes, images } = await readImageFolder(path);
      const outer = images.split({ ...byKey, parts: { known: 1 - source.test, test: source.test } });
      const { height, width, channels } = source;
      return {
        name: path.slice(dirname(path).length + 1),
        classes,
        ...inner(outer.known),
        test: outer.test,
        size: { height, width, channels },
      };
    }
  }

  function inner(known: Dataset<LabelledImage>): { train: Dataset<LabelledImage>; validation: Dataset<LabelledImage> } {
    return known.split({ ...byKey, salt: "validation", parts: { train: 1 - validation, validation } });
  }
}
