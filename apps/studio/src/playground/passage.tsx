import type { AnswerSpan, FoundAnswer, InputKind } from "@nacre/tasks";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api.ts";
import { number, text } from "../i18n/text.ts";
import { Curl } from "./prediction.tsx";

type QuestionKind = Extract<InputKind, { kind: "question" }>;

/** What was asked, with the answers to it: the passage may have changed since. */
interface Answered {
  readonly passage: string;
  readonly found: FoundAnswer;
}

const delay = 150;

/** Asks a passage: the answer is marked where it stands, and comes while one writes. */
export function PassagePlayground({ id, input }: { id: string; input: QuestionKind }) {
  const passage = useSignal(input.example.passage);
  const question = useSignal(input.example.question);
  const latest = useSignal<Answered | undefined>(undefined);
  const shown = useSignal<AnswerSpan | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  const pending = useRef<AbortController>();
  const request = { question: question.value, passage: passage.value, answers: 5 };

  useEffect(() => {
    if (passage.value === "" || question.value.trim() === "") return;
    const abort = new AbortController();
    pending.current = abort;
    const timer = window.setTimeout(async () => {
      try {
        const found = await api.predict<FoundAnswer>(id, request, abort.signal);
        latest.value = { passage: request.passage, found };
        shown.value = undefined;
        fault.value = undefined;
      } catch (error) {
        if (!abort.signal.aborted) fault.value = (error as Error).message;
      }
    }, delay);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
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
        {latest.value === undefined ? (
          <p class="empty">{text("nothingAsked")}</p>
        ) : (
          <Found answered={latest.value} shown={shown.value} onShow={(span) => (shown.value = span)} />
        )}
      </section>
      <Curl id={id} body={JSON.stringify({ inputs: [request] }).replaceAll("'", "\\u0027")} />
    </div>
  );
}

interface FoundProperties {
  readonly answered: Answered;
  /** The answer that is marked; the likeliest if undefined. */
  readonly shown: AnswerSpan | undefined;
  onShow(span: AnswerSpan): void;
}

function Found({ answered: { passage, found }, shown, onShow }: FoundProperties) {
  if (found.text === "") return <p class="empty">{text("noAnswer")}</p>;
  const all = [found, ...found.further];
  const marked = shown ?? found;
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
