/** Classes that Oniguruma and Rust's regex know by a letter, in JavaScript's words (flag v), without their brackets. */
const shorthand: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  d: "\\p{Nd}",
  w: "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}",
  h: "0-9a-fA-F",
};

/** Names of POSIX brackets and of properties that JavaScript calls otherwise. */
const named: Readonly<Record<string, string>> = {
  alpha: "\\p{Alphabetic}",
  digit: "\\p{Nd}",
  alnum: "\\p{Alphabetic}\\p{M}\\p{Nd}",
  space: "\\p{White_Space}",
  upper: "\\p{Uppercase}",
  lower: "\\p{Lowercase}",
  punct: "\\p{P}\\p{S}",
  cntrl: "\\p{Cc}",
  xdigit: "0-9a-fA-F",
  word: shorthand.w!,
  blank: "\\p{Zs}\\t",
};

const controls: Readonly<Record<string, string>> = {
  n: "\\n",
  r: "\\r",
  t: "\\t",
  f: "\\f",
  v: "\\v",
  a: "\\x07",
  e: "\\x1b",
};

/** The regular expression (flags g and v) that finds a literal text. */
export function literalPattern(text: string): RegExp {
  return new RegExp(
    text.replace(/[\\^$.*+?()[\]{}|/&\-!#%,:;<=>@`~]/g, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`),
    "gv",
  );
}

/**
 * A JavaScript regular expression (flags g and v) that matches what `source` matches in Oniguruma (lines: true, where ^ and $
 * are about lines) or Rust's fancy-regex: Unicode classes, inline `(?i:…)`, possessive quantifiers and atomic groups.
 *
 * @throws SyntaxError naming the pattern when it uses what cannot be said in JavaScript.
 */
export function translatePattern(source: string, { lines = true }: { lines?: boolean } = {}): RegExp {
  const translated = new Translation(source, lines).run();
  try {
    return new RegExp(translated, "gv");
  } catch (error) {
    throw new SyntaxError(
      `Expected a regular expression that JavaScript can match, got ${JSON.stringify(source)}. ${(error as Error).message}.`,
      { cause: error },
    );
  }
}

class Translation {
  readonly #source: string;
  readonly #lines: boolean;
  #at = 0;
  #atomics = 0;

  constructor(source: string, lines: boolean) {
    this.#source = source;
    this.#lines = lines;
  }

  run(): string {
    const result = this.#alternatives(false);
    if (this.#at < this.#source.length) this.#fail("a parenthesis closes that was not opened");
    return result;
  }

  #fail(why: string): never {
    throw new SyntaxError(
      `Expected a regular expression, got ${JSON.stringify(this.#source)}: ${why}, at ${this.#at}.`,
    );
  }

  /** Up to the closing parenthesis or the end. */
  #alternatives(ignoreCase: boolean): string {
    let result = "";
    while (this.#at < this.#source.length && this.#source[this.#at] !== ")") {
      if (this.#take("|")) {
        result += "|";
        continue;
      }
      const flags = /^\(\?(-?)i\)/.exec(this.#source.slice(this.#at));
      if (flags !== null) {
        this.#at += flags[0].length;
        ignoreCase = flags[1] === "";
        continue;
      }
      result += this.#quantified(this.#atom(ignoreCase));
    }
    return result;
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #quantified(atom: string): string {
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})/.exec(this.#source.slice(this.#at));
    if (quantifier === null) return atom;
    this.#at += quantifier[0].length;
    const repeated = atom + quantifier[0].replace("{,", "{0,");
    if (this.#take("?")) return `${repeated}?`;
    return this.#take("+") ? this.#atomic(repeated) : repeated;
  }

  /** Matches `inner` once and never gives anything back: a lookahead, and what it caught. */
  #atomic(inner: string): string {
    const name = `atomic${this.#atomics++}`;
    return `(?:(?=(?<${name}>${inner}))\\k<${name}>)`;
  }

  #atom(ignoreCase: boolean): string {
    if (this.#take("(")) return this.#group(ignoreCase);
    if (this.#take("[")) return this.#class(ignoreCase);
    if (this.#take("\\")) return this.#escape(ignoreCase);
    if (this.#take(".")) return "[^\\n]";
    if (this.#take("^")) return this.#lines ? "(?<=^|\\n)" : "^";
    if (this.#take("$")) return this.#lines ? "(?=\\n|$)" : "$";
    return literal(this.#character(), ignoreCase, false);
  }

  #character(): string {
    const character = String.fromCodePoint(this.#source.codePointAt(this.#at)!);
    this.#at += character.length;
    return character;
  }

  #group(ignoreCase: boolean): string {
    const head = /^\?(?:([:=!>]|<[=!])|(-?)i:|P?<\w+>|#[^)]*)/.exec(this.#source.slice(this.#at));
    if (head === null && this.#source[this.#at] === "?") this.#fail("an unknown kind of group");
    if (head !== null) this.#at += head[0].length;
    if (head?.[0].startsWith("?#")) {
      this.#take(")");
      return "";
    }
    const inside = this.#alternatives(head?.[2] === undefined ? ignoreCase : head[2] === "");
    if (!this.#take(")")) this.#fail("a group is not closed");
    const kind = head?.[1];
    if (kind === ">") return this.#atomic(inside);
    return kind === undefined ? `(?:${inside})` : `(?${kind}${inside})`;
  }

  #escape(ignoreCase: boolean): string {
    const next = this.#character();
    const set = this.#set(next);
    if (set !== undefined) return set.negated ? `[^${set.inside}]` : `[${set.inside}]`;
    if (next === "A") return "^";
    if (next === "z" || next === "Z") return "$";
    if (next === "b" || next === "B") return wordBoundary(next === "b");
    return literal(this.#escaped(next), ignoreCase, false);
  }

  /** A set named after a backslash, `next` taken already. */
  #set(next: string): { inside: string; negated: boolean } | undefined {
    const lower = next.toLowerCase();
    if (lower in shorthand && next !== "H") return { inside: shorthand[lower]!, negated: next !== lower };
    if (next === "H") return { inside: shorthand.h!, negated: true };
    if (lower !== "p") return undefined;
    const property = this.#take("{") ? this.#until("}") : this.#character();
    const negated = property.startsWith("^") !== (next === "P");
    return { inside: propertyOf(property.replace(/^\^/, "")), negated };
  }

  /** The character that an escape stands for. */
  #escaped(next: string): string {
    if (next in controls)
      return JSON.parse(`"${{ v: "\\u000b", a: "\\u0007", e: "\\u001b" }[next] ?? controls[next]}"`);
    if (next === "x" || next === "u") {
      const code = this.#take("{")
        ? this.#until("}")
        : this.#source.slice(this.#at, (this.#at += next === "x" ? 2 : 4));
      return String.fromCodePoint(Number.parseInt(code, 16));
    }
    if (/[1-9]/.test(next)) this.#fail("a reference to a group");
    if (next === "0") return "\0";
    return next;
  }

  #until(end: string): string {
    const stop = this.#source.indexOf(end, this.#at);
    if (stop < 0) this.#fail(`no ${end}`);
    const text = this.#source.slice(this.#at, stop);
    this.#at = stop + end.length;
    return text;
  }

  #class(ignoreCase: boolean): string {
    const negated = this.#take("^");
    let inside = "";
    let first = true;
    while (this.#at < this.#source.length) {
      if (!first && this.#take("]")) return negated ? `[^${inside}]` : `[${inside}]`;
      first = false;
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#source.slice(this.#at));
      if (posix !== null) {
        this.#at += posix[0].length;
        const set = named[posix[2]!.toLowerCase()] ?? this.#fail(`an unknown class ${posix[2]}`);
        inside += posix[1] === "" ? set : `[^${set}]`;
      } else if (this.#take("[")) inside += this.#class(ignoreCase);
      else if (this.#take("&&")) inside = `[${inside}]&&`;
      else inside += this.#member(ignoreCase);
    }
    this.#fail("a class is not closed");
  }

  #member(ignoreCase: boolean): string {
    const from = this.#single();
    if (typeof from !== "string") return from.negated ? `[^${from.inside}]` : from.inside;
    if (this.#source[this.#at] !== "-" || this.#source[this.#at + 1] === "]") return literal(from, ignoreCase, true);
    this.#at++;
    const to = this.#single();
    if (typeof to !== "string")
      return `${literal(from, ignoreCase, true)}\\-${to.negated ? `[^${to.inside}]` : to.inside}`;
    const range = (low: string, high: string): string => `${literal(low, false, true)}-${literal(high, false, true)}`;
    if (ignoreCase && /^[a-z]{2}$/i.test(from + to)) {
      return range(from.toLowerCase(), to.toLowerCase()) + range(from.toUpperCase(), to.toUpperCase());
    }
    return range(from, to);
  }

  #single(): string | { inside: string; negated: boolean } {
    if (!this.#take("\\")) return this.#character();
    const next = this.#character();
    if (next === "b") return "\b";
    return this.#set(next) ?? this.#escaped(next);
  }
}

function literal(character: string, ignoreCase: boolean, inClass: boolean): string {
  const code = (one: string): string =>
    /^[\p{L}\p{Nd}]$/u.test(one) ? one : `\\u{${one.codePointAt(0)!.toString(16)}}`;
  if (!ignoreCase) return code(character);
  const forms = new Set([character, character.toLowerCase(), character.toUpperCase()]);
  if (forms.has("s")) forms.add("ſ");
  if (forms.has("k")) forms.add("\u212a");
  const codes = [...forms].filter((form) => form.length === character.length).map(code);
  if (inClass) return codes.join("");
  return codes.length === 1 ? codes[0]! : `[${codes.join("")}]`;
}

function propertyOf(name: string): string {
  const known = named[name.toLowerCase()];
  if (known !== undefined) return known;
  const bare = name.replace(/^Is(?=[A-Z])/, "");
  for (const form of [
    `\\p{${bare}}`,
    `\\p{Script=${bare}}`,
    `\\p{${bare[0]?.toUpperCase()}${bare.slice(1).toLowerCase()}}`,
  ]) {
    try {
      new RegExp(form, "v");
      return form;
    } catch {}
  }
  throw new SyntaxError(`Expected a Unicode property, got ${JSON.stringify(name)}.`);
}

function wordBoundary(is: boolean): string {
  const word = `[${shorthand.w}]`;
  return is
    ? `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`
    : `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`;
}
