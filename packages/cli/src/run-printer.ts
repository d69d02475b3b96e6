import type { RunEvent } from "@nacre/tasks";
import { ProgressPrinter } from "./progress.ts";
import { bytes, duration, type Terminal, table } from "./terminal.ts";

/** The scores that a terminal has room for; the report has them all. */
const inShort = new Set([
  ...["accuracy", "F1", "macro F1", "ROC-AUC", "log loss", "MAE", "RMSE", "R²"],
  ...["loss", "block loss", "perplexity", "bits per character", "bits per byte", "well-formed quatrains"],
  ...["nDCG@10", "MRR@10", "recall@1"],
]);

/** Tells a run's events to a person. */
export class RunPrinter {
  readonly #terminal: Terminal;
  readonly #progress: ProgressPrinter;
  #examples = 0;
  #firstExamples: number | undefined;

  constructor(terminal: Terminal, now: () => number = Date.now) {
    this.#terminal = terminal;
    this.#progress = new ProgressPrinter(terminal, now);
  }

  show(event: RunEvent): void {
    switch (event.type) {
      case "run":
        this.#progress.line(
          `${event.resumed ? "Resuming" : "Running"} ${event.name} (${event.task}) in ${event.folder}`,
        );
        this.#progress.line(event.backend);
        return;
      case "stage":
        if (event.state === "done") {
          this.#progress.line(`  ${event.stage.padEnd(9)} done in ${duration((event.milliseconds ?? 0) / 1000)}`);
        }
        return;
      case "progress":
        this.#progress.show({
          label: event.stage,
          done: event.done,
          total: event.total,
          unit: event.unit,
          detail: event.detail,
        });
        return;
      case "step":
        this.#showStep(event);
        return;
      case "result":
        this.#showResult(event);
        return;
      case "done":
        this.#progress.clear();
        this.#terminal.out.write(
          `Report  ${event.report}\nBundle  ${event.bundle}\nDone in ${duration(event.milliseconds / 1000)}.\n`,
        );
        return;
      case "stopped":
        this.#progress.line(`Stopped: ${event.reason}. It resumes with --resume.`);
        return;
      case "failed":
        this.#progress.clear();
    }
  }

  #showStep(event: Extract<RunEvent, { type: "step" }>): void {
    this.#firstExamples ??= event.examples;
    this.#examples = event.examples;
    const total = event.progress > 0 ? event.examples / event.progress : event.examples;
    const memory = event.peakBytes === undefined ? "" : `  ${bytes(event.peakBytes)}`;
    const detail = `epoch ${event.epoch + 1}  loss ${event.loss.toFixed(4)}${memory}`;
    this.#progress.show({ label: "train", done: this.#examples, total, unit: "examples", detail });
    if (event.validation === undefined) return;
    const scores = Object.entries(event.validation).map(([name, value]) => `${name} ${value.toFixed(4)}`);
    this.#progress.line(
      `  epoch ${event.epoch + 1}: step ${event.step}, loss ${event.loss.toFixed(4)}, validation ${scores.join(", ")}`,
    );
  }

  #showResult({ scores, baselines, verdict }: Extract<RunEvent, { type: "result" }>): void {
    this.#progress.clear();
    const value = (score: { value: number } | undefined): string => (score === undefined ? "" : score.value.toFixed(4));
    const interval = ({ low, high }: { low?: number | undefined; high?: number | undefined }): string =>
      low === undefined || high === undefined ? "" : `${low.toFixed(4)} – ${high.toFixed(4)}`;
    this.#terminal.out.write(
      `\n${table(
        ["score", "value", "95 % interval"],
        scores.map((score) => [score.name, value(score), interval(score)]),
      )}\n`,
    );
    if (baselines.length > 0) {
      const names = baselines[0]!.scores.map(({ name }) => name).filter((name) => inShort.has(name));
      const rows = baselines.map((row) => [
        row.name,
        ...names.map((name) => value(row.scores.find((score) => score.name === name))),
        duration(row.seconds),
      ]);
      this.#terminal.out.write(`\n${table(["baseline", ...names, "time"], rows)}\n`);
    }
    this.#terminal.out.write(`\n${verdict}\n\n`);
  }
}
