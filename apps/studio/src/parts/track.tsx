import type { Stage } from "@nacre/tasks";
import type { TextKey } from "../i18n/en.ts";
import { duration, text } from "../i18n/text.ts";
import { details, type StageView, stages } from "../state.ts";

interface Station {
  readonly key: TextKey;
  readonly anchor: string;
  readonly view: StageView;
}

const waiting: StageView = { state: "waiting" };

/** The pipeline as a track of stations: where the run is. */
export function Track() {
  const all = stages.value;
  const of = (stage: Stage): StageView => all[stage] ?? waiting;
  const done = details.value?.run.state === "done";
  const stations: Station[] = [
    { key: "data", anchor: "station-data", view: of("data") },
    { key: "model", anchor: "station-model", view: of("model") },
    { key: "train", anchor: "station-train", view: of("train") },
    { key: "evaluate", anchor: "station-evaluate", view: of("evaluate") },
    { key: "serve", anchor: "station-serve", view: done ? { state: "done" } : of("bundle") },
  ];
  const working = stations.find(({ view }) => view.state === "working");
  return (
    <nav class="track" aria-label="Data, Model, Train, Evaluate, Serve">
      <ol>
        {stations.map(({ key, anchor, view }) => (
          <li key={key} class={view.state}>
            <a href={`#${anchor}`} onClick={(event) => jump(event, anchor)}>
              <span class="dot" aria-hidden="true" />
              <strong>{text(key)}</strong>
              <small>{status(view)}</small>
            </a>
            {view.state === "working" && view.total !== undefined && view.total > 0 && (
              <progress aria-label={text(key)} value={view.done} max={view.total} />
            )}
          </li>
        ))}
      </ol>
      <p class="hidden" role="status">
        {working === undefined ? "" : `${text(working.key)}: ${text("working")}`}
      </p>
    </nav>
  );
}

function status({ state, milliseconds, done, total, detail }: StageView): string {
  if (state === "done" && milliseconds !== undefined) return duration(milliseconds / 1000);
  if (state === "working" && done !== undefined && total) {
    return `${Math.floor((100 * done) / total)} %${detail ? ` · ${detail}` : ""}`;
  }
  return text(state);
}

/** The address keeps the run; a part of the page is only scrolled to. */
export function jump(event: Event, anchor: string): void {
  event.preventDefault();
  const target = document.getElementById(anchor);
  target?.scrollIntoView({ behavior: "smooth", block: "start" });
  target?.focus({ preventScroll: true });
}
