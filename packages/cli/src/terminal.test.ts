import { describe, expect, it } from "vitest";
import { count, duration, table } from "./terminal.ts";

describe("duration", () => {
  it.each([
    [0.04, "0.0 s"],
    [12.34, "12.3 s"],
    [59.96, "1 min 00 s"],
    [245, "4 min 05 s"],
    [3599.9, "1 h 00 min"],
    [3725, "1 h 02 min"],
  ])("%s is %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("count", () => {
  it.each([
    [1.234, "1.23"],
    [99.94, "99.9"],
    [1234, "1,234"],
    [12_345, "12.3k"],
    [4_560_000, "4.56M"],
  ])("%s is %s", (value, text) => {
    expect(count(value)).toBe(text);
  });
});

describe("table", () => {
  it("puts numbers to the right, and gives Chinese characters two cells", () => {
    const lines = table(
      ["name", "value"],
      [
        ["数字", "1.5"],
        ["iris", "10.25"],
      ],
    ).split("\n");
    expect(lines).toEqual(["name  value", "────  ─────", "数字    1.5", "iris  10.25"]);
  });
});
