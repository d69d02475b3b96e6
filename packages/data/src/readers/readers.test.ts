import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  decodeImage,
  encodePng,
  readCsv,
  readIdx,
  readImageFolder,
  readJsonLines,
  readParquet,
  readText,
  readTsv,
  readWav,
} from "./index.ts";

const shared = new URL("../../../../../shared/", import.meta.url);
const sharedIsHere = existsSync(shared);
if (!sharedIsHere) console.log(`Skipped: no reference data at ${shared.pathname}`);
const bytes = (text: string) => new TextEncoder().encode(text);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-readers-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("readIdx", () => {
  const header = (type: number, ...shape: number[]) => [
    0,
    0,
    type,
    shape.length,
    ...shape.flatMap((size) => [0, 0, 0, size]),
  ];

  it("reads every type, big-endian, gzipped or not", async () => {
    const file = Uint8Array.from([...header(11, 2, 2), 0, 1, 255, 255, 1, 0, 128, 0]);
    for (const source of [file, new Uint8Array(gzipSync(file)), new Blob([file])]) {
      const { shape, records } = await readIdx(source);
      expect(shape).toEqual([2, 2]);
      expect((await records.toArray()).map((record) => [...record])).toEqual([
        [1, -1],
        [256, -32768],
      ]);
    }
  });

  it.each([
    [
      "nothing",
      [],
      "expected an IDX file, which starts with 00 00, a type and the number of dimensions. Received nothing.",
    ],
    ["another format", [1, 2, 3, 4], "Received 01 02 03 04."],
    ["an unknown type", header(7, 1), "Received 00 00 07 01."],
    ["a cut header", [0, 0, 8, 3, 0, 0], "expected 3 dimensions in the header. Received a file of 6 bytes."],
    [
      "too few values",
      [...header(8, 3), 1, 2],
      "expected 11 bytes for 3 values of type unsigned byte. Received 10: the file is cut off.",
    ],
    ["too many values", [...header(8, 1), 1, 2], "the file is longer than it says"],
  ])("refuses %s", async (_, file, message) => {
    await expect(readIdx(Uint8Array.from(file))).rejects.toThrow(message);
  });

  it.skipIf(!sharedIsHere)("reads MNIST", async () => {
    const images = await readIdx(new URL("data/mnist/t10k-images-idx3-ubyte.gz", shared));
    const labels = await readIdx(new URL("data/mnist/t10k-labels-idx1-ubyte.gz", shared));
    expect(images.shape).toEqual([10_000, 28, 28]);
    expect([...labels.values.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  });

  it("names a file that is not there, and damaged gzip", async () => {
    await expect(readIdx(join(folder, "none.gz"))).rejects.toThrow(
      /Expected a file at .*none\.gz\. There is no such file\./,
    );
    const packed = gzipSync(Uint8Array.from([...header(8, 200), ...Array(200).keys()]));
    await expect(readIdx(new Uint8Array(packed.subarray(0, -20)))).rejects.toThrow(
      "the gzip data is damaged or cut off",
    );
  });
});

describe("readCsv", () => {
  it("reads quotes, numbers, missing values and either line end", async () => {
    const text = 'name,age,note\r\nAnn,31,"a ""quoted"", cell"\r\nBob,?,"two\nlines"\n';
    expect(await readCsv(bytes(text), { missing: ["?", ""] }).toArray()).toEqual([
      { name: "Ann", age: 31, note: 'a "quoted", cell' },
      { name: "Bob", age: null, note: "two\nlines" },
    ]);
    expect(await readTsv(bytes("1\tx\n2\ty\n"), { columns: ["n", "t"], numbers: [] }).toArray()).toEqual([
      { n: "1", t: "x" },
      { n: "2", t: "y" },
    ]);
  });

  it("continues at a position", async () => {
    const rows = readCsv(bytes("n\n1\n2\n3\n"));
    const cursor = rows.open();
    await cursor.next();
    const rest = rows.open(cursor.position());
    expect((await rest.next()).value).toEqual({ n: 2 });
    await cursor.close();
    await rest.close();
  });

  it.each([
    [
      "a short record",
      "a,b\n1,2\n3\n",
      {},
      'record 2: expected 2 cells. Received 1; "b" is the first that is missing.',
    ],
    ["a long record", "a,b\n1,2,9\n", {}, 'record 1: expected 2 cells. Received 3; the first without a column is "9".'],
    ["a quote left open", 'a,b\n1,"2\n', {}, /line \d+: .*quote/i],
    ["text for a number", "a,b\n1,x\n", { numbers: ["b"] }, 'record 1, column "b": expected a number. Received "x".'],
    ["a column named twice", "a,a\n", {}, 'names the column "a" twice'],
  ])("refuses %s", async (_, text, options, message) => {
    await expect(readCsv(bytes(text), options).toArray()).rejects.toThrow(message);
  });

  it.skipIf(!sharedIsHere)("reads Adult", async () => {
    const rows = await readCsv(new URL("data/tabular/adult-train.csv.gz", shared), {
      columns: Array.from({ length: 15 }, (_, index) => `c${index}`),
      trim: true,
      missing: ["?"],
    }).toArray();
    expect(rows.length).toBe(32_561);
    expect(rows[0]).toMatchObject({ c0: 39, c1: "State-gov" });
  });
});

describe("readJsonLines and readText", () => {
  it("reads values and lines across chunks", async () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => JSON.stringify({ index, 字: "é" }));
    const file = new Uint8Array(gzipSync(lines.join("\n")));
    const values = await readJsonLines(file).toArray();
    expect(values).toHaveLength(30_000);
    expect(values[29_999]).toEqual({ index: 29_999, 字: "é" });
    expect((await readText(file).toArray())[7]).toBe(lines[7]);
  });

  it("names the line at fault", async () => {
    await expect(readJsonLines(bytes('{"a":1}\n\n{"a":\n')).toArray()).rejects.toThrow("bytes, line 3: expected JSON.");
    await expect(readText(Uint8Array.from([97, 10, 0xff, 10])).toArray()).rejects.toThrow("expected UTF-8");
  });
});

