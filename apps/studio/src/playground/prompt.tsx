import type { InputKind, TextContinuation } from "@nacre/tasks";
import { useSignal } from "@preact/signals";
import { number, text } from "../i18n/text.ts";
import { Curl, useRequest } from "./prediction.tsx";

type PromptKind = Extract<InputKind, { kind: "prompt" }>;

const fields = [
  { name: "temperature", minimum: 0, maximum: 10, step: 0.1 },
  { name: "topK", minimum: 0, maximum: 1000, step: 1 },
  { name: "topP", minimum: 0.05, maximum: 1, step: 0.05 },
  { name: "maxNewTokens", minimum: 1, maximum: 2000, step: 1 },
] as const;

/** Goes on with a text. Every token shows how sure the model was of it. */
export function PromptPlayground({ id, input }: { id: string; input: PromptKind }) {
  const prompt = useSignal(input.example);
  const settings = useSignal(input.settings);
  const seed = useSignal(1);
  const { answer, fault, busy, send } = useRequest<TextContinuation>(id);
  const request = { prompt: prompt.value, ...settings.value, seed: seed.value };

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
          <h3>{text(input.conversation ? "message" : "prompt")}</h3>
          <textarea
            rows={4}
            value={prompt.value}
            onInput={({ currentTarget }) => (prompt.value = currentTarget.value)}
          />
        </label>
        <div class="fields">
          {fields.map(({ name, minimum, maximum, step }) => (
            <label key={name}>
              <span>{text(name)}</span>
              <input
                type="number"
                min={minimum}
                max={maximum}
                step={step}
                required
                value={settings.value[name]}
                onChange={({ currentTarget }) =>
                  (settings.value = { ...settings.value, [name]: currentTarget.valueAsNumber })
                }
              />
            </label>
          ))}
          <label>
            <span>{text("drawSeed")}</span>
            <input
              type="number"
              min={0}
              step={1}
              required
              value={seed.value}
              onChange={({ currentTarget }) => (seed.value = currentTarget.valueAsNumber)}
            />
          </label>
        </div>
        <div class="actions">
          <button type="submit" disabled={busy.value}>
            {busy.value ? text("writing") : text("write")}
          </button>
        </div>
      </form>
      <section class="answer" aria-live="polite" aria-label={text("written")}>
        {fault.value !== undefined && <p class="problem">{fault.value}</p>}
        {answer.value === undefined ? (
          <p class="empty">{text("nothingWritten")}</p>
        ) : (
          <Written answer={answer.value} apart={input.conversation === true} />
        )}
      </section>
      <Curl id={id} body={JSON.stringify({ inputs: [request] }).replaceAll("'", "\\u0027")} />
    </div>
  );
}

/** `apart`: the prompt is a message, and what was written no part of the same text. */
function Written({ answer: { prompt, tokens }, apart }: { answer: TextContinuation; apart: boolean }) {
  return (
    <>
      <p class="written">
        <b>{prompt}</b>
        {apart && "\n"}
        {tokens.map(({ text: shown, probability, alternatives }, index) => {
          const others = alternatives.map((other) => `${visible(other.text)} ${number(100 * other.probability, 1)} %`);
          const title = [`${visible(shown)} ${number(100 * probability, 1)} %`, "", ...others].join("\n");
          return (
            <span
              key={index}
              class="token"
              tabIndex={0}
              title={title}
              role="note"
              aria-label={title}
              style={{ "--sure": probability }}
            >
              {shown}
            </span>
          );
        })}
      </p>
      <p class="hint">{text("tokenHint")}</p>
    </>
  );
}

/** A token whose white space can be seen. */
function visible(token: string): string {
  return token.replaceAll("\n", "↵").replaceAll(" ", "␣");
}
