import { term } from "@nacre/evaluate";
import type { TextEvaluation } from "../api.ts";
import { language, number, text } from "../i18n/text.ts";
import { Figure } from "../parts/station.tsx";

/** How a text generator did: scores, simple models on the same text, and what it wrote. */
export function TextResults({ id, results }: { id: string; results: TextEvaluation }) {
  const { evaluation, baselines, comparison, samples } = results;
  const rows = [
    { name: text("thisModel"), own: true, scores: evaluation.scores },
    ...baselines.map(({ name, scores }) => ({ name: term(name, language.value), own: false, scores })),
  ];
  const bits = term("bits per character", language.value);
  return (
    <>
      {comparison !== null && <p class={`verdict ${comparison.answer}`}>{verdict(comparison)}</p>}
      <div class="columns">
        <Figure title={text("scores")}>
          <table>
            <tbody>
              {evaluation.scores.map(({ name, value, low, high, signature }) => (
                <tr key={name} title={signature}>
                  <th scope="row">{term(name, language.value)}</th>
                  <td class="figure-cell">{number(value, digits(value))}</td>
                  <td class="figure-cell soft">
                    {number(low, digits(10 * high))} – {number(high, digits(10 * high))}
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
                  {bits}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, own, scores }) => (
                <tr key={name} class={own ? "own" : ""}>
                  <th scope="row">{name}</th>
                  <td class="figure-cell">
                    {number(scores.find((score) => score.name === "bits per character")?.value ?? 0, 4)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Figure>
      </div>
      <Figure title={text("samples")}>
        {samples.slice(0, 6).map(({ prompt, text: written }, index) => (
          <p key={index} class="written">
            <b>{prompt}</b>
            {written}
          </p>
        ))}
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

function verdict({ answer, best, difference }: NonNullable<TextEvaluation["comparison"]>): string {
  return text(`textVerdict_${answer}`, number(Math.abs(difference), 3), term(best, language.value));
}

/** Five digits that count, whatever the size: bits have four behind the point, a perplexity of millions none. */
function digits(value: number): number {
  return Math.max(0, 4 - Math.floor(Math.log10(Math.max(1, Math.abs(value)))));
}
