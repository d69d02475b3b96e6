import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readRecipe } from "@nacre/tasks";
import { describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL("../recipes/", import.meta.url));

describe("recipes", async () => {
  it.each(await readdir(folder))("%s is what its task expects, under its own name", async (name) => {
    const recipe = readRecipe({ file: name, text: await readFile(`${folder}${name}`, "utf8") });
    expect(`${recipe.name}.yaml`).toBe(name);
    expect(Object.keys(recipe.title ?? {})).toEqual(["en", "zh"]);
  });
});
