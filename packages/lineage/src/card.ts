import type { Manifest } from "./manifest.ts";

export interface CardOptions {
  /** What the model is for. */
  intendedUse?: string;
  /** What it is not for, and where it is known to fail. */
  limitations?: string;
  /** Licence of the model, an SPDX identifier as Hugging Face writes them ("apache-2.0"). */
  licence?: string;
  tags?: readonly string[];
}

/** A model card in Markdown, in Hugging Face's form (Mitchell et al. 2019, "Model cards for model reporting"). */
export function modelCard(manifest: Omit<Manifest, "files">, options: CardOptions = {}): string {
  const { name, task, description, metrics, data } = manifest;
  const { intendedUse, limitations } = options;
  const sections = [
    frontMatter(manifest, options),
    `# ${plain(name)}`,
    description === undefined ? `A model for ${plain(task)}.` : plain(description),
    "## Intended use",
    intendedUse ?? `Predictions of the kind \`${task}\` on inputs like those it was trained on (see the data below).`,
    limitations ?? "It was not tested on other inputs: measure on your own data before you rely on it.",
    "## Results",
    metrics.length === 0 ? "None were measured." : metricTable(manifest.metrics),
    "## Data",
    data.length === 0 ? "None is recorded." : dataTable(manifest.data),
    "## Training",
    trainingList(manifest),
    "## Use",
    usage(),
    "The file `nacre.json` holds the whole recipe, the preparation that was fitted, and the sha256 of every file.",
  ];
  return `${sections.join("\n\n")}\n`;
}

function frontMatter(
  { name, task, metrics, data, base }: Omit<Manifest, "files">,
  { licence, tags = [] }: CardOptions,
): string {
  const lines = [
    "library_name: nacre",
    ...(licence === undefined ? [] : [`license: ${quoted(licence)}`]),
    ...(base === undefined ? [] : [`base_model: ${quoted(base.name)}`]),
    `pipeline_tag: ${quoted(task)}`,
    "tags:",
    ...["nacre", ...tags].map((tag) => `  - ${quoted(tag)}`),
    ...(data.length === 0 ? [] : ["datasets:", ...data.map((source) => `  - ${quoted(source.name)}`)]),
  ];
  if (metrics.length > 0) {
    const source = quoted(data[0]?.name ?? "unknown");
    lines.push(
      ...["metrics:", ...metrics.map((metric) => `  - ${quoted(metric.name)}`)],
      ...["model-index:", `  - name: ${quoted(name)}`, "    results:"],
      ...["      - task:", `          type: ${quoted(task)}`],
      ...["        dataset:", `          name: ${source}`, `          type: ${source}`, "        metrics:"],
      ...metrics.flatMap((metric) => [
        `          - type: ${quoted(metric.name)}`,
        `            value: ${metric.value}`,
      ]),
    );
  }
  return `---\n${lines.join("\n")}\n---`;
}

function metricTable(metrics: Manifest["metrics"]): string {
  const rows = metrics.map(({ name, value, low, high }) => {
    const interval = low === undefined || high === undefined ? "" : `${short(low)} – ${short(high)}`;
    return `| ${cell(name)} | ${short(value)} | ${interval} |`;
  });
  return ["| metric | value | confidence interval |", "| --- | ---: | --- |", ...rows].join("\n");
}

function dataTable(data: Manifest["data"]): string {
  const rows = data.map(
    ({ name, records, licence, digest }) =>
      `| ${cell(name)} | ${records} | ${cell(licence ?? "not stated")} | \`${cell(digest)}\` |`,
  );
  return ["| data | records | licence | digest |", "| --- | ---: | --- | --- |", ...rows].join("\n");
}

function trainingList({ seed, steps, created, code, base }: Omit<Manifest, "files">): string {
  const versions = Object.entries(code.packages).map(([name, version]) => `${name} ${version}`);
  return [
    `- ${steps} updates from the seed ${seed}, finished ${created}`,
    ...(base === undefined ? [] : [`- from the weights of ${plain(base.name)} (\`${plain(base.digest)}\`)`]),
    `- with ${versions.join(", ") || "packages that are not recorded"}`,
    ...(code.commit === undefined ? [] : [`- at the commit ${code.commit}`]),
  ].join("\n");
}

function usage(): string {
  return [
    "```ts",
    'import { openBundle } from "@nacre/lineage";',
    'import { loadPredictor } from "@nacre/tasks";',
    "",
    'const predictor = await loadPredictor(await openBundle("path/to/this/folder"));',
    "console.log(await predictor.predict(inputs));",
    "```",
    "",
    'Or `nacre serve path/to/this/folder`. In Python, `safetensors.torch.load_file("model.safetensors")` gives the weights.',
  ].join("\n");
}

/** A JSON string is a YAML string. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** One line, so that no text of a recipe starts a heading or a table of its own. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function cell(text: string): string {
  return plain(text).replaceAll("|", "\\|");
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
