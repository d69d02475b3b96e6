import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { addFlags } from "./flags.ts";

const Options = z.object({
  maxBatch: z.int().min(1).default(32).describe("most inputs"),
  level: z.enum(["info", "silent"]).default("info").describe("what to log"),
  host: z.string().optional().describe("address"),
  quiet: z.boolean().default(false).describe("say nothing"),
});

function parse(...words: string[]): { options: Record<string, unknown>; help: string } {
  const command = new Command("test").exitOverride().configureOutput({ writeErr: () => {} });
  addFlags(command, Options);
  command.parse(words, { from: "user" });
  return { options: command.opts(), help: command.helpInformation() };
}

describe("addFlags", () => {
  it("makes an option of every field, with its description and default", () => {
    const { options, help } = parse();
    expect(options).toEqual({ maxBatch: 32, level: "info", quiet: false });
    expect(help).toMatch(/--max-batch <number> +most inputs \(default: 32\)/);
    expect(help).toMatch(/--level <text> +what to log/);
    expect(help).toMatch(/--quiet +say nothing/);
  });

  it("gives values of the field's type", () => {
    expect(parse("--max-batch", "8", "--level", "silent", "--host", "0.0.0.0", "--quiet").options).toEqual({
      maxBatch: 8,
      level: "silent",
      host: "0.0.0.0",
      quiet: true,
    });
  });

  it.each([
    [["--max-batch", "many"], /--max-batch/],
    [["--max-batch", "0"], />=1/],
    [["--level", "loud"], /silent/],
  ])("refuses %j", (words, message) => {
    expect(() => parse(...words)).toThrow(message);
  });
});
