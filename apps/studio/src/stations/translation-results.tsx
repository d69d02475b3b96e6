import { term } from "@nacre/evaluate";
import type { TranslationEvaluation } from "../api.ts";
import { language, number, text } from "../i18n/text.ts";
import { AttentionMap } from "../parts/attention-map.tsx";
import { BaselineTable, ReportLink, ScoreTable, withBaselines } from "../parts/results.tsx";
import { Figure } from "../parts/station.tsx";

/** How a translator did: scores, simple systems on the same text, translations side by side, and where it looked. */
export function TranslationResults({ id, results }: { id: string; results: TranslationEvaluation }) {
  const { evaluation, baselines, comparison, attention } = results;
  const rows = withBaselines(evaluation.scores, baselines);
  return (
    <>
      {comparison !== null && <Verdict {...comparison} />}
      <div class="columns">
        <ScoreTable scores={evaluation.scores} digits={() => 2} />
        <BaselineTable rows={rows} shown={shown} digits={2} />
      </div>
      <Figure title={text("sideBySide")}>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{text("sourceText")}</th>
                <th scope="col">{text("translation")}</th>
                <th scope="col">{text("reference")}</th>
              </tr>
            </thead>
            <tbody>
              {evaluation.sample.slice(0, 8).map(({ index, source, hypothesis, references }) => (
                <tr key={index}>
                  <td>{source}</td>
                  <td>{hypothesis}</td>
                  <td class="soft">{references[0]}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Figure>
      {attention.slice(0, 1).map((map, index) => (
        <Figure key={index} title={text("attention")}>
          <AttentionMap {...map} />
        </Figure>
      ))}
      <ReportLink id={id} />
    </>
  );
}

const shown = ["BLEU", "chrF2"] as const;

function Verdict({ against, rows }: NonNullable<TranslationEvaluation["comparison"]>) {
  const { difference, low, high } = rows.find(({ name }) => name === "BLEU")!;
  const answer = low > 0 ? "no" : high < 0 ? "yes" : "undecided";
  const points = number(Math.abs(difference), 1);
  return (
    <p class={`verdict ${answer}`}>{text(`translationVerdict_${answer}`, points, term(against, language.value))}</p>
  );
}
