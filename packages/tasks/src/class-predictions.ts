import { mostProbable } from "@nacre/evaluate";
import type { ClassPrediction } from "./predictor.ts";

/** Class probabilities as an answer. */
export function classPrediction(probabilities: ArrayLike<number>, classes: readonly string[]): ClassPrediction {
  const index = mostProbable(probabilities);
  return {
    label: classes[index]!,
    index,
    probabilities: Object.fromEntries(classes.map((name, each) => [name, probabilities[each]!])),
  };
}
