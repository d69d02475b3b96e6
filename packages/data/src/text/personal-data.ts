import { isBankCard, isChineseIdentityNumber, isPublicIpv4, isPublicIpv6 } from "./personal-numbers.ts";
import type { TextCleaningStep } from "./text-cleaning.ts";

export type PersonalDataKind = "email" | "phone" | "identity-card" | "bank-card" | "ip";

/** A place in a text that names a person's address, number or machine. */
export interface PersonalDatum {
  readonly kind: PersonalDataKind;
  /** UTF-16 units; `end` is the first after it. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface PersonalDataOptions {
  /** What to look for; everything unless named. */
  readonly kinds?: readonly PersonalDataKind[];
  /** Finders beside the built-in ones; for example telephone numbers by libphonenumber-js. */
  readonly finders?: readonly ((text: string) => Iterable<Omit<PersonalDatum, "text">>)[];
}

interface Rule {
  readonly kind: PersonalDataKind;
  readonly pattern: RegExp;
  /** What must be in the text for the pattern to be tried: most texts are done with a glance. */
  readonly glance?: RegExp;
  readonly fits?: (match: string) => boolean;
}

const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

/** In order of precedence: where two overlap, the earlier rule has it. */
const rules: readonly Rule[] = [
  {
    // The atoms and labels of RFC 5322 and RFC 1035 as they occur in practice; lengths of RFC 5321 bound the search.
    kind: "email",
    glance: /@/,
    pattern:
      /(?<![A-Za-z0-9_])[A-Za-z0-9_][\w!#$%&'*+/=?^`{|}~-]{0,63}(?:\.[\w!#$%&'*+/=?^`{|}~-]{1,63}){0,8}@(?:(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?|\[(?:\d{1,3}\.){3}\d{1,3}\])/g,
  },
  {
    kind: "identity-card",
    glance: /\d{15}|\d{6}[ -]\d{8}/,
    pattern:
      /(?<![\dA-Za-z])\d{6}[ -]?(?:18|19|20)\d{2}[01]\d[0-3]\d[ -]?\d{3}[\dXx](?![\dA-Za-z])|(?<![\dA-Za-z])\d{6}\d{2}[01]\d[0-3]\d\d{3}(?![\dA-Za-z])/g,
    fits: isChineseIdentityNumber,
  },
  {
    kind: "bank-card",
    glance: /\d{4}[ -]?\d{4}|\d{4}[ -]?\d{6}/,
    pattern:
      /(?<![\dA-Za-z.+-])(?:\d{4}([ -]?)(?:\d{4}\1){2,3}\d{1,7}|3[47]\d{2}([ -]?)\d{6}\2\d{5}|\d{13,19})(?![\dA-Za-z-])/g,
    fits: isBankCard,
  },
  {
    kind: "ip",
    glance: /\d\.\d/,
    pattern: new RegExp(
      `(?<!\\d\\.?|\\b(?:v|ver|version|release|build)\\.? ?|版本号?[:：]? ?)(?:${octet}\\.){3}${octet}(?!\\.?\\d)`,
      "gi",
    ),
    fits: isPublicIpv4,
  },
  {
    kind: "ip",
    glance: /:[\da-f]{0,4}:/i,
    pattern: /(?<![\w:])(?:[\da-f]{1,4}:){2,7}(?::?[\da-f]{1,4}){0,6}(?:::)?(?![\w:])/gi,
    fits: isPublicIpv6,
  },
  {
    // Mobile numbers of mainland China: ministry's plan, 13x to 19x, eleven digits.
    kind: "phone",
    glance: /1[3-9]\d/,
    pattern: /(?<![\dA-Za-z.])(?:(?:\+|00)?\(?86\)?[ -]?)?1[3-9]\d([ -]?)\d{4}\1\d{4}(?![\dA-Za-z]|\.\d)/g,
  },
  {
    // Landlines of mainland China: area code with its 0, seven or eight digits, an extension. Bare, it needs its hyphen, space or brackets.
    kind: "phone",
    glance: /0\d{2}|86/,
    pattern:
      /(?<![\dA-Za-z.-])(?:(?:(?:\+|00)86[ -]?)?[(（]0?(?:10|2\d|[3-9]\d{2})[)）][ -]?|(?:\+|00)86[ -]?(?:10|2\d|[3-9]\d{2})[ -]?|0(?:10|2\d|[3-9]\d{2})[ -])[2-8]\d{2,3}[ -]?\d{4}(?:(?:-|转| ?ext\.? ?)\d{1,5})?(?![\dA-Za-z]|-\d)/g,
  },
  {
    // International: E.164 with its plus, seven to fifteen digits, in groups.
    kind: "phone",
    glance: /\+[ (]?[1-9]/,
    pattern: /(?<![\dA-Za-z+])\+[1-9]\d{0,2}(?:[ .-]?(?:\(0?\d{1,4}\)|\d{1,5})){2,7}(?![\dA-Za-z])/g,
    fits: (match) => {
      const digits = match.replace(/\D/g, "").length;
      return digits >= 9 && digits <= 15;
    },
  },
  {
    // North America: (NXX) NXX-XXXX, NXX-NXX-XXXX, NXX.NXX.XXXX; N is 2 to 9.
    kind: "phone",
    glance: /\d{3}[ .-]\d{4}/,
    pattern:
      /(?<![\dA-Za-z.-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?[2-9]\d{2}[ .-]|[2-9]\d{2}([.-])[2-9]\d{2}\1)\d{4}(?: ?(?:x|ext\.?) ?\d{1,5})?(?![\dA-Za-z-]|\.\d)/g,
  },
];

/**
 * E-mail addresses, telephone numbers (China: mobile and landline; international with a plus; North America), Chinese
 * identity-card numbers whose check digit fits (GB 11643), bank cards of known issuers that pass Luhn's test (ISO/IEC 7812-1), and
 * public IP addresses, in order of their place. Where two overlap, the longer rule's stays.
 */
export function findPersonalData(text: string, { kinds, finders = [] }: PersonalDataOptions = {}): PersonalDatum[] {
  const found: PersonalDatum[] = [];
  const take = (kind: PersonalDataKind, start: number, end: number): void => {
    if (found.some((other) => start < other.end && other.start < end)) return;
    found.push({ kind, start, end, text: text.slice(start, end) });
  };
  for (const { kind, glance, pattern, fits } of rules) {
    if (kinds !== undefined && !kinds.includes(kind)) continue;
    if (glance !== undefined && !glance.test(text)) continue;
    for (const match of text.matchAll(pattern)) {
      if (fits === undefined || fits(match[0])) take(kind, match.index, match.index + match[0].length);
    }
  }
  for (const find of finders) for (const { kind, start, end } of find(text)) take(kind, start, end);
  return found.sort((left, right) => left.start - right.start);
}

/** What stands in the place of what was found. */
export const personalDataMasks: Readonly<Record<PersonalDataKind, string>> = {
  email: "<EMAIL>",
  phone: "<PHONE>",
  "identity-card": "<IDENTITY-CARD>",
  "bank-card": "<BANK-CARD>",
  ip: "<IP>",
};

export interface MaskOptions extends PersonalDataOptions {
  readonly masks?: Partial<Record<PersonalDataKind, string>>;
}

/** The text with masks in the place of personal data, and what was found. */
export function maskText(
  text: string,
  { masks, ...options }: MaskOptions = {},
): { text: string; found: PersonalDatum[] } {
  const found = findPersonalData(text, options);
  if (found.length === 0) return { text, found };
  let masked = "";
  let at = 0;
  for (const { kind, start, end } of found) {
    masked += text.slice(at, start) + (masks?.[kind] ?? personalDataMasks[kind]);
    at = end;
  }
  return { text: masked + text.slice(at), found };
}

/** Masks personal data; counts what was found, by kind. */
export function maskPersonalData(options: MaskOptions = {}): TextCleaningStep {
  return {
    name: "maskPersonalData",
    start: () => (text, note) => {
      const masked = maskText(text, options);
      for (const { kind } of masked.found) note(`personal data: ${kind}`, "changed");
      return masked.text;
    },
  };
}
