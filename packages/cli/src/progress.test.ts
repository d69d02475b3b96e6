import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { ProgressPrinter } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

function screen(isTTY: boolean, columns = 100): { terminal: Terminal; written: () => string } {
  let text = "";
  const error = Object.assign(
    new Writable({
      write(chunk, _, done) {
        text += chunk;
        done();
      },
    }),
    { isTTY, columns },
  );
  return { terminal: { out: error, error }, written: () => text };
}

const at = (done: number) => ({ label: "train", done, total: 1000, unit: "examples" });

describe("ProgressPrinter", () => {
  it("shows share, rate and time left", () => {
    const { terminal, written } = screen(false);
    let now = 1_000_000;
    const printer = new ProgressPrinter(terminal, () => now);
    printer.show(at(0));
    now += 10_000;
    printer.show({ ...at(250), detail: "epoch 1" });
    expect(written().split("\n")[1]).toBe(
      "train     ██████░░░░░░░░░░░░░░░░░░  25 %  25.0 examples/s  30.0 s left  epoch 1",
    );
  });

  it("counts the rate from where a resumed training started", () => {
    const { terminal, written } = screen(false);
    let now = 1_000_000;
    const printer = new ProgressPrinter(terminal, () => now);
    printer.show(at(500));
    now += 10_000;
    printer.show(at(750));
    expect(written()).toContain("25.0 examples/s  10.0 s left");
  });

  it("writes a plain line every five seconds and the last one, elsewhere than on a terminal", () => {
    const { terminal, written } = screen(false);
    let now = 1_000_000;
    const printer = new ProgressPrinter(terminal, () => now);
    for (let done = 0; done <= 1000; done += 10, now += 100) printer.show(at(done));
    const lines = written().trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines.at(-1)).toContain("100 %");
    expect(written()).not.toContain("\u001b");
  });

  it("redraws one line on a terminal, no wider than it, and takes it away", () => {
    const { terminal, written } = screen(true, 40);
    let now = 0;
    const printer = new ProgressPrinter(terminal, () => now);
    for (const done of [0, 400, 800]) {
      now += 500;
      printer.show(at(done));
    }
    printer.line("epoch 1: done");
    const parts = written().split("\r\u001b[2K");
    expect(parts.slice(1, 4).every((part) => part.length <= 39)).toBe(true);
    expect(parts.at(-1)).toBe("epoch 1: done\n");
  });
});
