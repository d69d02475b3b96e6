import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { catalogue, catalogueEntry } from "./catalogue.ts";
import { fetchDataset } from "./fetch-dataset.ts";

const mirror = fileURLToPath(new URL("../../../../../shared/data", import.meta.url));

describe("catalogue", () => {
  it("names every data set and file once and gives what is needed to use it lawfully", () => {
    expect(new Set(catalogue.map((entry) => entry.name)).size).toBe(catalogue.length);
    for (const entry of catalogue) {
      expect(entry.licence, entry.name).not.toBe("");
      expect(entry.citation, entry.name).toMatch(/\d{4}|contributors/);
      expect(new Set(entry.files.map((file) => file.name)).size, entry.name).toBe(entry.files.length);
      for (const file of entry.files) {
        const sums = [
          file.url === undefined ? undefined : file,
          typeof file.mirror === "object" ? file.mirror : undefined,
        ];
        for (const sum of sums) if (sum) expect(sum.sha256, file.name).toMatch(/^[0-9a-f]{64}$/);
        if (file.url !== undefined) expect(new URL(file.url).protocol).toBe("https:");
      }
    }
  });

  it("warns of non-commercial terms", () => {
    for (const name of ["multi30k", "camvid"]) {
      expect(catalogueEntry(name).licenceNote).toContain("Not for commercial use");
    }
  });

  it.skipIf(!existsSync(mirror)).each(catalogue.map((entry) => entry.name))(
    "%s is whole in the mirror (needs ../shared/data)",
    async (name) => {
      const { from } = await fetchDataset(name, { mirror, cache: "/nonexistent" });
      expect(new Set(Object.values(from))).toEqual(new Set(["mirror"]));
    },
  );
});
