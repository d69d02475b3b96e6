import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StopStrings } from "./stop-strings.ts";
import { TextStream } from "./text-stream.ts";

describe("TextStream", () => {
  /** Ids are bytes, as in byte-level vocabularies. */
  const decodeBytes = (ids: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(ids));

  it("gives characters when they are whole, and the same text in the end", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (prompt, text) => {
        const encode = (part: string): number[] => [...new TextEncoder().encode(part)];
        const stream = new TextStream(decodeBytes, encode(prompt));
        const pieces = encode(text).map((byte) => stream.push(byte));
        const last = stream.end();
        const whole = decodeBytes(encode(text));
        expect(pieces.join("") + last).toBe(whole);
        if (!text.includes("\ufffd")) expect(pieces.join("")).not.toContain("\ufffd");
      }),
      { numRuns: 50 },
    );
    const stream = new TextStream(decodeBytes);
    expect([...new TextEncoder().encode("a珠é")].map((byte) => stream.push(byte))).toEqual([
      "a",
      "",
      "",
      "珠",
      "",
      "é",
    ]);
  });

  it("keeps what bytes make that are no text", () => {
    const ids = [0xff, 0xfe, 0x61, 0xe7, 0x8f, 0x61, 0xf0, 0x9f];
    const stream = new TextStream(decodeBytes);
    expect(ids.map((id) => stream.push(id)).join("") + stream.end()).toBe(decodeBytes(ids));
  });

  it("keeps spaces that a tokenizer drops at the beginning of a text", () => {
    const words = ["▁Hello", "▁wor", "ld", "▁!"];
    const decode = (ids: readonly number[]): string =>
      ids
        .map((id) => words[id])
        .join("")
        .replaceAll("▁", " ")
        .trimStart();
    const stream = new TextStream(decode);
    expect([0, 1, 2, 3].map((id) => stream.push(id))).toEqual(["Hello", " wor", "ld", " !"]);
    expect(new TextStream(decode, [0]).push(1)).toBe(" wor");
  });
});

describe("StopStrings", () => {
  const stops = ["\n\nUser:", "END", "NDX", "aab"];

  it("gives what stands before the first stop string, however the text is cut", () => {
    const letters = fc.string({
      unit: fc.constantFrom("\n", "U", "s", "e", "r", ":", "E", "N", "D", "a", "b", "x"),
      maxLength: 40,
    });
    const text = fc.tuple(letters, fc.constantFrom("", ...stops), letters).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (whole, sizes) => {
        const stream = new StopStrings(stops);
        let shown = "";
        let stopped = false;
        for (let at = 0, i = 0; at < whole.length && !stopped; ) {
          const size = sizes[i++ % sizes.length]!;
          const result = stream.push(whole.slice(at, at + size));
          at += size;
          shown += result.text;
          stopped = result.stopped;
        }
        if (!stopped) shown += stream.end();
        const places = stops.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
        expect(stopped).toBe(places.length > 0);
        // Of overlapping ones the first that is whole ends the text.
        const ends = stops.map((stop) => [whole.indexOf(stop), stop.length] as const).filter(([at]) => at >= 0);
        if (stopped) for (const stop of stops) expect(shown).not.toContain(stop);
        if (stopped) expect(ends.map(([at]) => at)).toContain(shown.length);
        else expect(shown).toBe(whole);
      }),
    );
  });

  it("holds back only what could begin one", () => {
    const stream = new StopStrings(["END"]);
    expect(stream.push("the E")).toEqual({ text: "the ", stopped: false });
    expect(stream.push("N")).toEqual({ text: "", stopped: false });
    expect(stream.push("emy")).toEqual({ text: "ENemy", stopped: false });
    expect(stream.push("EEN")).toEqual({ text: "E", stopped: false });
    expect(stream.push("D of it")).toEqual({ text: "", stopped: true });
  });
});
