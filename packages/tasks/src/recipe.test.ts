import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseRecipe, RecipeError, recipeBase } from "./recipe.ts";

const schema = z.strictObject({
  ...recipeBase,
  task: z.literal("toy"),
  model: z.discriminatedUnion("family", [
    z.strictObject({ family: z.literal("mlp"), hidden: z.array(z.int().positive()) }),
    z.strictObject({ family: z.literal("none") }),
  ]),
});

const faults = (text: string): readonly string[] => {
  try {
    parseRecipe({ file: "toy.yaml", text }, () => schema);
  } catch (error) {
    expect(error).toBeInstanceOf(RecipeError);
    return (error as RecipeError).issues;
  }
  throw new Error("Expected the recipe to be refused.");
};

const good = `name: toy
title: { en: Toy, zh: 玩具 }
task: toy
model:
  family: mlp
  hidden: [4, 2]
`;

describe("parseRecipe", () => {
  it("fills in defaults", () => {
    const recipe = parseRecipe({ file: "toy.yaml", text: good }, () => schema);
    expect(recipe).toMatchObject({ name: "toy", seed: 0, model: { hidden: [4, 2] } });
  });

  it("names file, line and key of a wrong value", () => {
    expect(faults(good.replace("[4, 2]", "[4, wide]"))).toEqual([
      expect.stringMatching(/^toy\.yaml:6: model\.hidden\.1: expected number/i),
    ]);
  });

  it("names an unknown key where it stands", () => {
    expect(faults(`${good}  hiden: [1]\n`)).toEqual([expect.stringMatching(/^toy\.yaml:7: model\.hiden: unknown key/)]);
  });

  it("points to the parent of a missing key", () => {
    expect(faults(good.replace("  hidden: [4, 2]\n", ""))).toEqual([
      expect.stringMatching(/^toy\.yaml:4: model\.hidden: expected array/i),
    ]);
  });

  it("lists every fault, and the choices of a discriminator", () => {
    const found = faults(good.replace("family: mlp", "family: cnn").replace("name: toy", "name: Not good"));
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^toy\.yaml:1: name: /);
    expect(found[1]).toMatch(/^toy\.yaml:5: model\.family: /);
  });

  it("says where YAML itself is broken", () => {
    expect(faults("name: [1, 2\ntask: toy\n")[0]).toMatch(/^toy\.yaml:\d: /);
    expect(faults("name: a\nname: b\n")[0]).toMatch(/^toy\.yaml:2: .*unique/);
    expect(faults("")[0]).toMatch(/^toy\.yaml:1: expected a mapping/);
  });
});
