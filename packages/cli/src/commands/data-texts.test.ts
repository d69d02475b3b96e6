import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { program } from "../program.ts";

let folder: string;
const prose = (topic: string) =>
  `It was said of the ${topic} that it would be with us for ever, and nobody who had to do with it would have thought ` +
  `of another. People went to the market, bought bread and fruit, and came home before the rain. The ${topic} stood ` +
  "where it always stood, a little older each year, somewhat greyer than the houses around it, and yet loved.";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-cli-texts-"));
  const texts = [
    `<nav><a href="/">Home</a></nav><p>${prose("tower")} Write to jane@example.com.</p>`,
    prose("bridge"),
    prose("bridge").replace("bread and fruit", "bread and cheese"),
    prose("bridge"),
    "too short",
    "Das ist ein deutscher Text, der hier nichts zu suchen hat, weil nur englische Texte behalten werden sollen.",
  ];
  await writeFile(join(folder, "in.jsonl"), texts.map((text, id) => `${JSON.stringify({ id, text })}\n`).join(""));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function nacre(...parameters: string[]): Promise<string> {
  let text = "";
  const stream = () =>
    new Writable({
      write(chunk, _, done) {
        text += chunk;
        done();
      },
    });
  const out = stream();
  const error = new Writable({ write: (_, __, done) => done() });
  await program({ terminal: { out, error }, signal: new AbortController().signal }).parseAsync([
    "node",
    "nacre",
    ...parameters,
  ]);
  return text;
}

describe("nacre data, on texts", () => {
  it("cleans, and reports what is left", async () => {
    const out = join(folder, "clean", "texts.jsonl");
    const report = join(folder, "clean", "texts.html");
    const printed = await nacre(
      ...[
        "data",
        "clean",
        join(folder, "in.jsonl"),
        "-o",
        out,
        "--languages",
        "en",
        "--report",
        report,
        "--language",
        "zh",
        "--json",
      ],
    );
    const summary = JSON.parse(printed);
    expect([summary.documents, summary.kept]).toEqual([6, 3]);
    expect(summary.cleaning).toContainEqual({ reason: "in language de", action: "dropped", count: 1 });
    expect(summary.cleaning).toContainEqual({ reason: "gopher_short_doc", action: "dropped", count: 1 });
    expect(summary.cleaning).toContainEqual({ reason: "personal data: email", action: "changed", count: 1 });
    const lines = (await readFile(out, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ id }) => id)).toEqual([0, 1, 2]);
    expect(lines[0].text).toBe(`${prose("tower")} Write to <EMAIL>.`);
    const page = await readFile(report, "utf8");
    expect(page).toContain("清洗前后");
    expect(page).toContain("&#60;EMAIL&#62;");
    expect((await readdir(join(folder, "clean"))).sort()).toEqual(["texts.html", "texts.jsonl"]);
  });

  it("keeps the first of near-duplicates and says which they are", async () => {
    const [out, groups] = [join(folder, "unique.jsonl"), join(folder, "groups.jsonl")];
    const printed = await nacre(
      ...["data", "dedup", join(folder, "in.jsonl"), "-o", out, "--groups", groups, "--workers", "0", "--json"],
    );
    expect(JSON.parse(printed)).toMatchObject({ documents: 6, kept: 4, duplicates: 2, groups: 1 });
    const path = join(folder, "in.jsonl");
    expect(JSON.parse(await readFile(groups, "utf8"))).toEqual([`${path}#1`, `${path}#2`, `${path}#3`]);
  });

  it("reports files as JSON", async () => {
    const report = JSON.parse(await nacre("data", "report", join(folder, "in.jsonl"), "--json"));
    expect([report.records, report.duplicates.within]).toEqual([6, 1]);
    expect(report.texts.personalData).toEqual([{ name: "email", count: 1, texts: 1 }]);
  });
});
