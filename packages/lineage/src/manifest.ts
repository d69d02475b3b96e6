import { z } from "zod";

/** The only version so far. A change that old readers would misread gets the next number. */
export const manifestFormat = 1;

/** Names of a bundle's files: Hugging Face's, and the manifest. */
export const bundleFiles = {
  config: "config.json",
  preprocessor: "preprocessor_config.json",
  tokenizer: "tokenizer.json",
  weights: "model.safetensors",
  card: "README.md",
  manifest: "nacre.json",
} as const;

const FileRecord = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hexadecimal digits"),
  bytes: z.int().min(0),
});

/** Perhaps in folders, nothing hidden, nothing that leads out of the bundle. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9_.-]*(\/[A-Za-z0-9][A-Za-z0-9_.-]*)*$/;

const Files = z.record(z.string(), FileRecord).superRefine((files, { addIssue }) => {
  for (const name of Object.keys(files)) {
    if (plainName.test(name)) continue;
    addIssue({
      code: "custom",
      message: `expected a plain file name inside the bundle, received ${JSON.stringify(name)}`,
    });
  }
});

const Metric = z.object({
  name: z.string().min(1),
  value: z.number(),
  low: z.number().optional().describe("lower end of the confidence interval"),
  high: z.number().optional().describe("upper end of the confidence interval"),
});

const DataSource = z.object({
  name: z.string().min(1),
  digest: z.string().describe("digest of the records, or of the files, in order"),
  records: z.int().min(0),
  licence: z.string().optional().describe("SPDX identifier or name"),
});

const Base = z
  .object({
    name: z.string().min(1).describe("folder, or name in the cache of pretrained models, as the recipe has it"),
    digest: z.string().describe("digest of its configuration and weights"),
  })
  .describe("the model that training began with");

/** nacre.json: where a model comes from, and the digest of every other file of its bundle. */
export const Manifest = z.object({
  format: z.literal(manifestFormat),
  name: z.string().min(1),
  task: z.string().min(1).describe("as image-classification"),
  description: z.string().optional(),
  created: z.iso.datetime({ offset: true }).describe("when the bundle was made, ISO 8601"),
  code: z
    .object({
      packages: z.record(z.string(), z.string()).describe("versions of the packages that trained it"),
      commit: z.string().optional().describe("revision of the project that trained it"),
    })
    .describe("what trained the model"),
  recipe: z.unknown().describe("the whole configuration of the run"),
  seed: z.int().min(0),
  steps: z.int().min(0).describe("updates made"),
  data: z.array(DataSource),
  base: Base.optional(),
  preparation: z.unknown().describe("what was fitted on the training data"),
  metrics: z.array(Metric).describe("scores on data that training did not see"),
  files: Files.describe("every other file of the bundle"),
});
export type Manifest = z.infer<typeof Manifest>;

/**
 * A manifest from the text of a nacre.json.
 *
 * @throws Error that names `where` and each field that is not as expected.
 */
export function parseManifest(text: string, where: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${where}: expected JSON. Received text that is none: ${(error as Error).message}`);
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== manifestFormat) {
    const advice =
      typeof format === "number" && format > manifestFormat
        ? "It was written by a newer version: update @nacre/lineage."
        : "This is no manifest of a Nacre bundle.";
    throw new Error(`${where}: expected \`format\` ${manifestFormat}. Received ${JSON.stringify(format)}. ${advice}`);
  }
  const result = Manifest.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `  ${path.join(".") || "(whole)"}: ${message}`);
    throw new Error(
      `${where}: expected a manifest of format ${manifestFormat}. These fields differ:\n${problems.join("\n")}`,
    );
  }
  return result.data;
}
