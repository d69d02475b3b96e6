import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NamedTensorData, parseSafetensors } from "@nacre/tensor";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BundleContents, inspectBundle, openBundle, writeBundle } from "./index.ts";

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "nacre-bundle-"));
  folder = join(root, "bundle");
});
afterEach(() => rm(root, { recursive: true }));

const tensor: NamedTensorData = {
  name: "output.weight",
  dtype: "F32",
  shape: [2, 3],
  data: new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer),
};

function contents(name = "first"): BundleContents {
  return {
    config: { family: "mlp", hidden: [8] },
    preprocessor: { mean: [0.5] },
    tensors: [tensor],
    card: `# ${name}\n`,
    manifest: {
      format: 1,
      name,
      task: "image-classification",
      created: "2024-05-06T07:08:09.000Z",
      code: { packages: { "@nacre/tasks": "1.0.0" } },
      recipe: { seed: 1 },
      seed: 1,
      steps: 10,
      data: [{ name: "digits", digest: "abc", records: 100 }],
      preparation: null,
      metrics: [{ name: "accuracy", value: 0.97, low: 0.96, high: 0.98 }],
    },
  };
}

async function editManifest(edit: (manifest: { files: Record<string, unknown> }) => void): Promise<void> {
  const path = join(folder, "nacre.json");
  const manifest = JSON.parse(await readFile(path, "utf8"));
  edit(manifest);
  await writeFile(path, JSON.stringify(manifest));
}

describe("writeBundle and openBundle", () => {
  it("lists and checks files in folders", async () => {
    const write = async (into: string) => {
      await mkdir(join(into, "1_Pooling"));
      await writeFile(join(into, "1_Pooling", "config.json"), "{}");
    };
    await writeBundle(folder, { ...contents(), write });
    expect(Object.keys((await openBundle(folder)).manifest.files)).toContain("1_Pooling/config.json");
    await writeFile(join(folder, "1_Pooling", "more.json"), "{}");
    const { files } = await inspectBundle(folder);
    expect(files.filter(({ status }) => status !== "intact").map(({ name }) => name)).toEqual(["1_Pooling/more.json"]);
    await writeFile(join(folder, "1_Pooling", "config.json"), "[]");
    await expect(openBundle(folder)).rejects.toThrow("1_Pooling/config.json: expected sha256");
  });

  it("gives back what was written, weights in shared memory", async () => {
    await writeBundle(folder, contents());
    const bundle = await openBundle(folder);
    expect(bundle.config).toEqual(contents().config);
    expect(bundle.preprocessor).toEqual(contents().preprocessor);
    expect(bundle.manifest).toMatchObject(contents().manifest);
    const weights = await bundle.weights();
    expect(weights.buffer).toBeInstanceOf(SharedArrayBuffer);
    const { metadata, tensors } = parseSafetensors(weights);
    expect(metadata).toEqual({ format: "pt" });
    expect([...tensors.get("output.weight")!.data]).toEqual([...tensor.data]);
    expect(await readdir(root)).toEqual(["bundle"]);
    expect((await readdir(folder)).sort()).toEqual(
      ["README.md", "config.json", "model.safetensors", "nacre.json", "preprocessor_config.json"].sort(),
    );
  });

  it("replaces a bundle and everything in it", async () => {
    await writeBundle(folder, contents());
    await writeFile(join(folder, "note.txt"), "mine");
    const { preprocessor: _none, ...rest } = contents("second");
    await writeBundle(folder, rest);
    const bundle = await openBundle(folder);
    expect([bundle.manifest.name, bundle.preprocessor]).toEqual(["second", undefined]);
    expect(await readdir(folder)).not.toContain("note.txt");
    expect(await readdir(root)).toEqual(["bundle"]);
  });

  it("keeps the old bundle when the new one is not valid", async () => {
    await writeBundle(folder, contents());
    const bad = contents("bad");
    const invalid = { ...bad, manifest: { ...bad.manifest, metrics: [{ name: "loss", value: Number.NaN }] } };
    await expect(writeBundle(folder, invalid)).rejects.toThrow("metrics.0.value");
    await expect(writeBundle(folder, { ...bad, tensors: [tensor, tensor] })).rejects.toThrow("output.weight");
    expect((await openBundle(folder)).manifest.name).toBe("first");
    expect(await readdir(root)).toEqual(["bundle"]);
  });

  it("lets several writers and readers meet", async () => {
    await writeBundle(folder, contents());
    const reading = Array.from({ length: 30 }, () => openBundle(folder));
    await Promise.all([..."abcdefghijklmnop"].map((name) => writeBundle(folder, contents(name))));
    for (const { manifest } of await Promise.all(reading)) expect(manifest.name).toMatch(/^(first|[a-p])$/);
    expect("abcdefghijklmnop").toContain((await openBundle(folder)).manifest.name);
    expect(await readdir(root)).toEqual(["bundle"]);
  });

  it("brings back the old bundle after a death between the two renames, and cleans up", async () => {
    await writeBundle(folder, contents());
    await rename(folder, join(root, ".bundle.old-99999999-1-0123456789ab"));
    await mkdir(join(root, ".bundle.new-99999999-1-0123456789ab"));
    expect((await openBundle(folder)).manifest.name).toBe("first");
    expect(await readdir(root)).toEqual(["bundle"]);
  });

  it("leaves alone what a living process is writing", async () => {
    const start = (await readFile(`/proc/${process.pid}/stat`, "utf8").catch(() => "")).split(") ")[1]?.split(" ")[19];
    const busy = `.bundle.new-${process.pid}-${start ?? 0}-0123456789ab`;
    await mkdir(join(root, busy));
    await mkdir(join(root, `.bundle.new-${process.pid}-5-0123456789ab`));
    await writeBundle(folder, contents());
    expect((await readdir(root)).sort()).toEqual([busy, "bundle"]);
  });
});

