import { describe, expect, it } from "vitest";
import { sinusoidalPositions } from "./sinusoidal-positions.ts";

describe("sinusoidalPositions", () => {
  it("is section 3.5's formula, in either order", () => {
    const halves = sinusoidalPositions(50, 6);
    const interleaved = sinusoidalPositions(50, 6, "interleaved");
    for (const position of [0, 1, 7, 49]) {
      for (const i of [0, 1, 2]) {
        const angle = position / 10000 ** ((2 * i) / 6);
        expect(interleaved[position * 6 + 2 * i]).toBeCloseTo(Math.sin(angle), 6);
        expect(interleaved[position * 6 + 2 * i + 1]).toBeCloseTo(Math.cos(angle), 6);
        expect(halves[position * 6 + i]).toBe(interleaved[position * 6 + 2 * i]);
        expect(halves[position * 6 + 3 + i]).toBe(interleaved[position * 6 + 2 * i + 1]);
      }
    }
  });

  it("refuses an odd width", () => {
    expect(() => sinusoidalPositions(4, 5)).toThrow("expected an even width");
  });
});
