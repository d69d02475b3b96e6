import { batch, type Signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { api, type Prediction } from "../api.ts";
import { number, text } from "../i18n/text.ts";
import { Bars } from "../parts/bars.tsx";

export interface Predictions<Output = Prediction, Input = unknown> {
  readonly latest: Signal<Output | undefined>;
  /** What `latest` answers: what one writes may have changed since. */
  readonly asked: Signal<Input | undefined>;
  readonly fault: Signal<string | undefined>;
  /** Asks for a prediction shortly; what was asked before and is not answered yet is called off. */
  ask(input: Input): void;
  /** Forgets what was asked and is not answered yet. */
  callOff(): void;
  clear(): void;
}

/** What a model says while one writes, after `delay` milliseconds in which nothing changed. */
export function usePredictions<Output = Prediction, Input = unknown>(
  id: string,
  { delay = 50 } = {},
): Predictions<Output, Input> {
  const latest = useSignal<Output | undefined>(undefined);
  const asked = useSignal<Input | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  const pending = useRef<{ abort: AbortController; timer: number }>();
  const callOff = (): void => {
    clearTimeout(pending.current?.timer);
    pending.current?.abort.abort();
    pending.current = undefined;
  };
  return {
    latest,
    asked,
    fault,
    callOff,
    ask(input) {
      callOff();
      const abort = new AbortController();
      const timer = window.setTimeout(async () => {
        try {
          const output = await api.predict<Output>(id, input, abort.signal);
          batch(() => {
            latest.value = output;
            asked.value = input;
            fault.value = undefined;
          });
        } catch (error) {
          if (!abort.signal.aborted) fault.value = (error as Error).message;
        }
      }, delay);
      pending.current = { abort, timer };
    },
    clear() {
      callOff();
      latest.value = undefined;
      asked.value = undefined;
      fault.value = undefined;
    },
  };
}

export interface Request<Output> {
  readonly answer: Signal<Output | undefined>;
  readonly fault: Signal<string | undefined>;
  readonly busy: Signal<boolean>;
  /** Asks at once; what was asked before and is not answered yet is called off. */
  send(input: unknown): Promise<void>;
}

/** What a model says when it is told to: for answers that take their time. */
export function useRequest<Output>(id: string): Request<Output> {
  const answer = useSignal<Output | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const pending = useRef<AbortController>();
  return {
    answer,
    fault,
    busy,
    async send(input) {
      pending.current?.abort();
      const abort = new AbortController();
      pending.current = abort;
      busy.value = true;
      try {
        answer.value = await api.predict<Output>(id, input, abort.signal);
        fault.value = undefined;
      } catch (error) {
        if (!abort.signal.aborted) fault.value = (error as Error).message;
      } finally {
        if (pending.current === abort) busy.value = false;
      }
    },
  };
}

export function Answer({ predictions, empty }: { predictions: Predictions; empty: string }) {
  const { latest, fault } = predictions;
  const prediction = latest.value;
  return (
    <section class="answer" aria-live="polite" aria-label={text("answer")}>
      {fault.value !== undefined && <p class="problem">{fault.value}</p>}
      {prediction === undefined ? (
        <p class="empty">{empty}</p>
      ) : (
        <>
          <p class="big">{prediction.label}</p>
          <Bars
            rows={Object.entries(prediction.probabilities).map(([label, value]) => ({
              label,
              value,
              strong: label === prediction.label,
            }))}
            format={(value) => `${number(100 * value, 1)} %`}
          />
        </>
      )}
    </section>
  );
}

/** The same request for a terminal. */
export function Curl({ id, body }: { id: string; body: string }) {
  const copied = useSignal(false);
  const command = `curl ${location.origin}/v1/models/${id}/predict -H 'content-type: application/json' -d '${body}'`;
  return (
    <details class="curl">
      <summary>{text("curl")}</summary>
      <pre>{command.length > 600 ? `${command.slice(0, 600)} …` : command}</pre>
      <button
        type="button"
        class="quiet"
        onClick={async () => {
          await navigator.clipboard.writeText(command);
          copied.value = true;
        }}
      >
        {copied.value ? text("copied") : text("copy")}
      </button>
    </details>
  );
}
