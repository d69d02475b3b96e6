import { type AnswersEvaluation, term } from "@nacre/evaluate";
import type { AnswerEvaluation } from "../api.ts";
import { language, number, text } from "../i18n/text.ts";
import { ReportLink, withBaselines } from "../parts/results.tsx";
import { Figure } from "../parts/station.tsx";

/** How questions about passages were answered: scores, simple algorithms, and answers marked where they stand. */
export function AnswerResults({ id, results }: { id: string; results: AnswerEvaluation }) {
  const { evaluation, baselines, comparison } = results;
  const rows = withBaselines(evaluation.scores, baselines);
  return (
    <>
      {comparison !== null && <p class={`verdict ${comparison.answer}`}>{verdict(comparison)}</p>}
      <Figure title={text("scores")}>
        <table class="baselines">
          <thead>
            <tr>
              <th scope="col">{text("algorithm")}</th>
              {evaluation.scores.map(({ name, signature }) => (
                <th key={name} scope="col" class="figure-cell" title={signature}>
                  {term(name, language.value)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, own, scores }) => (
              <tr key={name} class={own ? "own" : ""}>
                <th scope="row">{name}</th>
                {scores.map(({ name: score, value, low, high }) => (
                  <td key={score} class="figure-cell">
                    {number(value, 1)}{" "}
                    <span class="soft">
                      {number(low, 1)} – {number(high, 1)}
                    </span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Figure>
      <Figure title={text("samples")} hint={text("markedHint")}>
        {evaluation.sample.slice(0, 8).map((example) => (
          <Example key={example.index} example={example} />
        ))}
      </Figure>
      <ReportLink id={id} />
    </>
  );
}

/** Around the answers, not the whole passage. */
function Example({
  example: { question, context, predicted, right, prediction, answers, exact },
}: {
  example: AnswersEvaluation["sample"][number];
}) {
  const places = [predicted, right].filter((place) => place !== null);
  const from = Math.max(0, Math.min(...places.map(({ start }) => start), context.length) - 80);
  const to = Math.min(context.length, Math.max(...places.map(({ end }) => end), 0) + 80);
  const cuts = new Set([from, to, ...places.flatMap(({ start, end }) => [start, end])]);
  const borders = [...cuts].sort((one, other) => one - other);
  const inside = (place: typeof predicted, at: number): boolean =>
    place !== null && at >= place.start && at < place.end;
  return (
    <div class="asked">
      <b>{question}</b>
      <p class="written">
        {from > 0 && "…"}
        {borders.slice(0, -1).map((start, index) => {
          const part = context.slice(start, borders[index + 1]);
          const kind = [inside(right, start) && "right", inside(predicted, start) && "said"].filter(Boolean).join(" ");
          return kind === "" ? (
            part
          ) : (
            <mark key={start} class={kind}>
              {part}
            </mark>
          );
        })}
        {to < context.length && "…"}
      </p>
      {exact < 1 && (
        <p class="soft">
          <span class="wrong">{prediction === "" ? "–" : prediction}</span> → {answers[0]}
        </p>
      )}
    </div>
  );
}

function verdict({ answer, best, difference }: NonNullable<AnswerEvaluation["comparison"]>): string {
  return text(`answerVerdict_${answer}`, number(Math.abs(difference), 1), term(best, language.value));
}
