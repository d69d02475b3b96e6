import { ClassBalance } from "../../report/class-balance.ts";
import { ColumnStatistics } from "../../report/column-statistics.ts";
import type { DataReport, NumberReport } from "../../report/data-report.ts";
import { fingerprint, RecordDigest } from "../../report/digest.ts";
import { Duplicates } from "../../report/duplicates.ts";
import type { LanguageGuess } from "../language.ts";
import { findPersonalData } from "../personal-data.ts";
import { type QualityOptions, qualityReason, repetitionReason } from "../quality.ts";
import type { CleaningExample, TextDocument } from "../text-cleaning.ts";

/** What a report on texts says beside what every data report says. */
export interface TextsReport {
  /** Of the texts: UTF-16 units, words (each Chinese character is one), lines. */
  readonly characters: NumberReport;
  readonly words: NumberReport;
  readonly lines: NumberReport;
  readonly totalCharacters: number;
  readonly totalWords: number;
  /** Most frequent first; none without a detector. */
  readonly languages?: readonly Counted[];
  /** Rules of Gopher that texts break: the first of each text. Most frequent first. */
  readonly quality?: readonly Counted[];
  /** Places by kind, and in how many texts. */
  readonly personalData?: readonly (Counted & { readonly texts: number })[];
  /** From `findNearDuplicates`. */
  readonly nearDuplicates?: { readonly documents: number; readonly clusters: number; readonly threshold: number };
  /** What cleaning did, before and after. */
  readonly examples: readonly CleaningExample[];
}

export interface Counted {
  readonly name: string;
  readonly count: number;
}

export interface TextReport extends DataReport {
  readonly texts: TextsReport;
}

export interface ReportTextsOptions<D extends TextDocument> {
  readonly name: string;
  readonly splits: Readonly<Record<string, Iterable<D> | AsyncIterable<D>>>;
  /** The name of a document's class, where there are classes. */
  readonly label?: (document: D) => string;
  /** From `openLanguageDetector`; languages are left out without it. */
  readonly detector?: (text: string) => LanguageGuess;
  /** Look for texts that break the rules of Gopher, with these bounds; `false` leaves it out. Default: texts of 50 words and more. */
  readonly quality?: QualityOptions | false;
  /** Look for personal data. Default true. */
  readonly personalData?: boolean;
  readonly nearDuplicates?: TextsReport["nearDuplicates"];
  readonly cleaning?: DataReport["cleaning"];
  readonly examples?: readonly CleaningExample[];
  /** Texts shown, from the start of the first split. Default 8. */
  readonly samples?: number;
  readonly progress?: (documents: number) => void;
  readonly signal?: AbortSignal;
}

const sampleLength = 400;

/** One pass over every split. Holds a fingerprint and three numbers a document. */
export async function reportTexts<D extends TextDocument>(options: ReportTextsOptions<D>): Promise<TextReport> {
  const { name, splits, label, detector, quality = {}, personalData = true, cleaning = [], examples = [] } = options;
  const names = Object.keys(splits);
  const counts: Record<string, number> = {};
  const balance = new ClassBalance();
  const duplicates = new Duplicates();
  const digest = new RecordDigest();
  const sizes = {
    characters: new ColumnStatistics("characters"),
    words: new ColumnStatistics("words"),
    lines: new ColumnStatistics("lines"),
  };
  const total = { characters: 0, words: 0 };
  const languages = new Map<string, number>();
  const reasons = new Map<string, number>();
  const personal = new Map<string, { count: number; texts: number }>();
  const samples: DataReport["samples"][number][] = [];
  let records = 0;
  let empty = 0;
  for (const [split, documents] of Object.entries(splits)) {
    digest.split(split);
    counts[split] = 0;
    for await (const document of documents) {
      options.signal?.throwIfAborted();
      const { text } = document;
      const className = label?.(document);
      counts[split]++;
      records++;
      digest.row(className === undefined ? { text } : { text, label: className });
      duplicates.add(split, fingerprint(text));
      if (className !== undefined) balance.add(split, className);
      const words = countWords(text);
      sizes.characters.add(text.length);
      sizes.words.add(words);
      sizes.lines.add(text === "" ? 0 : text.split("\n").length);
      total.characters += text.length;
      total.words += words;
      if (text.trim() === "") empty++;
      if (detector !== undefined) increase(languages, detector(text).language);
      if (quality !== false) {
        const reason = qualityReason(text, quality) ?? repetitionReason(text);
        if (reason !== undefined) increase(reasons, reason);
      }
      if (personalData) countPersonal(text, personal);
      if (split === names[0] && samples.length < (options.samples ?? 8)) {
        samples.push({
          label: className ?? "",
          row: { text: text.length > sampleLength ? `${text.slice(0, sampleLength)}…` : text },
        });
      }
      if (records % 1000 === 0) options.progress?.(records);
    }
  }
  options.progress?.(records);
  return {
    name,
    records,
    splits: counts,
    ...(label === undefined ? {} : { classes: balance.report(names) }),
    duplicates: duplicates.counts,
    cleaning,
    warnings: [
      ...duplicates.warnings,
      ...(label === undefined ? [] : balance.warnings(names)),
      ...(empty > 0 ? [`${empty} texts are empty.`] : []),
    ],
    samples,
    digest: digest.hex(),
    texts: {
      characters: numbersOf(sizes.characters),
      words: numbersOf(sizes.words),
      lines: numbersOf(sizes.lines),
      totalCharacters: total.characters,
      totalWords: total.words,
      ...(detector === undefined ? {} : { languages: ranked(languages) }),
      ...(quality === false ? {} : { quality: ranked(reasons) }),
      ...(personalData
        ? {
            personalData: [...personal]
              .map(([kind, found]) => ({ name: kind, ...found }))
              .sort((a, b) => b.count - a.count),
          }
        : {}),
      ...(options.nearDuplicates === undefined ? {} : { nearDuplicates: options.nearDuplicates }),
      examples,
    },
  };
}

function countPersonal(text: string, into: Map<string, { count: number; texts: number }>): void {
  const found = findPersonalData(text);
  for (const { kind } of found) {
    const counted = into.get(kind) ?? { count: 0, texts: 0 };
    into.set(kind, { ...counted, count: counted.count + 1 });
  }
  for (const kind of new Set(found.map((each) => each.kind))) into.get(kind)!.texts++;
}

function countWords(text: string): number {
  return text.match(word)?.length ?? 0;
}

const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+/gu;

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function ranked(counts: ReadonlyMap<string, number>): Counted[] {
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((left, right) => right.count - left.count || (left.name < right.name ? -1 : 1));
}

const nothing: NumberReport = { minimum: 0, maximum: 0, mean: 0, deviation: 0, quantiles: {}, histogram: [] };

function numbersOf(column: ColumnStatistics): NumberReport {
  return column.report(false).number ?? nothing;
}
