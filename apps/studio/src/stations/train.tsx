import { term } from "@nacre/evaluate";
import { duration, language, number, text } from "../i18n/text.ts";
import { Chart } from "../parts/chart.tsx";
import { Station } from "../parts/station.tsx";
import { curves, curvesVersion, details, isRunning, latestStep } from "../state.ts";

const validated: Readonly<Record<string, readonly string[]>> = {
  "question-answering": ["F1"],
  "text-generation": ["bits per character", "preference accuracy", "perplexity"],
  "text-retrieval": ["nDCG@10"],
  translation: ["perplexity"],
};

export function TrainStation() {
  const step = latestStep.value;
  // Others have bits, F1, a gain or a perplexity where classifiers have an accuracy.
  const names = validated[details.value?.run.task ?? ""] ?? ["accuracy"];
  const scored = names.find((name) => curves.validation(name)[1]!.some((value) => value !== null)) ?? names[0]!;
  return (
    <Station name="train">
      {step === undefined ? (
        <p class="empty">{text("notYetTrain")}</p>
      ) : (
        <>
          <Facts />
          <div class="charts">
            <Chart title={text("loss")} version={curvesVersion.value} columns={curves.loss} digits={3} />
            <Chart
              title={scored === "accuracy" ? text("accuracy") : term(scored, language.value)}
              version={curvesVersion.value}
              columns={curves.validation(scored)}
              digits={3}
              points
            />
            <Chart
              title={text("throughput")}
              version={curvesVersion.value}
              columns={curves.throughput}
              digits={0}
              fromZero
            />
          </div>
        </>
      )}
    </Station>
  );
}

function Facts() {
  const step = latestStep.value!;
  const total = step.progress > 0 ? step.examples / step.progress : step.examples;
  const rate = curves.throughput[1]!.slice(-20).reduce<number>((sum, value, _, all) => sum + value! / all.length, 0);
  const left = rate > 0 ? (total - step.examples) / rate : 0;
  return (
    <dl class="facts" aria-live="off">
      <Fact name={text("epoch")} value={number(step.epoch + 1)} />
      <Fact name={text("step")} value={number(step.step)} />
      <Fact name={text("loss")} value={number(step.loss, 4)} />
      <Fact name={text("learningRate")} value={step.learningRate.toPrecision(3)} />
      <Fact name={text("throughput")} value={number(rate)} />
      {isRunning.value && step.progress < 1 && <Fact name={text("left")} value={duration(left)} />}
      <Fact name={text("device")} value={details.value?.run.backend ?? ""} />
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
