import { api } from "../api.ts";
import { language, text } from "../i18n/text.ts";
import {
  act,
  busy,
  choose,
  chooseRecipe,
  chosenRecipe,
  chosenRun,
  details,
  editedYaml,
  isRunning,
  recipes,
  runs,
  startRun,
} from "../state.ts";

/** What can be run, and what has been. */
export function Sidebar() {
  return (
    <aside class="sidebar">
      <RecipePicker />
      <RunList />
    </aside>
  );
}

function RecipePicker() {
  const recipe = chosenRecipe.value;
  return (
    <section class="card" aria-labelledby="recipes">
      <h2 id="recipes">{text("recipes")}</h2>
      <fieldset class="choices">
        <legend class="hidden">{text("recipes")}</legend>
        {recipes.value.map((each) => (
          <label key={each.file} class={each === recipe ? "choice chosen" : "choice"}>
            <input type="radio" name="recipe" checked={each === recipe} onChange={() => chooseRecipe(each)} />
            <span>{each.title[language.value]}</span>
          </label>
        ))}
      </fieldset>
      {recipe?.description && <p class="hint">{recipe.description[language.value]}</p>}
      <details class="yaml">
        <summary>{text("edit")}</summary>
        <p class="hint">{text("editHint")}</p>
        <textarea
          aria-label={text("edit")}
          spellcheck={false}
          rows={16}
          value={editedYaml.value}
          onInput={({ currentTarget }) => (editedYaml.value = currentTarget.value)}
        />
      </details>
      <button
        type="button"
        class="primary"
        disabled={busy.value !== undefined || recipe === undefined}
        onClick={startRun}
      >
        {busy.value === "starting" ? text("starting") : `▶ ${text("run")}`}
      </button>
    </section>
  );
}

function RunList() {
  return (
    <section class="card" aria-labelledby="runs">
      <h2 id="runs">{text("earlier")}</h2>
      {runs.value.length === 0 && <p class="hint">{text("noRuns")}</p>}
      <ul class="runs">
        {runs.value.map((run) => (
          <li key={run.id}>
            <button
              type="button"
              class={run.id === chosenRun.value ? "run chosen" : "run"}
              aria-current={run.id === chosenRun.value ? "true" : undefined}
              onClick={() => choose(run.id)}
            >
              <span class="run-name">{run.title[language.value]}</span>
              <span class={`state ${run.state}`}>{text(run.state)}</span>
              <time dateTime={new Date(run.started).toISOString()}>
                {new Date(run.started).toLocaleString(language.value === "zh" ? "zh-CN" : "en", {
                  month: "short",
                  day: "numeric",
                  hour: "2-digit",
                  minute: "2-digit",
                })}
              </time>
            </button>
          </li>
        ))}
      </ul>
      <RunActions />
    </section>
  );
}

function RunActions() {
  const run = details.value?.run;
  if (run === undefined) return null;
  const { id, state } = run;
  const idle = busy.value === undefined;
  return (
    <div class="actions">
      {isRunning.value && (
        <button type="button" disabled={!idle} onClick={() => act(() => api.stop(id), "stopping")}>
          {busy.value === "stopping" ? text("stopping") : `■ ${text("stop")}`}
        </button>
      )}
      {(state === "stopped" || state === "failed") && (
        <button type="button" disabled={!idle} onClick={() => act(() => api.resume(id), "starting")}>
          {busy.value === "starting" ? text("starting") : `▶ ${text("resume")}`}
        </button>
      )}
      {!isRunning.value && (
        <button
          type="button"
          class="quiet"
          disabled={!idle}
          onClick={() => {
            if (!confirm(text("removeConfirm"))) return;
            void act(async () => {
              await api.remove(id);
              choose(runs.value.find((other) => other.id !== id)?.id);
            });
          }}
        >
          {text("remove")}
        </button>
      )}
    </div>
  );
}
