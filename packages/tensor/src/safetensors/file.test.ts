import { mkdtemp, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeSafetensors, type NamedTensorData } from "../safetensors.ts";
import { openSafetensors, writeSafetensors } from "./file.ts";
import { fromFloat32 } from "./values.ts";

const folder = await mkdtemp(join(tmpdir(), "safetensors-"));
let files = 0;
const newPath = () => join(folder, `${files++}.safetensors`);

const tensors: NamedTensorData[] = [
  { name: "bytes", dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) },
  { name: "weight", dtype: "F32", shape: [2, 1], data: fromFloat32(Float32Array.of(5, 6), "F32") },
];

describe("writeSafetensors and openSafetensors", () => {
  it("write the bytes of encodeSafetensors and read tensors one by one", async () => {
    const path = newPath();
    await writeSafetensors(path, tensors, { step: "7" });
    expect(new Uint8Array(await readFile(path))).toEqual(encodeSafetensors(tensors, { step: "7" }));
    const file = await openSafetensors(path);
    expect(file.metadata).toEqual({ step: "7" });
    expect([...file.tensors.keys()]).toEqual(["bytes", "weight"]);
    const { name: _, ...weight } = tensors[1]!;
    expect(await file.read("weight")).toEqual(weight);
    await expect(file.read("bias")).rejects.toThrow('Received "bias"');
    await file.close();
  });

  it("hold one tensor at a time when data is a function, and take async iterables", async () => {
    const path = newPath();
    const made: string[] = [];
    async function* lazily() {
      for (const tensor of tensors) {
        const data = async () => {
          made.push(tensor.name);
          return tensor.data;
        };
        yield { ...tensor, data };
      }
    }
    await writeSafetensors(path, lazily());
    expect(made).toEqual(["weight", "bytes"]);
    expect(new Uint8Array(await readFile(path))).toEqual(encodeSafetensors(tensors));
  });

  it("leave the old file and nothing else when writing fails", async () => {
    const path = newPath();
    await writeSafetensors(path, tensors);
    const before = await readFile(path);
    const failing = [...tensors, { name: "late", dtype: "F32", shape: [1], data: () => new Uint8Array(3) } as const];
    await expect(writeSafetensors(path, failing)).rejects.toThrow('Expected 4 bytes for "late" (F32 [1])');
    expect(await readFile(path)).toEqual(before);
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("refuse a damaged file by name, and one that is cut while open", async () => {
    const path = newPath();
    await writeSafetensors(path, tensors);
    const file = await openSafetensors(path);
    const { size } = await (await import("node:fs/promises")).stat(path);
    await truncate(path, size - 1);
    await expect(file.read("bytes")).rejects.toThrow("the file was cut");
    await file.close();
    await expect(openSafetensors(path)).rejects.toThrow(path);
    await writeFile(path, new Uint8Array(8).fill(255));
    const before = process.memoryUsage().arrayBuffers;
    await expect(openSafetensors(path)).rejects.toThrow("a header of at most 100000000 bytes");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
});
