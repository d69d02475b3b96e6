// What Python's `str` methods take for whitespace. ECMAScript's `\s` lacks U+001C–U+001F and U+0085 and has U+FEFF besides.
const characters = "\t\n\v\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/** A class of a regular expression: what Python's `\\s` matches. */
export const space = `[${characters}]`;

const run = new RegExp(`${space}+`, "u");
const one = new RegExp(space, "u");

/** Words between whitespace, as Python's `text.split()`: what reference implementations count in. */
export function words(text: string): string[] {
  const parts = text.split(run);
  if (parts.at(-1) === "") parts.pop();
  if (parts[0] === "") parts.shift();
  return parts;
}

/** Without whitespace at the end, as Python's `rstrip`. */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && one.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** Without whitespace at either end, as Python's `strip`. */
export function strip(text: string): string {
  let start = 0;
  const rest = stripEnd(text);
  while (start < rest.length && one.test(rest[start]!)) start++;
  return rest.slice(start);
}
