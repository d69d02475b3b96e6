import { Random } from "@nacre/random";

/** A question about a passage and where its answer is, in UTF-16 units. */
export interface NoteQuestion {
  readonly question: string;
  readonly passage: string;
  readonly answer: string;
  readonly start: number;
}

interface Grammar {
  readonly names: readonly string[];
  /** What is said of people: the sentence, the question, and what may stand in them. `@` is the name, `#` the answer. */
  readonly facts: readonly { readonly say: string; readonly ask: string; readonly values: readonly string[] }[];
  readonly join: string;
}

const years = Array.from({ length: 60 }, (_, index) => String(1940 + index));

const grammars: Readonly<Record<"en" | "zh", Grammar>> = {
  en: {
    names: "Ada Ben Clara David Emma Frank Grace Henry Iris Jack Kate Leo".split(" "),
    facts: [
      {
        say: "@ lives in #.",
        ask: "Where does @ live?",
        values: "Leeds Paris Lima Oslo Kyoto Cairo Quebec Porto Delhi Accra".split(" "),
      },
      { say: "@ was born in #.", ask: "When was @ born?", values: years },
      {
        say: "@ works as a #.",
        ask: "What does @ do for a living?",
        values: ["baker", "teacher", "dentist", "train driver", "gardener", "pilot", "nurse", "book seller"],
      },
      {
        say: "@ plays the #.",
        ask: "Which instrument does @ play?",
        values: ["piano", "flute", "violin", "cello", "drums", "harp", "double bass", "trumpet"],
      },
    ],
    join: " ",
  },
  zh: {
    names: "小明 小红 王芳 李雷 张伟 刘洋 陈静 赵敏 周杰 吴昊".split(" "),
    facts: [
      {
        say: "@住在#。",
        ask: "@住在哪里？",
        values: "北京 上海 广州 成都 西安 杭州 武汉 昆明 哈尔滨 乌鲁木齐".split(" "),
      },
      { say: "@出生于#年。", ask: "@是哪一年出生的？", values: years },
      { say: "@是一名#。", ask: "@做什么工作？", values: "医生 老师 面包师 飞行员 园丁 护士 火车司机 记者".split(" ") },
      { say: "@会演奏#。", ask: "@会演奏什么乐器？", values: "钢琴 长笛 小提琴 二胡 古筝 琵琶 吉他 小号".split(" ") },
    ],
    join: "",
  },
};

/**
 * Questions about notes on two people each, four questions a note. A note says one thing of both, where who is meant decides,
 * and three things of one or the other. They show that a recipe works, not how well a model reads.
 */
export function noteQuestions({
  count,
  seed,
  language,
}: {
  readonly count: number;
  readonly seed: number;
  readonly language: "en" | "zh" | "both";
}): NoteQuestion[] {
  const languages = language === "both" ? (["en", "zh"] as const) : [language];
  return Array.from({ length: Math.ceil(count / 4) }, (_, index) =>
    note(grammars[languages[index % languages.length]!], new Random(seed).fork("notes", index)),
  )
    .flat()
    .slice(0, count);
}

function note({ names, facts: all, join }: Grammar, random: Random): NoteQuestion[] {
  const facts = pick(all, 4, random.fork("facts"));
  const people = pick(names, 2, random.fork("people"));
  const values = facts.map((fact, index) => pick(fact.values, 2, random.fork("values", index)));
  const owner = random.fork("owner");
  const sentences = facts.flatMap(({ say, ask }, which) => {
    const said = which === 0 ? [0, 1] : [owner.integer(2)];
    return said.map((who) => {
      const sentence = say.replace("@", people[who]!);
      const value = values[which]![who]!;
      const question = ask.replace("@", people[who]!);
      return { said: sentence.replace("#", value), at: sentence.indexOf("#"), value, question };
    });
  });
  const ordered = [...random.fork("order").permutation(sentences.length)].map((index) => sentences[index]!);
  const starts: number[] = [];
  let passage = "";
  for (const { said } of ordered) {
    if (passage !== "") passage += join;
    starts.push(passage.length);
    passage += said;
  }
  const asked = [...random.fork("asked").permutation(ordered.length)].slice(0, 4);
  return asked.map((index) => {
    const { question, at, value } = ordered[index]!;
    return { question, passage, answer: value, start: starts[index]! + at };
  });
}

function pick<T>(from: readonly T[], count: number, random: Random): T[] {
  return [...random.permutation(from.length)].slice(0, count).map((index) => from[index]!);
}
