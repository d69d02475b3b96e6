import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL("../examples", import.meta.url));
const mirror = process.env.NACRE_MIRROR;

async function run(name: string): Promise<string> {
  const parameters = ["--conditions=@nacre/source", "--import", "tsx", `${folder}/${name}.ts`];
  return (await promisify(execFile)(process.execPath, parameters, { cwd: folder })).stdout;
}

const percent = (text: string): number => Number(text.match(/([\d.]+) % of [\d,]+ (new digits|test images)/)?.[1]);

if (!mirror) console.log("Skipped: the MNIST example needs NACRE_MIRROR, a folder with its files");

/** What each example says when it works. */
const expectations: Record<string, (output: string) => void> = {
  "fine-tune": (output) => {
    const told = (name: string) => {
      const numbers = output.match(new RegExp(`${name}: right of the trained (\\d+) .*; whole sentences (\\d+) of 20`));
      return { right: Number(numbers?.[1]), whole: Number(numbers?.[2]) };
    };
    expect(told("base").right).toBeLessThan(3);
    expect(told("fine-tuned").right).toBeGreaterThan(9);
    expect(output).toContain("the adapter from its folder answers the same: true");
    expect(told("after DPO").whole).toBeGreaterThan(Math.max(16, told("fine-tuned").whole));
  },
  generate: (output) => {
    expect(output).toMatch(/free: (\d{4}-\d{2}-\d{2} ?)+/);
    expect(output).toMatch(/1999: 1999-\d{2}-\d{2}/);
    expect(JSON.parse(output.match(/JSON: (.*)/)![1]!)).toEqual({ day: expect.any(Number) });
  },
  "layers-model": (output) => expect(percent(output)).toBeGreaterThan(90),
  mnist: (output) => expect(percent(output)).toBeGreaterThan(97.5),
  pretrained: (output) => expect(output).toContain("Up above the world so high, like a diamond"),
  stream: (output) => expect(output).toContain("the same batch: true"),
  table: (output) => expect(output).toMatch(/1500 rows.*1 × duplicate row[\s\S]*p [=<][\s\S]*yes: '[01]\.\d{3}'/),
};

describe("examples", () => {
  it("are all tried here", async () => {
    const files = (await readdir(folder)).filter((name) => name.endsWith(".ts"));
    expect(files.map((name) => name.replace(".ts", "")).sort()).toEqual(Object.keys(expectations).sort());
  });

  for (const [name, check] of Object.entries(expectations)) {
    it.skipIf(name === "mnist" && !mirror)(name, async () => check(await run(name)));
  }
});
