import { term } from "@nacre/evaluate";
import type { SearchEvaluation } from "../api.ts";
import { language, number, text } from "../i18n/text.ts";
import { Figure } from "../parts/station.tsx";

const compared = "nDCG@10";

/** How a search did: scores, BM25 on the same queries, and what it found. */
export function SearchResults({ id, results }: { id: string; results: SearchEvaluation }) {
  const { evaluation, baselines, comparison, samples } = results;
  const rows = [
    { name: text("thisModel"), own: true, scores: evaluation.scores },
    ...baselines.map(({ name, scores }) => ({ name: term(name, language.value), own: false, scores })),
  ];
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
        <Figure title={text("scores")}>
          <table>
            <tbody>
              {evaluation.scores.map(({ name, value, low, high, signature }) => (
                <tr key={name} title={signature}>
                  <th scope="row">{term(name, language.value)}</th>
                  <td class="figure-cell">{number(value, 4)}</td>
                  <td class="figure-cell soft">
                    {number(low, 3)} – {number(high, 3)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Figure>
        <Figure title={text("baselines")}>
          <table class="baselines">
            <thead>
              <tr>
                <th scope="col">{text("algorithm")}</th>
                <th scope="col" class="figure-cell">
                  {compared}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, own, scores }) => (
                <tr key={name} class={own ? "own" : ""}>
                  <th scope="row">{name}</th>
                  <td class="figure-cell">{number(scores.find((score) => score.name === compared)?.value ?? 0, 4)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Figure>
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
      <p>
        <a
          class="button"
          href={`/api/runs/${encodeURIComponent(id)}/report?language=${language.value}`}
          target="_blank"
          rel="noreferrer"
        >
          {text("report")} ↗
        </a>
      </p>
    </>
  );
}
