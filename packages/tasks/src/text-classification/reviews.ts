import { Random } from "@nacre/random";

const subjects = [
  "the soup",
  "the film",
  "this phone",
  "our room",
  "the service",
  "that book",
  "the coffee",
  "the music",
];
const words = {
  negative: ["awful", "boring", "broken", "cold", "disappointing", "dirty", "slow", "terrible"],
  positive: ["charming", "delicious", "excellent", "friendly", "lovely", "perfect", "reliable", "wonderful"],
};
const verbs = ["was", "seemed", "felt", "turned out"];
const degrees = ["", "very ", "quite ", "really ", "rather "];
const endings = [
  "",
  ", as my sister said",
  " when we came in May",
  " and we told everyone",
  " for that price",
  ", I think",
];

/** Classes of the generated sentences, in order of their labels. */
export const reviewClasses = ["negative", "positive"] as const;

/**
 * Sentences of a small grammar: "not" turns a word into its opposite, so that single words do not decide.
 * They show that a recipe works, not how well a model reads.
 */
export function reviews({ count, seed }: { count: number; seed: number }): { text: string; label: number }[] {
  const random = new Random(seed).fork("reviews");
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
  return Array.from({ length: count }, () => {
    const label = random.integer(2);
    const negated = random.integer(3) === 0;
    const word = pick(words[reviewClasses[negated ? 1 - label : label]!]);
    const degree = negated ? "not " : pick(degrees);
    return { text: `${pick(subjects)} ${pick(verbs)} ${degree}${word}${pick(endings)}`, label };
  });
}
