import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CatalogueEntry } from "./entry.ts";
import { type FetchProgress, fetchDataset } from "./fetch-dataset.ts";

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31 + (index >> 8)) & 255));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let server: Server;
let base: string;
let folder: string;
let requests: { path: string; range: string | undefined }[] = [];

/** /good answers ranges; /plain never does; /broken ends early; /slow stops half way; /other has other bytes. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push({ path, range: request.headers.range });
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (path === "/missing") response.writeHead(404).end("no");
    else if (path === "/other") response.end(Buffer.alloc(content.length));
    else if (path === "/plain") response.end(content);
    else if (path === "/slow" || (path === "/broken" && from === 0)) {
      response.writeHead(200, { "content-length": content.length });
      response.write(
        content.subarray(0, 100_000),
        () => path === "/broken" && setTimeout(() => response.destroy(), 50),
      );
    } else if (from > 0) {
      const range = `bytes ${from}-${content.length - 1}/${content.length}`;
      response.writeHead(206, { "content-range": range }).end(content.subarray(from));
    } else response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nacre-catalogue-"));
  requests = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (path: string): CatalogueEntry => ({
  name: "sample",
  title: "Sample",
  task: "none",
  size: "one file",
  licence: "CC0",
  homepage: "http://example.org/sample",
  citation: "nobody",
  files: [{ name: "a.bin", url: base + path, sha256: sha256(content), bytes: content.length, mirror: "sub/a.bin" }],
});
const cache = () => join(folder, "cache");
const from = (path: string, more: object = {}) => fetchDataset(entry(path), { cache: cache(), mirror: null, ...more });
const cached = () => readdirSync(join(cache(), "sample"));

describe("fetchDataset", () => {
  it("downloads once, tells its progress, and finds the file in the cache afterwards", async () => {
    const progress: FetchProgress[] = [];
    const first = await from("/good", { progress: (each: FetchProgress) => progress.push(each) });
    expect(content.equals(readFileSync(first.files["a.bin"]!))).toBe(true);
    expect(first).toMatchObject({ name: "sample", folder: join(cache(), "sample"), from: { "a.bin": "network" } });
    expect(progress.at(-1)).toEqual({ file: "a.bin", done: content.length, total: content.length });
    expect((await from("/good")).from).toEqual({ "a.bin": "cache" });
    expect(requests).toHaveLength(1);
    expect(cached()).toEqual(["a.bin"]);
  });

  it("continues a broken download where it ended", async () => {
    await expect(from("/broken")).rejects.toThrow(`Could not download ${base}/broken: `);
    expect(cached()).toEqual([`a.bin.part-${process.pid}`]);
    const second = await from("/broken");
    expect(requests[1]!.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(content.equals(readFileSync(second.files["a.bin"]!))).toBe(true);
    expect(cached()).toEqual(["a.bin"]);
  });

  it("takes over the part of a process that is gone", async () => {
    mkdirSync(join(cache(), "sample"), { recursive: true });
    writeFileSync(join(cache(), "sample", "a.bin.part-999999999"), content.subarray(0, 7));
    const { files } = await from("/good");
    expect(requests[0]!.range).toBe("bytes=7-");
    expect(content.equals(readFileSync(files["a.bin"]!))).toBe(true);
    expect(cached()).toEqual(["a.bin"]);
  });

  it("starts again where the server does not know ranges", async () => {
    mkdirSync(join(cache(), "sample"), { recursive: true });
    writeFileSync(join(cache(), "sample", `a.bin.part-${process.pid}`), "garbage");
    expect(content.equals(readFileSync((await from("/plain")).files["a.bin"]!))).toBe(true);
  });

  it("refuses other bytes, on the network, in the cache and in the mirror, and keeps nothing of them", async () => {
    await expect(from("/other")).rejects.toThrow(
      `${base}/other is not the file of the catalogue: expected 300000 bytes`,
    );
    expect(cached()).toEqual([]);
    writeFileSync(join(cache(), "sample", "a.bin"), "damaged");
    await expect(from("/good")).rejects.toThrow("Received 7 bytes with");
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "a.bin"), "damaged");
    await expect(from("/good", { mirror: folder })).rejects.toThrow(`${join(folder, "sub", "a.bin")} is not the file`);
    expect(requests).toHaveLength(1);
  });

  it("says what to do without a network", async () => {
    await expect(from("/missing")).rejects.toThrow(
      "the server answered 404 Not Found. Without a network, set NACRE_MIRROR",
    );
    const gone = { ...entry("/"), files: [{ ...entry("/").files[0]!, url: "http://127.0.0.1:9/x" }] } as CatalogueEntry;
    await expect(fetchDataset(gone, { cache: cache(), mirror: null })).rejects.toThrow(
      `put the file at ${join(cache(), "sample", "a.bin")} (300000 bytes, sha256 ${sha256(content)}).`,
    );
    await expect(fetchDataset("mnits")).rejects.toThrow('Received "mnits".');
  });

  it("stops when told and keeps what came", async () => {
    const stop = new AbortController();
    const fetching = from("/slow", { signal: stop.signal, progress: () => stop.abort(new Error("enough")) });
    await expect(fetching).rejects.toThrow("enough");
    expect(cached()).toEqual([`a.bin.part-${process.pid}`]);
  });

  it("prefers the mirror, also where it packs the records otherwise", async () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "a.bin"), content);
    const same = await from("/good", { mirror: folder });
    expect(same.files["a.bin"]).toBe(join(folder, "sub", "a.bin"));
    const packed = Buffer.from("packed");
    writeFileSync(join(folder, "sub", "a.gz"), packed);
    const mirror = { path: "sub/a.gz", sha256: sha256(packed), bytes: packed.length };
    const { files } = await fetchDataset(
      { ...entry("/good"), files: [{ ...entry("/good").files[0]!, mirror }] } as CatalogueEntry,
      { cache: cache(), mirror: folder },
    );
    expect(files["a.bin"]).toBe(join(folder, "sub", "a.gz"));
    const only = { ...entry("/good"), files: [{ name: "a.gz", mirror }] };
    expect((await fetchDataset(only, { cache: cache(), mirror: folder })).from).toEqual({ "a.gz": "mirror" });
    await expect(fetchDataset(only, { cache: cache(), mirror: null })).rejects.toThrow(
      `Set NACRE_MIRROR to a folder that has sub/a.gz, or put that file at ${join(cache(), "sample", "a.gz")}.`,
    );
    expect(requests).toHaveLength(0);
    expect(existsSync(join(cache(), "sample"))).toBe(false);
  });
});
