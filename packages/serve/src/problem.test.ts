import { describe, expect, it } from "vitest";
import { z } from "zod";
import { pathText, problemOf } from "./problem.ts";

const Input = z.union([
  z.strictObject({ image: z.string() }),
  z.strictObject({ pixels: z.array(z.number()), height: z.int().positive() }),
]);

function problem(schema: z.ZodType, value: unknown) {
  const result = schema.safeParse(value);
  if (result.success) throw new Error("the schema accepts this value");
  return problemOf(result.error, value, ["inputs", 2]);
}

describe("a problem", () => {
  it("names path, expected and received", () => {
    expect(problem(z.object({ age: z.number() }), { age: "old" })).toEqual({
      message: 'Expected a number at inputs[2].age. Received "old".',
      path: "inputs[2].age",
      expected: "a number",
      received: '"old"',
    });
  });

  it("names a missing field", () => {
    expect(problem(z.object({ age: z.number() }), {}).message).toBe(
      "Expected a number at inputs[2].age. Received nothing.",
    );
  });

  it("names the known values, limits and fields", () => {
    expect(problem(z.enum(["red", "green"]), "blue").expected).toBe('one of "red", "green"');
    expect(problem(z.array(z.number()).min(3), [1]).message).toBe(
      "Expected a number of items at least 3 at inputs[2]. Received an array of 1.",
    );
    expect(problem(z.number().max(1), 2).expected).toBe("a value at most 1");
    expect(problem(z.strictObject({}), { extra: 1 }).expected).toBe('no field called "extra"');
  });

  it("speaks of the alternative that came closest", () => {
    expect(problem(Input, { pixels: [0, "1"], height: 2 }).path).toBe("inputs[2].pixels[1]");
    expect(problem(Input, 7).expected).toBe("an object");
  });

  it("does not repeat long values", () => {
    expect(problem(z.number(), "x".repeat(10_000)).received!.length).toBeLessThan(100);
  });

  it("does not look into prototypes", () => {
    expect(problem(z.object({ constructor: z.number() }), {}).received).toBe("nothing");
  });
});

it("writes paths as code does", () => {
  expect(pathText(["inputs", 0, "age", 3])).toBe("inputs[0].age[3]");
  expect(pathText([])).toBe("");
});
