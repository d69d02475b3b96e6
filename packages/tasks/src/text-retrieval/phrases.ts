import { Random } from "@nacre/random";

/** English with its plural or third person, and Chinese. */
const nouns = [
  ["fox", "狐狸"],
  ["child", "孩子"],
  ["sailor", "水手"],
  ["teacher", "老师"],
  ["horse", "马"],
  ["doctor", "医生"],
  ["cat", "猫"],
  ["farmer", "农民"],
  ["painter", "画家"],
  ["singer", "歌手"],
] as const;
const things = [
  ["letter", "信"],
  ["lamp", "灯"],
  ["river", "河"],
  ["garden", "花园"],
  ["book", "书"],
  ["apple", "苹果"],
  ["boat", "船"],
  ["mountain", "山"],
] as const;
const adjectives = [
  ["old", "老"],
  ["small", "小"],
  ["tired", "疲倦的"],
  ["clever", "聪明的"],
  ["quiet", "安静的"],
  ["brave", "勇敢的"],
] as const;
const verbs = [
  ["finds", "找到了"],
  ["watches", "看着"],
  ["draws", "画着"],
  ["remembers", "记得"],
  ["loves", "爱"],
  ["sells", "卖"],
] as const;
const times = [
  ["today", "今天"],
  ["at night", "夜里"],
  ["in spring", "春天"],
  ["every morning", "每天早上"],
  ["again", "又"],
] as const;
const places = [
  ["in Beijing", "在北京"],
  ["at home", "在家里"],
  ["by the sea", "在海边"],
  ["in the village", "在村子里"],
] as const;

/** Sentences of a small grammar in Chinese and English, which puts time and place elsewhere: pairs without a download. */
export function phrases({ count, seed }: { count: number; seed: number }): { query: string; document: string }[] {
  const random = new Random(seed).fork("phrases");
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
  const maybe = <T>(from: readonly T[]): T | readonly [string, string] =>
    random.uniform() < 0.5 ? pick(from) : ["", ""];
  const seen = new Map<string, string>();
  // There are over half a million; what is drawn twice is left out.
  for (let draws = 0; seen.size < count && draws < 20 * count; draws++) {
    const [adjective, noun, verb, thing] = [maybe(adjectives), pick(nouns), pick(verbs), pick(things)];
    const [time, place] = [maybe(times), maybe(places)];
    const english = ["the", adjective[0], noun[0], verb[0], "the", thing[0], place[0], time[0]]
      .filter(Boolean)
      .join(" ");
    const chinese = `${time[1]}${adjective[1]}${noun[1]}${place[1]}${verb[1]}${thing[1]}。`;
    seen.set(`${english[0]!.toUpperCase()}${english.slice(1)}.`, chinese);
  }
  return [...seen].map(([document, query]) => ({ query, document }));
}
