/** A poem of four lines with equally many characters, 5 or 7, the second and the fourth closed by 。！ or ？. */
export function isQuatrain(text: string): boolean {
  const plain = text.replaceAll(/\s+/gu, "");
  const match =
    /^(\p{Script=Han}+)[，、；。！？](\p{Script=Han}+)[。！？](\p{Script=Han}+)[，、；。！？](\p{Script=Han}+)[。！？]$/u.exec(
      plain,
    );
  if (match === null) return false;
  const lengths = match.slice(1).map((line) => [...line!].length);
  return (lengths[0] === 5 || lengths[0] === 7) && lengths.every((length) => length === lengths[0]);
}
