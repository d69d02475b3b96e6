import type { InputKind, TextTranslation } from "@nacre/tasks";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { languageName, text } from "../i18n/text.ts";
import { AttentionMap } from "../parts/attention-map.tsx";
import { Curl, useRequest } from "./prediction.tsx";

type TranslationKind = Extract<InputKind, { kind: "translation" }>;

/** Translates a text and shows where the model looked while it wrote. */
export function TranslatePlayground({ id, input }: { id: string; input: TranslationKind }) {
  const written = useSignal(input.example);
  const beams = useSignal(input.settings.beams);
  const { answer, fault, busy, send } = useRequest<TextTranslation>(id);
  const request = { text: written.value, beams: beams.value };

  useEffect(() => void send(request), []);

  return (
    <div class="playground">
      <form
        class="row-form"
        onSubmit={(event) => {
          event.preventDefault();
          void send(request);
        }}
      >
        <label class="prompt">
          <h3>{text("translateFrom", languageName(input.source))}</h3>
          <textarea
            rows={3}
            lang={input.source}
            value={written.value}
            required
            onInput={({ currentTarget }) => (written.value = currentTarget.value)}
          />
        </label>
        <div class="fields">
          <label>
            <span>{text("beams")}</span>
            <input
              type="number"
              min={1}
              max={16}
              step={1}
              required
              value={beams.value}
              onChange={({ currentTarget }) => (beams.value = currentTarget.valueAsNumber)}
            />
          </label>
        </div>
        <div class="actions">
          <button type="submit" disabled={busy.value}>
            {busy.value ? text("translating") : text("translate")}
          </button>
          <button type="button" class="quiet" onClick={() => (written.value = input.example)}>
            {text("example")}
          </button>
        </div>
      </form>
      <section class="answer" aria-live="polite" aria-label={text("translation")}>
        {fault.value !== undefined && <p class="problem">{fault.value}</p>}
        {answer.value !== undefined && <Translated answer={answer.value} language={input.target} />}
      </section>
      <Curl id={id} body={JSON.stringify({ inputs: [request] }).replaceAll("'", "\\u0027")} />
    </div>
  );
}

function Translated({ answer, language }: { answer: TextTranslation; language: string }) {
  return (
    <>
      <h3>{languageName(language)}</h3>
      <p class="translated" lang={language}>
        {answer.text}
      </p>
      <h3>{text("attention")}</h3>
      <AttentionMap source={answer.sourceTokens} target={answer.targetTokens} weights={answer.attention} />
    </>
  );
}