describe("openBundle refuses", () => {
  beforeEach(() => writeBundle(folder, contents()));

  it.each(["config.json", "model.safetensors", "preprocessor_config.json", "README.md"])(
    "a damaged %s",
    async (name) => {
      const bytes = await readFile(join(folder, name));
      bytes[bytes.length - 3]! ^= 1;
      await writeFile(join(folder, name), bytes);
      await expect(openBundle(folder)).rejects.toThrow(`${name}: expected sha256`);
      await appendFile(join(folder, name), "x");
      await expect(openBundle(folder)).rejects.toThrow(`${name}: expected ${bytes.length} bytes, received`);
      await rm(join(folder, name));
      await expect(openBundle(folder)).rejects.toThrow(`${name}: missing`);
    },
  );

  it("weights that change after it was opened", async () => {
    const bundle = await openBundle(folder);
    const path = join(folder, "model.safetensors");
    const bytes = await readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    await expect(bundle.weights()).rejects.toThrow("the file has changed since the bundle was opened");
  });

  it.each(["../secret", "/etc/passwd", "a/../b", "a/", "a//b", "a/.b", "..", ".hidden", "a\\b", ""])(
    "the file name %j",
    async (name) => {
      await editManifest((manifest) => {
        manifest.files[name] = { sha256: "0".repeat(64), bytes: 1 };
      });
      await expect(openBundle(folder)).rejects.toThrow("expected a plain file name");
    },
  );

  it("other formats", async () => {
    await editManifest((manifest) => Object.assign(manifest, { format: 2 }));
    await expect(openBundle(folder)).rejects.toThrow(
      "expected `format` 1. Received 2. It was written by a newer version: update @nacre/lineage.",
    );
    await editManifest((manifest) => Object.assign(manifest, { format: undefined }));
    await expect(openBundle(folder)).rejects.toThrow("This is no manifest of a Nacre bundle.");
  });

  it("manifests with fields that are missing, and bundles without weights or manifest", async () => {
    await editManifest((manifest) => delete manifest.files["model.safetensors"]);
    await expect(openBundle(folder)).rejects.toThrow("expected model.safetensors among the files");
    await editManifest((manifest) => Object.assign(manifest, { seed: "1", task: undefined }));
    await expect(openBundle(folder)).rejects.toThrow(/\n {2}task: .*\n {2}seed: /);
    await writeFile(join(folder, "nacre.json"), "{");
    await expect(openBundle(folder)).rejects.toThrow("nacre.json: expected JSON.");
    await rm(join(folder, "nacre.json"));
    await expect(openBundle(folder)).rejects.toThrow(`Expected a bundle in ${folder}. There is no nacre.json.`);
  });

  it("devices in the place of files", async () => {
    await rm(join(folder, "README.md"));
    await symlink("/dev/zero", join(folder, "README.md"));
    await expect(openBundle(folder)).rejects.toThrow("README.md: Expected");
  });
});

describe("inspectBundle", () => {
  it("tells what is inside, and which files are damaged or not listed", async () => {
    await writeBundle(folder, contents());
    const whole = await inspectBundle(folder);
    expect(whole).toMatchObject({ intact: true, parameters: 6, tensors: [{ name: "output.weight", shape: [2, 3] }] });
    expect(whole.text).toContain("accuracy 0.9700 (0.9600 – 0.9800)");
    expect(Object.keys(JSON.parse(JSON.stringify(whole)))).not.toContain("text");

    await writeFile(join(folder, "config.json"), "{}");
    await writeFile(join(folder, "note.txt"), "mine");
    const damaged = await inspectBundle(folder);
    expect(damaged.intact).toBe(false);
    const status = Object.fromEntries(damaged.files.map((file) => [file.name, file.status]));
    expect(status).toMatchObject({ "config.json": "damaged", "note.txt": "unlisted", "README.md": "intact" });
    expect(damaged.text).toMatch(/config\.json .* DAMAGED \(config\.json: expected \d+ bytes, received 2\)/);
  });
});
