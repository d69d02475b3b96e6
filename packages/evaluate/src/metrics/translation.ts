/** What a system said, and what people say instead. */
export interface TranslatedSegment {
  readonly hypothesis: string;
  /** One or more; null where a set of references has none for this segment, as in sacreBLEU. */
  readonly references: readonly (string | null)[];
}

/** The version of sacreBLEU whose scores and signatures these are. */
const sacrebleuVersion = "2.6.0";

/** References in each segment, or "var" when segments differ; the first part of a signature. */
export type ReferenceCount = number | "var";

/**
 * Segments from sacreBLEU's layout: hypotheses, and a list per set of references with one line per segment.
 *
 * @throws RangeError when there are none, or lists of different lengths.
 */
export function segmentsOf(
  hypotheses: readonly string[],
  references: readonly (readonly (string | null)[])[],
): TranslatedSegment[] {
  if (hypotheses.length === 0) throw new RangeError("Expected segments to score. Received none.");
  if (references.length === 0) throw new RangeError("Expected one or more sets of references. Received none.");
  for (const [which, set] of references.entries()) {
    if (set.length === hypotheses.length) continue;
    throw new RangeError(
      `Expected a reference for each of ${hypotheses.length} hypotheses. Received ${set.length} in set ${which}.`,
    );
  }
  return hypotheses.map((hypothesis, index) => ({ hypothesis, references: references.map((set) => set[index]!) }));
}

/** References that are there. @throws RangeError when none is. */
export function presentReferences({ references }: TranslatedSegment): string[] {
  const present = references.filter((reference) => reference !== null && reference !== undefined);
  if (present.length === 0) throw new RangeError("Expected a segment with at least one reference. Received none.");
  return present;
}

export function referenceCount(segments: readonly TranslatedSegment[]): ReferenceCount {
  const counts = new Set(segments.map((segment) => presentReferences(segment).length));
  return counts.size === 1 ? [...counts][0]! : "var";
}

/** How a signature's samples were drawn. */
export interface Sampling {
  readonly bootstrap?: number;
  readonly randomisation?: number;
  readonly seed?: number;
}

/** `nrefs:1|bs:1000|seed:12345|case:mixed|…|version:2.6.0`: sacreBLEU's order of parts. */
export function sacrebleuSignature(
  parts: readonly (readonly [string, string | number])[],
  references: ReferenceCount,
  { bootstrap, randomisation, seed }: Sampling = {},
): string {
  const sampling: readonly (readonly [string, number | undefined])[] = [
    ["bs", bootstrap],
    ["ar", randomisation],
    ["seed", seed],
  ];
  return [
    ["nrefs", references] as const,
    ...sampling.filter(([, value]) => value !== undefined),
    ...parts,
    ["version", sacrebleuVersion] as const,
  ]
    .map(([name, value]) => `${name}:${value}`)
    .join("|");
}

/** Adds how samples were drawn to a signature that says nothing of it. */
export function withSampling(signature: string, sampling: Sampling): string {
  const [references, ...rest] = signature.split("|");
  const parts = rest.slice(0, -1).map((part) => part.split(":") as [string, string]);
  return sacrebleuSignature(parts, references!.slice("nrefs:".length) as ReferenceCount, sampling);
}
