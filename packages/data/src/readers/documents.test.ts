import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDocuments, readDuckdb, writeJsonLines } from "./index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-documents-"));
  await mkdir(join(folder, "a", "b"), { recursive: true });
  await writeFile(join(folder, "a", "one.txt"), "first\ntext");
  await writeFile(join(folder, "a", "b", "page.html"), "<p>页面</p>");
  await writeFile(join(folder, "a", ".hidden.txt"), "never");
  await writeFile(join(folder, "a", "picture.png"), "never");
  await writeFile(join(folder, "lines.jsonl.gz"), gzipSync('{"text":"x","id":7,"extra":[1]}\n\n{"text":"y","id":8}\n'));
  await writeFile(join(folder, "table.csv"), "id,text\n1,007\n2,b\n");
  const columns = [{ name: "text", data: ["p", "q"] as string[] }];
  await writeFile(join(folder, "rows.parquet"), new Uint8Array(parquetWriteBuffer({ columnData: columns })));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("readDocuments", () => {
  const texts = async (source: string | string[], options = {}) =>
    (await (await readDocuments(source, options)).toArray()).map(({ text }) => text);

  it("reads a folder, in order of the paths", async () => {
    expect(await texts(folder)).toEqual(["<p>页面</p>", "first\ntext", "x", "y", "p", "q", "007", "b"]);
    expect(await texts(folder, { extensions: ["txt"] })).toEqual(["first\ntext"]);
  });

  it("reads patterns and lists", async () => {
    expect(await texts(join(folder, "**", "*.{txt,html}"))).toEqual(["<p>页面</p>", "first\ntext"]);
    expect(await texts(join(folder, "*.csv"))).toEqual(["007", "b"]);
    expect(await texts([join(folder, "t?ble.csv"), join(folder, "a", "one.txt")])).toEqual(["007", "b", "first\ntext"]);
  });

  it("keeps what else a record holds, and names it", async () => {
    const path = join(folder, "lines.jsonl.gz");
    expect(await (await readDocuments(path, { keyField: "id" })).take(1).toArray()).toEqual([
      { text: "x", id: 7, extra: [1], key: "7" },
    ]);
    expect((await (await readDocuments(path)).toArray()).map(({ key }) => key)).toEqual([`${path}#0`, `${path}#1`]);
  });

  it("goes on where it stood", async () => {
    const documents = await readDocuments(folder);
    const all = await documents.toArray();
    for (let stop = 0; stop <= all.length; stop++) {
      const cursor = documents.open();
      for (let at = 0; at < stop; at++) await cursor.next();
      const rest = documents.open(JSON.parse(JSON.stringify(cursor.position())));
      const result = await rest.next();
      expect(result.value?.text).toBe(all[stop]?.text);
    }
  });

  it("says what is wrong", async () => {
    await expect(readDocuments(join(folder, "none"))).rejects.toThrow("There is nothing at");
    await expect(readDocuments(join(folder, "*.doc"))).rejects.toThrow("None there are of a kind");
    await expect(readDocuments(join(folder, "a", "picture.png"))).rejects.toThrow("Expected a file that ends in txt,");
    await expect(texts(join(folder, "table.csv"), { field: "body" })).rejects.toThrow(
      /table\.csv, record 1: expected text in "body"\. Received nothing; the record has id, text\./,
    );
  });
});

describe("writeJsonLines", () => {
  it("writes whole files or none", async () => {
    const path = join(folder, "out", "texts.jsonl");
    expect(await writeJsonLines(path, [{ text: "a" }, { text: "二" }])).toBe(2);
    expect(await readFile(path, "utf8")).toBe('{"text":"a"}\n{"text":"二"}\n');
    const broken = async function* () {
      yield { text: "new" };
      throw new Error("No more.");
    };
    await expect(writeJsonLines(path, broken())).rejects.toThrow("No more.");
    expect(await readdir(join(folder, "out"))).toEqual(["texts.jsonl"]);
    expect(await readFile(path, "utf8")).toContain("二");
  });
});

const duckdb = await import("@duckdb/node-api").then(
  () => true,
  () => false,
);
if (!duckdb) console.log("Skipped: @duckdb/node-api cannot be loaded here");

describe.skipIf(!duckdb)("readDuckdb", () => {
  it("reads files by a query, in batches, within a limit of memory", async () => {
    const rows = readDuckdb("SELECT i AS id, repeat('text ', 20) || i AS text FROM range($1) t(i) ORDER BY hash(i)", {
      parameters: [200_000],
      memory: "64MB",
      spill: join(folder, "spill"),
      threads: 2,
    });
    const seen = new Set<unknown>();
    for await (const { id, text } of rows) {
      seen.add(id);
      if (seen.size === 1) expect(text).toBe(`${"text ".repeat(20)}${id}`);
    }
    expect(seen.size).toBe(200_000);
  });

  it("reads Parquet, CSV and JSON, and goes on where it stood", async () => {
    const query = `SELECT text FROM '${join(folder, "rows.parquet")}' UNION ALL SELECT text FROM read_csv('${join(folder, "table.csv")}', all_varchar=true) ORDER BY text`;
    const rows = readDuckdb(query);
    expect((await rows.toArray()).map(({ text }) => text)).toEqual(["007", "b", "p", "q"]);
    expect((await rows.open(2).next()).value).toEqual({ text: "p" });
  });

  it("makes rows of numbers, texts and nulls", async () => {
    const query =
      "SELECT 1::BIGINT a, true b, NULL c, 1.5::DOUBLE d, DATE '2026-01-02' e, 2.50::DECIMAL(4,2) f, [1,2] g, 1 a";
    expect(await readDuckdb(query).toArray()).toEqual([
      { a: 1, b: 1, c: null, d: 1.5, e: "2026-01-02", f: "2.50", g: "[1, 2]", "a:1": 1 },
    ]);
    await expect(readDuckdb("SELECT 9007199254740993::BIGINT a").toArray()).rejects.toThrow(
      'column "a": expected a number, text or null. Received the integer 9007199254740993',
    );
    await expect(readDuckdb("SELECT nothing").toArray()).rejects.toThrow("DuckDB refused the query: ");
  });
});
