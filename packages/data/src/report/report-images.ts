import type { LabelledImage } from "../digits/labelled-image.ts";
import { encodePng } from "../readers/decode-image.ts";
import { ClassBalance } from "./class-balance.ts";
import type { DataReport, ImagesReport, Sample } from "./data-report.ts";
import { fingerprint, RecordDigest } from "./digest.ts";
import { Duplicates } from "./duplicates.ts";

const STEPS = 32;

export interface ReportImagesOptions {
  readonly name: string;
  readonly splits: Readonly<Record<string, Iterable<LabelledImage> | AsyncIterable<LabelledImage>>>;
  /** Names of the classes, by label. */
  readonly classes: readonly string[];
  readonly cleaning?: DataReport["cleaning"];
  /** Pictures of each class, from the first split. Default 6. */
  readonly samplesPerClass?: number;
}

/**
 * One pass over every split.
 *
 * @throws RangeError for a label without a class.
 */
export async function reportImages(options: ReportImagesOptions): Promise<DataReport> {
  const { name, splits, classes, cleaning = [], samplesPerClass = 6 } = options;
  const names = Object.keys(splits);
  const counts: Record<string, number> = {};
  const balance = new ClassBalance(classes);
  const duplicates = new Duplicates();
  const digest = new RecordDigest();
  const brightness = new Brightness();
  const samples: LabelledImage[][] = classes.map(() => []);
  for (const [split, records] of Object.entries(splits)) {
    digest.split(split);
    counts[split] = 0;
    for await (const record of records) {
      const { image, label, key } = record;
      const ofClass = samples[label];
      if (ofClass === undefined) {
        throw new RangeError(`Record "${key}": expected a label from 0 to ${classes.length - 1}. Received ${label}.`);
      }
      counts[split]!++;
      digest.image(record);
      balance.add(split, classes[label]!);
      duplicates.add(split, fingerprint(image.pixels));
      brightness.add(record);
      if (split === names[0] && ofClass.length < samplesPerClass) ofClass.push(record);
    }
  }
  return {
    name,
    records: Object.values(counts).reduce((sum, count) => sum + count, 0),
    splits: counts,
    classes: balance.report(names),
    images: brightness.report(),
    duplicates: duplicates.counts,
    cleaning,
    warnings: [...duplicates.warnings, ...balance.warnings(names)],
    samples: await Promise.all(samples.flat().map((record) => picture(record, classes))),
    digest: digest.hex(),
  };
}

/** Exact counts of every brightness, from which all the rest follows. */
class Brightness {
  readonly #levels = new Float64Array(256);
  readonly #sizes = new Set<string>();
  #first: LabelledImage["image"] | undefined;

  add({ image }: LabelledImage): void {
    this.#first ??= image;
    this.#sizes.add(`${image.height} ${image.width} ${image.channels}`);
    for (const value of image.pixels) this.#levels[value]!++;
  }

  report(): ImagesReport {
    const total = Math.max(
      1,
      this.#levels.reduce((sum, count) => sum + count, 0),
    );
    const mean = this.#levels.reduce((sum, count, level) => sum + count * level, 0) / total;
    const variance = this.#levels.reduce((sum, count, level) => sum + count * (level - mean) ** 2, 0) / total;
    const histogram = new Array<number>(STEPS).fill(0);
    for (const [level, count] of this.#levels.entries()) histogram[Math.floor((level * STEPS) / 256)]! += count / total;
    const { height = 0, width = 0, channels = 0 } = this.#first ?? {};
    const sizes = this.#sizes.size;
    return { height, width, channels, sizes, mean: mean / 255, deviation: Math.sqrt(variance) / 255, histogram };
  }
}

async function picture({ image, label }: LabelledImage, classes: readonly string[]): Promise<Sample> {
  const bytes = await encodePng(image);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { label: classes[label]!, png: `data:image/png;base64,${btoa(text)}` };
}