describe("readParquet", () => {
  it("reads rows of several row groups, and continues at a position", async () => {
    const file = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "n", data: [1, 2, 3, 4], type: "INT32" },
          { name: "t", data: ["a", null, "c", "d"], type: "STRING" },
        ],
        rowGroupSize: 2,
      }),
    );
    const rows = readParquet(file);
    expect(await rows.toArray()).toEqual([
      { n: 1, t: "a" },
      { n: 2, t: null },
      { n: 3, t: "c" },
      { n: 4, t: "d" },
    ]);
    expect((await rows.open(3).next()).value).toEqual({ n: 4, t: "d" });
    await writeFile(join(folder, "cut.parquet"), file.subarray(0, file.length - 9));
    await expect(readParquet(join(folder, "cut.parquet")).toArray()).rejects.toThrow(
      "cut.parquet: expected a Parquet file.",
    );
  });

  it("names record and column of what is neither text nor number", async () => {
    const columnData = [{ name: "big", data: [1n, 2n ** 60n], type: "INT64" as const }];
    await expect(readParquet(new Uint8Array(parquetWriteBuffer({ columnData }))).toArray()).rejects.toThrow(
      'bytes, record 2, column "big": expected text or a number.',
    );
  });
});

describe("decodeImage", () => {
  const image = { height: 3, width: 2, channels: 3, pixels: Uint8Array.from({ length: 18 }, (_, index) => index * 13) };

  it.each(["sharp", "plain"] as const)("gives back the pixels of a PNG (%s)", async (decoder) => {
    for (const channels of [1, 3, 4]) {
      const picture = { ...image, channels, pixels: image.pixels.slice(0, 6 * Math.min(channels, 3)) };
      if (channels === 4) picture.pixels = Uint8Array.from({ length: 24 }, (_, index) => 255 - index);
      expect(await decodeImage(await encodePng(picture), { decoder })).toEqual(picture);
    }
  });

  it.each(["sharp", "plain"] as const)("refuses what is no picture, or a damaged one (%s)", async (decoder) => {
    await expect(decodeImage(bytes("GIF89a"), { decoder, name: "a.gif" })).rejects.toThrow(
      "a.gif: expected a PNG or JPEG. Received bytes that start with 47 49 46 38.",
    );
    const png = await encodePng({ ...image, height: 1, width: 6 });
    await expect(decodeImage(png.subarray(0, png.length - 30), { decoder })).rejects.toThrow(
      "the PNG is damaged or cut off",
    );
  });

  it.skipIf(!sharedIsHere).each(["sharp", "plain"] as const)(
    "agrees with Pillow on a photograph (%s)",
    async (decoder) => {
      const { items } = JSON.parse(await readFile(new URL("golden/images/images.json", shared), "utf8")) as {
        items: { file: string; shape: number[]; mean_rgb: number[]; px_240_320: number[] }[];
      };
      const expected = items[0]!;
      const { height, width, channels, pixels } = await decodeImage(
        await readFile(new URL(`golden/images/${expected.file}`, shared)),
        { decoder },
      );
      expect([height, width, channels]).toEqual(expected.shape);
      for (const channel of [0, 1, 2]) {
        let sum = 0;
        for (let at = channel; at < pixels.length; at += 3) sum += pixels[at]!;
        expect(Math.abs(sum / (height * width) - expected.mean_rgb[channel]!)).toBeLessThan(0.5);
        expect(
          Math.abs(pixels[(240 * width + 320) * 3 + channel]! - expected.px_240_320[channel]!),
        ).toBeLessThanOrEqual(2);
      }
    },
  );

  it("reads folders of pictures, a class each, and names a damaged file", async () => {
    const root = join(folder, "pictures");
    for (const name of ["cat", "dog"]) {
      await mkdir(join(root, name), { recursive: true });
      await writeFile(join(root, name, "1.png"), await encodePng(image));
    }
    const { classes, images } = await readImageFolder(root);
    expect(classes).toEqual(["cat", "dog"]);
    expect(await images.toArray()).toEqual([
      { image, label: 0, key: "cat/1.png" },
      { image, label: 1, key: "dog/1.png" },
    ]);
    await writeFile(join(root, "dog", "2.jpg"), "not a picture");
    await expect((await readImageFolder(root)).images.toArray()).rejects.toThrow(/dog.2\.jpg: expected a PNG or JPEG/);
    await expect(readImageFolder(join(root, "cat"))).rejects.toThrow(
      "Expected two or more folders with PNG or JPEG files",
    );
    await expect(readImageFolder(join(root, "none"))).rejects.toThrow("Expected a folder with one folder per class");
  });
});

