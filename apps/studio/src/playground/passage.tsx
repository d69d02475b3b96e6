import type { AnswerSpan, FoundAnswer, InputKind } from "@nacre/tasks";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { number, text } from "../i18n/text.ts";
import { Curl, usePredictions } from "./prediction.tsx";

type QuestionKind = Extract<InputKind, { kind: "question" }>;

interface Question {
  readonly question: string;
  readonly passage: string;
  readonly answers: number;
}

/** Asks a passage: the answer is marked where it stands, and comes while one writes. */
export function PassagePlayground({ id, input }: { id: string; input: QuestionKind }) {
  const passage = useSignal(input.example.passage);
  const question = useSignal(input.example.question);
  const shown = useSignal<AnswerSpan | undefined>(undefined);
  const predictions = usePredictions<FoundAnswer, Question>(id, { delay: 150 });
  const { latest, asked, fault } = predictions;
  const request: Question = { question: question.value, passage: passage.value, answers: 5 };

  useEffect(() => {
    if (passage.value === "" || question.value.trim() === "") predictions.callOff();
    else predictions.ask(request);
    return predictions.callOff;
  }, [passage.value, question.value]);
  return (
    <div class="playground">
      <form class="row-form" onSubmit={(event) => event.preventDefault()}>
        <label class="prompt">
          <h3>{text("passage")}</h3>
          <textarea
            rows={7}
            value={passage.value}
            onInput={({ currentTarget }) => (passage.value = currentTarget.value)}
          />
        </label>
        <label class="prompt">
          <h3>{text("question")}</h3>
          <textarea
            rows={2}
            value={question.value}
            onInput={({ currentTarget }) => (question.value = currentTarget.value)}
          />
        </label>
        <div class="actions">
          <button
            type="button"
            onClick={() => {
              passage.value = input.example.passage;
              question.value = input.example.question;
            }}
          >
            {text("example")}
          </button>
        </div>
      </form>
      <section class="answer" aria-live="polite" aria-label={text("answer")}>
        {fault.value !== undefined && <p class="problem">{fault.value}</p>}
        {latest.value === undefined || asked.value === undefined ? (
          <p class="empty">{text("nothingAsked")}</p>
        ) : (
          <Found
            passage={asked.value.passage}
            found={latest.value}
            shown={shown.value}
            onShow={(span) => (shown.value = span)}
          />
        )}
      </section>
      <Curl id={id} body={JSON.stringify({ inputs: [request] }).replaceAll("'", "\\u0027")} />
    </div>
  );
}

interface FoundProperties {
  /** As it was when it was asked. */
  readonly passage: string;
  readonly found: FoundAnswer;
  /** The answer that is marked; the likeliest if it is none of these. */
  readonly shown: AnswerSpan | undefined;
  onShow(span: AnswerSpan): void;
}

function Found({ passage, found, shown, onShow }: FoundProperties) {
  if (found.text === "") return <p class="empty">{text("noAnswer")}</p>;
  const all = [found, ...found.further];
  const marked = all.find((span) => span === shown) ?? found;
  return (
    <>
      <p class="big">{found.text}</p>
      <p class="written">
        {passage.slice(0, marked.start)}
        <mark>{passage.slice(marked.start, marked.end)}</mark>
        {passage.slice(marked.end)}
      </p>
      <h3>{text("furtherAnswers")}</h3>
      <ul class="answers">
        {all.map((span) => (
          <li key={`${span.start}:${span.end}`}>
            <button
              type="button"
              class="quiet"
              aria-pressed={span.start === marked.start && span.end === marked.end}
              onClick={() => onShow(span)}
            >
              {span.text}
            </button>
            <span class="figure-cell soft">{number(100 * span.score, 1)} %</span>
          </li>
        ))}
      </ul>
      <p class="hint">{text("answerHint")}</p>
    </>
  );
}
