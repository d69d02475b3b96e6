import { text } from "./i18n/text.ts";
import { Header } from "./parts/header.tsx";
import { Sidebar } from "./parts/sidebar.tsx";
import { jump, Track } from "./parts/track.tsx";
import { chosenRun, connected, details, page, problem } from "./state.ts";
import { DataStation } from "./stations/data.tsx";
import { EvaluateStation } from "./stations/evaluate.tsx";
import { ModelStation } from "./stations/model.tsx";
import { ServeStation } from "./stations/serve.tsx";
import { TrainStation } from "./stations/train.tsx";
import { TokenizerPage } from "./tokenizers/tokenizer-page.tsx";

export function App() {
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a part of the page, without a change of the address. */}
      <a class="skip" href="#main" onClick={(event) => jump(event, "main")}>
        {text("skip")}
      </a>
      <Header />
      {page.value === "runs" ? (
        <Runs />
      ) : (
        <main id="main" class="alone" tabIndex={-1}>
          <TokenizerPage />
        </main>
      )}
    </>
  );
}

function Runs() {
  const run = details.value;
  return (
    <div class="layout">
      <Sidebar />
      <main id="main" tabIndex={-1}>
        {problem.value !== undefined && (
          <p class="problem" role="alert">
            {problem.value}
            <button type="button" aria-label="×" onClick={() => (problem.value = undefined)}>
              ×
            </button>
          </p>
        )}
        {!connected.value && chosenRun.value !== undefined && (
          <p class="notice" role="status">
            {text("reconnecting")}
          </p>
        )}
        <Track />
        {run === undefined ? (
          <p class="empty">{text("chooseFirst")}</p>
        ) : (
          <>
            <DataStation id={run.run.id} report={run.data} />
            <ModelStation architecture={run.architecture} />
            <TrainStation />
            <EvaluateStation id={run.run.id} evaluation={run.evaluation} />
            <ServeStation key={run.run.id} run={run} />
          </>
        )}
      </main>
    </div>
  );
}
