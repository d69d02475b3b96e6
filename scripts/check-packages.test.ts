import { describe, expect, it } from "vitest";
import { closure, readmeExample } from "./check-packages.ts";

describe("readmeExample", () => {
  it("takes the first ts block and what the install line names", () => {
    const markdown =
      "# a\n\n```sh\nnpm install --save @nacre/a zod\n```\n\n```ts\nrun();\n```\n\n```ts\nother();\n```\n";
    expect(readmeExample(markdown)).toEqual({ code: "run();\n", packages: ["@nacre/a", "zod"] });
  });

  it("finds none where there is none", () => {
    expect(readmeExample("npm install @nacre/a\n\n```typescript\nfragment\n```\n")).toBeUndefined();
    expect(readmeExample("```ts\nrun();\n```\n")).toBeUndefined();
  });
});

describe("closure", () => {
  it("holds what the packages depend on within the workspace, once each", () => {
    const packed = (name: string, ...dependencies: string[]) => ({
      folder: name,
      tarball: `${name}.tgz`,
      manifest: { name, version: "1.0.0", dependencies: Object.fromEntries(dependencies.map((each) => [each, "*"])) },
    });
    const packages = new Map(
      [packed("a", "b", "zod"), packed("b", "c"), packed("c"), packed("d")].map((each) => [each.manifest.name, each]),
    );
    expect(closure(["a", "c", "zod"], packages).map(({ tarball }) => tarball)).toEqual(["a.tgz", "b.tgz", "c.tgz"]);
  });
});
