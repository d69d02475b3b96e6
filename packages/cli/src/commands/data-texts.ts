import { mkdir, open, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Dataset, documentFiles, type OpenedDataset, readDocuments, type SourceDocument } from "@nacre/data";
import {
  type LanguageGuess,
  openLanguageDetector,
  reportTexts,
  type TextDocument,
  type TextReport,
} from "@nacre/data/text";
import { ProgressPrinter } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

export interface TextContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly field: string;
}

/** Documents of files that tell how far they are read, in bytes of text out of the bytes there are. */
export interface CountedDocuments {
  readonly documents: Dataset<SourceDocument>;
  /** One pass, with progress; `label` names what is done. */
  pass(label: string): AsyncGenerator<SourceDocument, void>;
}

/** Opens files, folders and patterns. */
export async function openDocuments(sources: readonly string[], context: TextContext): Promise<CountedDocuments> {
  const documents = await readDocuments(sources, { field: context.field });
  const total = (await Promise.all((await documentFiles(sources)).map(textBytes))).reduce(
    (sum, bytes) => sum + bytes,
    0,
  );
  return {
    documents,
    async *pass(label) {
      const progress = new ProgressPrinter(context.terminal);
      let [done, count] = [0, 0];
      try {
        for await (const document of documents) {
          context.signal.throwIfAborted();
          done += Buffer.byteLength(document.text);
          count++;
          const detail = `${count.toLocaleString("en")} texts`;
          progress.show({ label, done: Math.min(done, total - 1), total, unit: "bytes", detail });
          yield document;
        }
      } finally {
        progress.clear();
      }
    },
  };
}

/** Bytes of a file when unpacked: gzip says so at its end (RFC 1952, section 2.3.1), modulo 2³²; Parquet packs about threefold. */
async function textBytes(path: string): Promise<number> {
  const { size } = await stat(path);
  if (path.endsWith(".parquet")) return 3 * size;
  if (!path.endsWith(".gz") || size < 18) return size;
  const file = await open(path);
  try {
    const end = Buffer.alloc(4);
    await file.read(end, 0, 4, size - 4);
    return Math.max(size, end.readUInt32LE(0));
  } finally {
    await file.close();
  }
}

/** The report of texts in files. */
export async function reportFiles(name: string, sources: readonly string[], context: TextContext): Promise<TextReport> {
  const { pass } = await openDocuments(sources, context);
  return reportTexts({ name, splits: { all: pass("report") }, ...(await detectorIfThere(context.terminal)) });
}

/** The report of a catalogued set of texts, by its parts; of translations, each language is a part of its own. */
export async function reportOpenedTexts(
  name: string,
  opened: Exclude<OpenedDataset, { kind: "images" | "table" }>,
  { terminal, signal }: TextContext,
): Promise<TextReport> {
  const progress = new ProgressPrinter(terminal);
  const shared = {
    name,
    signal,
    progress: (done: number) => progress.show({ label: "report", done, total: 0, unit: "texts" }),
    ...(await detectorIfThere(terminal)),
  };
  try {
    if (opened.kind === "labelled-texts") {
      const { train, validation, test, classes } = opened;
      const splits = { train, ...(validation ? { validation } : {}), test };
      return await reportTexts({ ...shared, splits, label: ({ label }) => classes[label]! });
    }
    return await reportTexts({ ...shared, splits: plainParts(opened) });
  } finally {
    progress.clear();
  }
}

function plainParts(
  opened: Exclude<OpenedDataset, { kind: "images" | "table" | "labelled-texts" }>,
): Record<string, Dataset<TextDocument>> {
  const parts: Record<string, Dataset<TextDocument>> = {};
  for (const part of ["train", "validation", "test"] as const) {
    if (opened.kind === "texts") {
      const records = opened[part];
      if (records !== undefined) parts[part] = records;
    } else if (opened.kind === "questions") {
      parts[part] = opened[part].map(({ context, question }) => ({ text: `${context}\n${question}` }));
    } else {
      parts[`${part} ${opened.source}`] = opened[part].map(({ source }) => ({ text: source }));
      parts[`${part} ${opened.target}`] = opened[part].map(({ target }) => ({ text: target }));
    }
  }
  return parts;
}

/** The detector of languages, or a note that it is not installed. */
async function detectorIfThere(terminal: Terminal): Promise<{ detector?: (text: string) => LanguageGuess }> {
  try {
    return { detector: await openLanguageDetector() };
  } catch (error) {
    terminal.error.write(`Note: no languages. ${(error as Error).message}\n`);
    return {};
  }
}

/** Writes a page whole or not at all. */
export async function writePage(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.tmp`, content);
  await rename(`${path}.tmp`, path);
}
