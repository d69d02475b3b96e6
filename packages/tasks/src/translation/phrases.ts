import { type Dataset, generate, type TranslationPair } from "@nacre/data";
import type { Random } from "@nacre/random";

/** Chinese with its measure word, English in one and many. */
const nouns = [
  ["狐狸", "只", "fox", "foxes"],
  ["孩子", "个", "child", "children"],
  ["老师", "位", "teacher", "teachers"],
  ["水手", "名", "sailor", "sailors"],
  ["马", "匹", "horse", "horses"],
  ["信", "封", "letter", "letters"],
  ["河", "条", "river", "rivers"],
  ["灯", "盏", "lamp", "lamps"],
  ["花园", "座", "garden", "gardens"],
  ["猫", "只", "cat", "cats"],
] as const;

const adjectives = [
  ["小", "small"],
  ["老", "old"],
  ["红色的", "red"],
  ["安静的", "quiet"],
  ["勇敢的", "brave"],
  ["疲倦的", "tired"],
] as const;

/** Chinese, English in the plural and in the third person. */
const verbs = [
  ["看着", "watch", "watches"],
  ["跟着", "follow", "follows"],
  ["找到", "find", "finds"],
  ["帮助", "help", "helps"],
  ["记得", "remember", "remembers"],
  ["画", "draw", "draws"],
] as const;

/** They stand before the verb in Chinese, at the end in English. */
const adverbs = [
  ["慢慢地", "slowly"],
  ["今天", "today"],
  ["在晚上", "at night"],
  ["又", "again"],
] as const;

const determiners = {
  one: [
    ["这", "this"],
    ["那", "that"],
    ["每", "every"],
    ["一", "one"],
  ],
  many: [
    ["这些", "these"],
    ["那些", "those"],
    ["两", "two"],
    ["三", "three"],
  ],
} as const;

/**
 * Chinese phrases of a small grammar and their English: translation to learn without a download. The order of words differs,
 * Chinese has measure words, and English verbs and nouns agree in number; each Chinese phrase has one translation.
 */
export function phrases({ seed, count }: { readonly seed: number; readonly count: number }): Dataset<TranslationPair> {
  return generate(count, {
    seed,
    make: (random, index) => ({ ...phrase(random), key: `phrase-${index}` }),
  });
}

function phrase(random: Random): Pick<TranslationPair, "source" | "target"> {
  const many = random.uniform() < 0.5;
  const subject = nounPhrase(random, many);
  const [verb, plain, third] = pick(random, verbs);
  const object = random.uniform() < 0.8 ? nounPhrase(random, random.uniform() < 0.5) : undefined;
  const adverb = random.uniform() < 0.5 ? pick(random, adverbs) : undefined;
  const source = `${subject.source}${adverb?.[0] ?? ""}${verb}${object?.source ?? ""}。`;
  const words = [subject.target, many ? plain : third, object?.target, adverb?.[1]].filter(
    (word) => word !== undefined,
  );
  const target = words.join(" ");
  return { source, target: `${target[0]!.toUpperCase()}${target.slice(1)}.` };
}

function nounPhrase(random: Random, many: boolean): Pick<TranslationPair, "source" | "target"> {
  const [noun, measure, one, more] = pick(random, nouns);
  const [which, determiner] = pick<readonly [string, string]>(random, determiners[many ? "many" : "one"]);
  const adjective = random.uniform() < 0.4 ? pick(random, adjectives) : undefined;
  const counted = which.endsWith("些") ? "" : measure;
  return {
    source: `${which}${counted}${adjective?.[0] ?? ""}${noun}`,
    target: [determiner, adjective?.[1], many ? more : one].filter((word) => word !== undefined).join(" "),
  };
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.integer(list.length)]!;
}
