import { resolve } from "node:path";
import { writeJsonLines } from "@nacre/data";
import { findNearDuplicates } from "@nacre/data/text";
import type { Command } from "commander";
import { z } from "zod";
import { addFlags } from "../flags.ts";
import type { Surroundings } from "../program.ts";
import { ProgressPrinter } from "../progress.ts";
import { duration } from "../terminal.ts";
import { openDocuments } from "./data-texts.ts";

const DedupFlags = z.strictObject({
  field: z.string().min(1).default("text").describe("of .jsonl, .csv, .tsv and .parquet files: where the text stands"),
  threshold: z.number().gt(0).lt(1).default(0.8).describe("least Jaccard similarity of near-duplicates"),
  size: z.int().min(1).max(100).default(5).describe("words that are compared together; each Chinese character is one"),
  permutations: z.int().min(16).max(1024).default(128).describe("values of a signature: more of them err less"),
  memory: z.number().positive().default(1024).describe("MiB that comparing may hold, beside 4 bytes a text"),
  workers: z.int().nonnegative().optional().describe("threads; all processors but one unless given"),
});

type DedupOptions = z.infer<typeof DedupFlags> & {
  readonly out: string;
  readonly groups?: string;
  readonly folder?: string;
  readonly json?: boolean;
};

export function addTextDedup(data: Command, { terminal, signal }: Surroundings): void {
  const command = data
    .command("dedup")
    .description("Keep the first of near-duplicate texts: MinHash signatures, locality-sensitive hashing.")
    .argument("<sources...>", "files, folders or patterns: txt, md, html, jsonl, csv, tsv, parquet, also gzipped")
    .requiredOption("-o, --out <file>", "where the texts that are kept go, a JSON line each")
    .option("--groups <file>", "where the groups go, a JSON line each: keys, the one that is kept first")
    .option("--folder <folder>", "keep signatures here: the same command goes on after a stop")
    .option("--json", "the summary as JSON");
  addFlags(command, DedupFlags);
  command.action(async (sources: string[], options: DedupOptions) => {
    const { field, threshold, size, permutations, workers, folder } = options;
    const { documents, pass } = await openDocuments(sources, { terminal, signal, field });
    const progress = new ProgressPrinter(terminal);
    const started = Date.now();
    const found = await findNearDuplicates(
      documents,
      { threshold, size, permutations },
      {
        signal,
        memory: options.memory * 2 ** 20,
        ...(workers === undefined ? {} : { workers }),
        ...(folder === undefined ? {} : { folder: resolve(folder) }),
        progress: ({ stage, done, total = 0 }) =>
          progress.show({ label: stage, done, total, unit: stage === "signing" ? "texts" : "bands" }),
      },
    );
    progress.clear();
    const out = resolve(options.out);
    const keys: string[] = [];
    const kept = await writeJsonLines(out, unique(pass("write"), found.isDuplicate, options.groups ? keys : undefined));
    if (options.groups !== undefined) {
      await writeJsonLines(
        resolve(options.groups),
        found.groups().map((group) => group.map((document) => keys[document])),
      );
    }
    const { documents: read, duplicates, clusters, bands, rows } = found;
    const seconds = (Date.now() - started) / 1000;
    if (options.json) {
      terminal.out.write(
        `${JSON.stringify({ documents: read, kept, duplicates, groups: clusters, bands, rows, seconds, out })}\n`,
      );
      return;
    }
    terminal.out.write(
      `${kept.toLocaleString("en")} of ${read.toLocaleString("en")} texts kept, ${duplicates.toLocaleString("en")} near-duplicates in ` +
        `${clusters.toLocaleString("en")} groups, ${duration(seconds)}  ${out}\n`,
    );
  });
}

async function* unique<D extends { readonly key: string }>(
  documents: AsyncIterable<D>,
  isDuplicate: (document: number) => boolean,
  keys: string[] | undefined,
): AsyncGenerator<D, void> {
  let index = 0;
  for await (const document of documents) {
    keys?.push(document.key);
    if (!isDuplicate(index++)) yield document;
  }
}
