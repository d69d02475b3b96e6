import { term } from "@nacre/evaluate";
import type { SearchEvaluation } from "../api.ts";
import { language, number, text } from "../i18n/text.ts";
import { BaselineTable, ReportLink, ScoreTable, withBaselines } from "../parts/results.tsx";
import { Figure } from "../parts/station.tsx";

const compared = "nDCG@10";

/** How a search did: scores, BM25 on the same queries, and what it found. */
export function SearchResults({ id, results }: { id: string; results: SearchEvaluation }) {
  const { evaluation, baselines, comparison, samples } = results;
  const rows = withBaselines(evaluation.scores, baselines);
  return (
    <>
      {comparison !== null && (
        <p class={`verdict ${comparison.answer}`}>
          {text(
            `searchVerdict_${comparison.answer}`,
            number(Math.abs(comparison.difference), 3),
            term(comparison.best, language.value),
          )}
        </p>
      )}
      <div class="columns">
        <ScoreTable scores={evaluation.scores} digits={() => 4} />
        <BaselineTable rows={rows} shown={[compared]} digits={4} />
      </div>
      <Figure title={text("samples")}>
        <ul class="found">
          {samples.slice(0, 12).map(({ query, hits }) => (
            <li key={query}>
              <b>{query}</b>
              <ol>
                {hits.map(({ text: hit, right }) => (
                  <li key={hit} class={right ? "right" : ""}>
                    {hit}
                  </li>
                ))}
              </ol>
            </li>
          ))}
        </ul>
      </Figure>
      <ReportLink id={id} />
    </>
  );
}
