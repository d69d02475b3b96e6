import { classesAt, space } from "./character-classes.ts";
import { type Columns, emptyColumns, placeColumns } from "./encoding.ts";
import type { PostProcessorSpecification, TemplatePiece } from "./specification.ts";

/** Where the parts of an encoding go: special ids, and the text (0) and its pair (1), with their type ids. */
export type TemplatePart =
  | { readonly sequence: 0 | 1; readonly type: number }
  | { readonly ids: readonly number[]; readonly type: number };

/** What happens to tokens after the model. */
export interface PostProcessing {
  readonly single: readonly TemplatePart[];
  readonly pair: readonly TemplatePart[];
  /** Offsets leave out the spaces that byte-level tokens begin or end with. */
  readonly trim: { readonly prefixSpace: boolean } | undefined;
}

const plainSingle: readonly TemplatePart[] = [{ sequence: 0, type: 0 }];
const plainPair: readonly TemplatePart[] = [
  { sequence: 0, type: 0 },
  { sequence: 1, type: 1 },
];
/** No special tokens. */
export const plain: PostProcessing = { single: plainSingle, pair: plainPair, trim: undefined };

/** What a specification does with tokens; of a sequence, the last template counts. */
export function createPostProcessing(specification: PostProcessorSpecification | undefined): PostProcessing {
  if (specification === undefined) return plain;
  switch (specification.type) {
    case "Sequence":
      return specification.processors.map(createPostProcessing).reduce(
        (sofar, step) => ({
          single: step.single === plainSingle ? sofar.single : step.single,
          pair: step.pair === plainPair ? sofar.pair : step.pair,
          trim: step.trim ?? sofar.trim,
        }),
        plain,
      );
    case "ByteLevel":
      return {
        ...plain,
        trim: specification.trim_offsets ? { prefixSpace: specification.add_prefix_space } : undefined,
      };
    case "BertProcessing": {
      const begin = { ids: [specification.cls[1]], type: 0 };
      const end = { ids: [specification.sep[1]], type: 0 };
      return {
        single: [begin, ...plainSingle, end],
        pair: [begin, ...plainSingle, end, { sequence: 1, type: 1 }, { ...end, type: 1 }],
        trim: undefined,
      };
    }
    case "RobertaProcessing": {
      const begin = { ids: [specification.cls[1]], type: 0 };
      const end = { ids: [specification.sep[1]], type: 0 };
      return {
        single: [begin, ...plainSingle, end],
        pair: [begin, ...plainSingle, end, end, { sequence: 1, type: 0 }, end],
        trim: specification.trim_offsets ? { prefixSpace: specification.add_prefix_space } : undefined,
      };
    }
    case "TemplateProcessing": {
      const parts = (pieces: readonly TemplatePiece[]): TemplatePart[] =>
        pieces.map((piece) => {
          if ("Sequence" in piece) return { sequence: piece.Sequence.id === "A" ? 0 : 1, type: piece.Sequence.type_id };
          const { id, type_id } = piece.SpecialToken;
          const special = specification.special_tokens[id];
          if (special === undefined) {
            throw new Error(
              `The template names the special token ${JSON.stringify(id)}, which its special_tokens lack.`,
            );
          }
          return { ids: special.ids, type: type_id };
        });
      return { single: parts(specification.single), pair: parts(specification.pair), trim: undefined };
    }
  }
}

/** Tokens that a template adds. */
export function addedBy(template: readonly TemplatePart[]): number {
  return template.reduce((sum, part) => sum + ("ids" in part ? part.ids.length : 0), 0);
}

/** The columns of a text, and perhaps of its pair, put into a template. */
export function fillTemplate(template: readonly TemplatePart[], sequences: readonly Columns[]): Columns {
  const lengthOf = (part: TemplatePart): number =>
    "ids" in part ? part.ids.length : (sequences[part.sequence]?.ids.length ?? 0);
  const result = emptyColumns(template.reduce((sum, part) => sum + lengthOf(part), 0));
  let at = 0;
  for (const part of template) {
    const length = lengthOf(part);
    if ("ids" in part) result.ids.set(part.ids, at);
    else if (length > 0) {
      placeColumns(result, sequences[part.sequence]!, at);
      result.sequences.fill(part.sequence, at, at + length);
    }
    result.typeIds.fill(part.type, at, at + length);
    at += length;
  }
  return result;
}

/** Moves offsets past the spaces that tokens begin or end with, but for a space that was put in front of the text. */
export function trimOffsets(columns: Columns, nameOf: (id: number) => string, prefixSpace: boolean): void {
  const { ids, places, surfaces } = columns;
  for (let index = 0; index < ids.length; index++) {
    const name = surfaces.get(index) ?? nameOf(ids[index]!);
    const isSpace = (at: number): boolean => name[at] === "Ġ" || (classesAt(name, at) & space) !== 0;
    let leading = 0;
    while (leading < name.length && isSpace(leading)) leading++;
    let trailing = 0;
    while (trailing < name.length && isSpace(name.length - 1 - trailing)) trailing++;
    const start = places[2 * index]!;
    const end = places[2 * index + 1]!;
    if (leading > 0 && prefixSpace && (index === 0 || start === 0)) leading--;
    const trimmed = Math.min(start + leading, end);
    places[2 * index] = trimmed;
    if (trailing === name.length && leading < trailing) places[2 * index + 1] = trimmed;
    else if (trailing > 0 && end >= trailing) places[2 * index + 1] = Math.max(end - trailing, trimmed);
  }
}
