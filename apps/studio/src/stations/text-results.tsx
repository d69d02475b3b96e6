import { term } from "@nacre/evaluate";
import type { TextEvaluation } from "../api.ts";
import { language, number, text } from "../i18n/text.ts";
import { BaselineTable, ReportLink, ScoreTable, withBaselines } from "../parts/results.tsx";
import { Figure } from "../parts/station.tsx";

/** How a text generator did: scores, simple models on the same text, and what it wrote. */
export function TextResults({ id, results }: { id: string; results: TextEvaluation }) {
  const { evaluation, baselines, comparison, samples } = results;
  const rows = withBaselines(evaluation.scores, baselines);
  return (
    <>
      {comparison !== null && <p class={`verdict ${comparison.answer}`}>{verdict(comparison)}</p>}
      <div class="columns">
        <ScoreTable scores={evaluation.scores} digits={digits} />
        <BaselineTable
          rows={rows}
          shown={shownScores(results)}
          digits={4}
          title={text(comparison?.of === undefined ? "baselines" : "beforeTuningBetter")}
        />
      </div>
      <Figure title={text("samples")}>
        {samples.slice(0, 6).map(({ prompt, text: written, before }, index) => (
          <p key={index} class="written">
            <b>{prompt}</b>
            {before !== undefined && "\n"}
            {written}
            {before !== undefined && <small>{`\n${text("beforeTuning", before)}`}</small>}
          </p>
        ))}
      </Figure>
      <ReportLink id={id} />
    </>
  );
}

function verdict({ answer, best, difference, of }: NonNullable<TextEvaluation["comparison"]>): string {
  if (of !== undefined)
    return text(`tunedVerdict_${of}_${answer}`, number(Math.abs(difference), of === "pairs" ? 1 : 3));
  return text(`textVerdict_${answer}`, number(Math.abs(difference), 3), term(best, language.value));
}

function shownScores({ comparison }: TextEvaluation): string[] {
  if (comparison?.of === undefined) return ["bits per character"];
  return comparison.of === "pairs" ? ["pairs ranked right", "loss"] : ["loss", "perplexity"];
}

/** Five digits that count, whatever the size: bits have four behind the point, a perplexity of millions none. */
function digits(value: number): number {
  return Math.max(0, 4 - Math.floor(Math.log10(Math.max(1, Math.abs(value)))));
}
