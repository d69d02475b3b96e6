import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, type RunDetails, type ServedModel } from "../api.ts";
import { text } from "../i18n/text.ts";
import { Station } from "../parts/station.tsx";
import { ImagePlayground } from "../playground/image.tsx";
import { PassagePlayground } from "../playground/passage.tsx";
import { PromptPlayground } from "../playground/prompt.tsx";
import { RowPlayground } from "../playground/row.tsx";
import { SearchPlayground } from "../playground/search.tsx";
import { TextPlayground } from "../playground/text.tsx";
import { TranslatePlayground } from "../playground/translate.tsx";

const none = signal<string | undefined>(undefined);

/** The finished model, to be tried. Which playground opens depends on what the model takes, not on its task. */
export function ServeStation({ run }: { run: RunDetails }) {
  return (
    <Station name="serve">
      {run.run.state === "done" ? <Playground run={run} /> : <p class="empty">{text("notYetServe")}</p>}
    </Station>
  );
}

function Playground({ run }: { run: RunDetails }) {
  const model = useSignal<ServedModel | undefined>(undefined);
  const fault = useSignal(none.peek());
  const { id } = run.run;
  useEffect(() => {
    let gone = false;
    const load = async (): Promise<void> => {
      try {
        const loaded = await api.model(id);
        if (!gone) model.value = loaded;
      } catch (error) {
        if (!gone) fault.value = (error as Error).message;
      }
    };
    void load();
    return () => {
      gone = true;
    };
  }, [id]);
  if (fault.value !== undefined) {
    return (
      <p class="problem" role="alert">
        {fault.value}
      </p>
    );
  }
  const input = model.value?.input;
  if (input === undefined) return <p class="empty">{text("loadingModel")}</p>;
  switch (input.kind) {
    case "image":
      return <ImagePlayground id={id} input={input} samples={run.data?.samples ?? []} />;
    case "row":
      return <RowPlayground id={id} input={input} />;
    case "text":
      return <TextPlayground id={id} input={input} />;
    case "prompt":
      return <PromptPlayground id={id} input={input} />;
    case "question":
      return <PassagePlayground id={id} input={input} />;
    case "search":
      return <SearchPlayground id={id} input={input} />;
    case "translation":
      return <TranslatePlayground id={id} input={input} />;
  }
}
