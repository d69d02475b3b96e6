import type { AlignedText } from "../aligned-text.ts";
import { toByteCharacters } from "../byte-characters.ts";
import { classesAt, numeral, punctuation, runEnd, space, widthAt, wordCharacter } from "../character-classes.ts";
import { literalPattern, translatePattern } from "../pattern.ts";
import type { PreTokenizerSpecification } from "../specification.ts";
import { gpt2Scanner, knownScanner } from "./gpt-scanner.ts";
import { metaspace } from "./metaspace.ts";
import { type PieceSink, type PreTokenizer, scanning, sequence } from "./pre-tokenizer.ts";
import { scriptScanner } from "./scripts.ts";
import { matching, type SplitBehavior, splitting } from "./split.ts";

export type { PieceSink, PreTokenizer } from "./pre-tokenizer.ts";

/**
 * The pre-tokenizer a specification describes. `bytes` tells that the last step writes bytes as characters: where the model
 * can read UTF-8 itself (`bytesInModel`), that step is left to it.
 */
export function createPreTokenizer(
  specification: PreTokenizerSpecification,
  bytesInModel: boolean,
): { cut: PreTokenizer | undefined; bytes: boolean } {
  const steps = flatten(specification);
  const last = steps.at(-1);
  const bytes = bytesInModel && last?.type === "ByteLevel";
  const cuts: PreTokenizer[] = [];
  for (const step of steps) {
    const cut = createStep(step, bytes && step === last);
    if (cut !== undefined) cuts.push(cut);
  }
  return { cut: cuts.length === 0 ? undefined : sequence(cuts), bytes };
}

type Step = Exclude<PreTokenizerSpecification, { type: "Sequence" }>;

function flatten(specification: PreTokenizerSpecification): Step[] {
  return specification.type === "Sequence" ? specification.pretokenizers.flatMap(flatten) : [specification];
}

function createStep(step: Step, bytesInModel: boolean): PreTokenizer | undefined {
  switch (step.type) {
    case "ByteLevel":
      return byteLevel(step.add_prefix_space, step.use_regex, bytesInModel);
    case "BertPreTokenizer":
      return dropping(space, (text, at, end) =>
        (classesAt(text, at) & punctuation) !== 0
          ? at + widthAt(text, at, end)
          : runEnd(text, at, end, space | punctuation, true),
      );
    case "Whitespace":
      return dropping(space, (text, at, end) =>
        (classesAt(text, at) & wordCharacter) !== 0
          ? runEnd(text, at, end, wordCharacter)
          : runEnd(text, at, end, wordCharacter | space, true),
      );
    case "WhitespaceSplit":
      return dropping(space, (text, at, end) => runEnd(text, at, end, space, true));
    case "Digits":
      return scanning((text, at, end) => {
        if ((classesAt(text, at) & numeral) === 0) return runEnd(text, at, end, numeral, true);
        return step.individual_digits ? at + widthAt(text, at, end) : runEnd(text, at, end, numeral);
      });
    case "Punctuation":
      return splitting(matching(/[\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e\p{P}]/gu), step.behavior);
    case "CharDelimiterSplit":
      return splitting(matching(literalPattern(step.delimiter)), "Removed");
    case "FixedLength":
      return scanning((text, at, end) => {
        for (let count = 0; count < step.length && at < end; count++) at += widthAt(text, at, end);
        return at;
      });
    case "Split":
      return splitter(step.pattern, step.behavior, step.invert);
    case "Metaspace":
      return metaspace(
        step.replacement,
        step.prepend_scheme ?? (step.add_prefix_space === false ? "never" : "always"),
        step.split,
      );
    case "UnicodeScripts":
      return scanning(scriptScanner);
  }
}

function splitter(
  pattern: { String: string } | { Regex: string },
  behavior: SplitBehavior,
  invert: boolean,
): PreTokenizer {
  if ("String" in pattern) return splitting(matching(literalPattern(pattern.String)), behavior, invert);
  // These match everything, so that nothing lies between matches and isolating them or removing what does not match is one.
  const scanner = knownScanner(pattern.Regex);
  if (scanner !== undefined && (invert ? behavior === "Removed" || behavior === "Isolated" : behavior === "Isolated")) {
    return scanning(scanner);
  }
  return splitting(matching(translatePattern(pattern.Regex)), behavior, invert);
}

/** Pieces as a scanner says, without the characters of some class around them. */
function dropping(dropped: number, scanner: (text: string, at: number, end: number) => number): PreTokenizer {
  return (text, start, end, sink) => {
    const plain = text.text;
    for (let at = start; at < end; ) {
      at = runEnd(plain, at, end, dropped);
      if (at >= end) return;
      const next = scanner(plain, at, end);
      sink(text, at, next);
      at = next;
    }
  };
}

function byteLevel(prefixSpace: boolean, cut: boolean, bytesInModel: boolean): PreTokenizer | undefined {
  if (!prefixSpace && !cut && bytesInModel) return undefined;
  const scan = scanning(gpt2Scanner);
  return (text, start, end, sink) => {
    const written: PieceSink = bytesInModel ? sink : (piece, from, to) => writeBytes(piece.slice(from, to), sink);
    if (prefixSpace && text.text.charCodeAt(start) !== 0x20) {
      text = text.slice(start, end).edited((_, edit) => edit(0, 0, " "));
      start = 0;
      end = text.text.length;
    }
    if (cut) scan(text, start, end, written);
    else written(text, start, end);
  };
}

function writeBytes(piece: AlignedText, sink: PieceSink): void {
  const written = piece.edited((text, edit) => {
    for (const { 0: character, index } of text.matchAll(/[^!-~]/gu)) {
      edit(index, index + character.length, toByteCharacters(character));
    }
  });
  sink(written, 0, written.text.length);
}
