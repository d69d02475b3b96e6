import { type Dataset, generate, type TextRecord } from "@nacre/data";
import type { Random } from "@nacre/random";

/** Words by their part of speech. Verbs agree with their subjects in number, which a model has to find out. */
const words = {
  determiner: { one: ["the", "a", "every", "this"], many: ["the", "some", "all", "these"] },
  adjective: ["small", "old", "red", "quiet", "brave", "curious", "tired", "bright"],
  noun: ["fox", "child", "river", "sailor", "garden", "teacher", "cloud", "lamp", "horse", "letter"],
  verb: ["watch", "follow", "find", "help", "remember", "carry", "draw", "hear"],
  adverb: ["slowly", "again", "today", "at night", "with care", "without a word"],
  joint: ["and", "but", "while", "because"],
} as const;

const plural: Readonly<Record<string, string>> = { fox: "foxes", child: "children" };
const third: Readonly<Record<string, string>> = { watch: "watches", carry: "carries" };

/** Sentences of a small English grammar: text to learn from without a download. */
export function sentences({ seed, count }: { readonly seed: number; readonly count: number }): Dataset<TextRecord> {
  return generate(count, {
    seed,
    make: (random, index) => ({ text: capital(sentence(random)), key: `sentence-${index}` }),
  });
}

function sentence(random: Random): string {
  const first = clause(random);
  if (random.uniform() < 0.65) return `${first}.`;
  return `${first} ${pick(random, words.joint)} ${clause(random)}.`;
}

function clause(random: Random): string {
  const many = random.uniform() < 0.5;
  const verb = pick(random, words.verb);
  const parts = [nounPhrase(random, many), many ? verb : (third[verb] ?? `${verb}s`)];
  if (random.uniform() < 0.85) parts.push(nounPhrase(random, random.uniform() < 0.5));
  if (random.uniform() < 0.4) parts.push(pick(random, words.adverb));
  return parts.join(" ");
}

function nounPhrase(random: Random, many: boolean): string {
  const noun = pick(random, words.noun);
  const adjective = random.uniform() < 0.45 ? [pick(random, words.adjective)] : [];
  const shown = many ? (plural[noun] ?? `${noun}s`) : noun;
  const determiner = pick(random, words.determiner[many ? "many" : "one"]);
  const next = adjective[0] ?? shown;
  return [determiner === "a" && /^[aeiou]/.test(next) ? "an" : determiner, ...adjective, shown].join(" ");
}

function pick(random: Random, list: readonly string[]): string {
  return list[random.integer(list.length)]!;
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
