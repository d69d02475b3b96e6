import type { BaselineRow } from "../baselines.ts";
import type { ClassificationEvaluation } from "../classification.ts";
import type { BaselineVerdict } from "../judge.ts";

export interface ReportInput {
  readonly title: string;
  readonly evaluation: ClassificationEvaluation;
  readonly baselines: readonly BaselineRow[];
  readonly comparison: BaselineVerdict | null;
  readonly worst: readonly (ClassificationEvaluation["worst"][number] & {
    readonly png?: string;
    readonly row?: Readonly<Record<string, string | number | null>>;
  })[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly language?: "en" | "zh";
}
export function renderReport(input: ReportInput): string {
  return `<!doctype html><title>${input.title}</title>`;
}