describe("readWav", () => {
  const wav = (format: { coding: number; bits: number; channels: number }, data: number[]) => {
    const file = new DataView(new ArrayBuffer(44 + data.length));
    const write = (at: number, text: string) =>
      [...text].forEach((letter, index) => file.setUint8(at + index, letter.charCodeAt(0)));
    write(0, "RIFF");
    file.setUint32(4, 36 + data.length, true);
    write(8, "WAVEfmt ");
    file.setUint32(16, 16, true);
    file.setUint16(20, format.coding, true);
    file.setUint16(22, format.channels, true);
    file.setUint32(24, 8000, true);
    file.setUint16(34, format.bits, true);
    write(36, "data");
    file.setUint32(40, data.length, true);
    new Uint8Array(file.buffer).set(data, 44);
    return new Uint8Array(file.buffer);
  };

  it.each([
    [8, [0, 128, 255], [-1, 0, 127 / 128]],
    [16, [0, 128, 0, 64], [-1, 0.5]],
    [24, [0, 0, 128, 1, 0, 64], [-1, 0.5 + 2 ** -23]],
    [32, [0, 0, 0, 128, 0, 0, 0, 64], [-1, 0.5]],
  ])("reads PCM of %i bits", async (bits, data, samples) => {
    const { sampleRate, channels } = await readWav(wav({ coding: 1, bits, channels: 1 }, data));
    expect(sampleRate).toBe(8000);
    expect([...channels[0]!]).toEqual(samples.map(Math.fround));
  });

  it("separates channels and reads floats", async () => {
    const floats = new Uint8Array(Float32Array.of(0.25, -0.5, 1, 0).buffer);
    const { channels } = await readWav(wav({ coding: 3, bits: 32, channels: 2 }, [...floats]));
    expect(channels.map((channel) => [...channel])).toEqual([
      [0.25, 1],
      [-0.5, 0],
    ]);
  });

  it("says what is wrong", async () => {
    const good = wav({ coding: 1, bits: 16, channels: 1 }, [0, 0, 1, 1]);
    await expect(readWav(bytes("OggS"))).rejects.toThrow("expected a WAV file");
    await expect(readWav(good.subarray(0, -2))).rejects.toThrow(
      'expected 4 bytes in chunk "data". Received 2: the file is cut off.',
    );
    await expect(readWav(wav({ coding: 2, bits: 4, channels: 1 }, []))).rejects.toThrow("Received coding 2 of 4 bits");
    await expect(readWav(good.subarray(0, 36))).rejects.toThrow('expected a "data" chunk');
  });

  it.skipIf(!sharedIsHere)("reads LJ Speech", async () => {
    const { sampleRate, channels } = await readWav(new URL("golden/audio/LJ001-0008.wav", shared));
    expect(sampleRate).toBe(22_050);
    expect(channels).toHaveLength(1);
    expect(channels[0]!.length).toBeGreaterThan(30_000);
    expect(Math.max(...channels[0]!)).toBeLessThanOrEqual(1);
  });
});
