/** Words whose stem the rules would get wrong. */
const irregular = new Map([
  ["sky", "sky"],
  ["skies", "sky"],
  ["dying", "die"],
  ["lying", "lie"],
  ["tying", "tie"],
  ["news", "news"],
  ["innings", "inning"],
  ["inning", "inning"],
  ["outings", "outing"],
  ["outing", "outing"],
  ["cannings", "canning"],
  ["canning", "canning"],
  ["howe", "howe"],
  ["proceed", "proceed"],
  ["exceed", "exceed"],
  ["succeed", "succeed"],
]);

/** Suffix, what replaces it. */
type Rule = readonly [string, string];

const step2: readonly Rule[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["bli", "ble"],
  ["alli", "al"],
  ["entli", "ent"],
  ["eli", "e"],
  ["ousli", "ous"],
  ["ization", "ize"],
  ["ation", "ate"],
  ["ator", "ate"],
  ["alism", "al"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["biliti", "ble"],
  ["fulli", "ful"],
];
const step3: readonly Rule[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
];
const step4 = "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize".split(" ");

/**
 * The stem of an English word in lower case, by Porter's algorithm (1980) with NLTK's extensions: what ROUGE counts with its
 * stemmer on.
 */
export function porterStem(word: string): string {
  const known = irregular.get(word);
  if (known !== undefined) return known;
  if (word.length <= 2) return word;
  const plural = withoutPlural(word);
  const participle = withoutParticiple(plural);
  const vowel = /.y$/.test(participle.slice(1)) && isConsonant(participle, participle.length - 2);
  const third = vowel ? `${participle.slice(0, -1)}i` : participle;
  return withoutE(withoutEnding(replaceFirst(derived(third), step3)));
}

function withoutPlural(word: string): string {
  if (word.endsWith("ies")) return word.length === 4 ? word.slice(0, -1) : word.slice(0, -2);
  if (word.endsWith("sses")) return word.slice(0, -2);
  if (word.endsWith("ss")) return word;
  return word.endsWith("s") ? word.slice(0, -1) : word;
}

function withoutParticiple(word: string): string {
  if (word.endsWith("ied")) return word.length === 4 ? word.slice(0, -1) : word.slice(0, -2);
  if (word.endsWith("eed")) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const ending = ["ed", "ing"].find((each) => word.endsWith(each) && hasVowel(word.slice(0, -each.length)));
  if (ending === undefined) return word;
  const stem = word.slice(0, -ending.length);
  if (/(at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (endsDouble(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsShort(stem) ? `${stem}e` : stem;
}

function derived(word: string): string {
  if (word.endsWith("alli") && measure(word.slice(0, -4)) > 0) return derived(word.slice(0, -2));
  // Of "logi" the rule looks at what is before the "ogi".
  if (word.endsWith("logi")) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  return replaceFirst(word, step2);
}

/** The first suffix that fits decides, whether or not enough is left before it. */
function replaceFirst(word: string, rules: readonly Rule[]): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix));
  if (rule === undefined) return word;
  const stem = word.slice(0, word.length - rule[0].length);
  return measure(stem) > 0 ? stem + rule[1] : word;
}

function withoutEnding(word: string): string {
  const suffix = step4.find((each) => word.endsWith(each));
  if (suffix === undefined) return word;
  const stem = word.slice(0, word.length - suffix.length);
  const fits = measure(stem) > 1 && (suffix !== "ion" || /[st]$/.test(stem));
  return fits ? stem : word;
}

function withoutE(word: string): string {
  let stem = word;
  if (word.endsWith("e")) {
    const shorter = word.slice(0, -1);
    const count = measure(shorter);
    if (count > 1 || (count === 1 && !endsShort(shorter))) stem = shorter;
  }
  return stem.endsWith("ll") && measure(stem.slice(0, -1)) > 1 ? stem.slice(0, -1) : stem;
}

/** A y is a consonant at the start and after a vowel. */
function consonants(word: string): boolean[] {
  const flags: boolean[] = [];
  for (let at = 0; at < word.length; at++) {
    const letter = word[at]!;
    flags.push(letter === "y" ? at === 0 || !flags[at - 1]! : !"aeiou".includes(letter));
  }
  return flags;
}

function isConsonant(word: string, at: number): boolean {
  return consonants(word)[at]!;
}

function hasVowel(word: string): boolean {
  return consonants(word).includes(false);
}

/** How often a consonant follows a vowel. */
function measure(word: string): number {
  const flags = consonants(word);
  return flags.filter((consonant, at) => consonant && at > 0 && !flags[at - 1]!).length;
}

function endsDouble(word: string): boolean {
  const last = word.length - 1;
  return last > 0 && word[last] === word[last - 1] && isConsonant(word, last);
}

/** Consonant, vowel, consonant that is not w, x or y; of two letters, vowel and consonant. */
function endsShort(word: string): boolean {
  const flags = consonants(word);
  const last = flags.length - 1;
  if (last === 1) return !flags[0]! && flags[1]!;
  return last > 1 && flags[last - 2]! && !flags[last - 1]! && flags[last]! && !"wxy".includes(word[last]!);
}
