import { readFileSync } from "node:fs";
import { Random } from "@nacre/random";
import { ready } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { RelativePositionBias, relativeBucket } from "./relative-position-bias.ts";

interface BucketCase {
  bidirectional: boolean;
  buckets: number;
  distance: number;
  values: number[];
}

/** Made by tools/golden/models_encoders.py. */
const { from, cases } = JSON.parse(
  readFileSync(new URL("../fixtures/encoders/t5-buckets.json", import.meta.url), "utf8"),
) as { from: number; cases: BucketCase[] };

describe("relativeBucket", () => {
  it.each(cases)(
    "is transformers', $buckets buckets to $distance, both ways: $bidirectional",
    ({ values, ...options }) => {
      expect(values.map((_, index) => relativeBucket(from + index, options))).toEqual(values);
    },
  );
});

describe("RelativePositionBias", () => {
  beforeAll(async () => void (await ready({ backend: "cpu" })));

  it("gives the last queries what it gives them among all", async () => {
    const bias = new RelativePositionBias({ heads: 2, buckets: 8, distance: 6, bidirectional: false }, new Random(1));
    const all = await bias.forward(7, 7).array();
    const last = await bias.forward(2, 7).array();
    expect(last[0]!.map((head) => head)).toEqual(all[0]!.map((head) => head.slice(5)));
  });
});
