import { toBase64 } from "../base64.ts";
import { BytePairModel, impliedMerges } from "../models/bpe.ts";
import { type TokenModel, Vocabulary } from "../models/model.ts";
import { UnigramModel } from "../models/unigram.ts";
import type { AddedToken, DecoderSpecification } from "../specification.ts";
import { Tokenizer } from "../tokenizer.ts";
import { type Piece, pieceTypes, readSentencePieceModel, type SentencePieceModel } from "./sentencepiece-model.ts";

/**
 * A tokenizer from a SentencePiece model (unigram or BPE), with that library's ids.
 *
 * Like that library it adds no special tokens and finds no control pieces in text. `config` may say add_bos_token and
 * add_eos_token, as `tokenizer_config.json` does.
 *
 * @throws Error when the bytes are no such model, or of another kind.
 */
export function fromSentencePiece(bytes: Uint8Array, config: Readonly<Record<string, unknown>> = {}): Tokenizer {
  const model = readSentencePieceModel(bytes);
  if (model.whitespaceAsSuffix) throw new Error("Expected a SentencePiece model without treat_whitespace_as_suffix.");
  const { pieces } = model;
  const vocabulary = new Vocabulary(new Map(pieces.map(({ text }, id) => [text, id])));
  const tokens = (type: number): AddedToken[] =>
    pieces.flatMap(({ text, type: own }, id) =>
      own === type ? [{ id, content: text, ...flags, special: type === pieceTypes.control }] : [],
    );
  return new Tokenizer(
    {
      model: modelOf(model, vocabulary),
      normalizer: {
        type: "SentencePiece",
        precompiled_charsmap: toBase64(model.characterMap),
        remove_extra_whitespaces: model.removeExtraWhitespaces,
        add_dummy_prefix: model.addDummyPrefix,
        escape_whitespaces: model.escapeWhitespaces,
        protected: tokens(pieceTypes.userDefined).map(({ content }) => content),
      },
      postProcessor: template(pieces, config),
      decoder: decoderOf(model),
      silentTokens: tokens(pieceTypes.control),
    },
    config,
  );
}

const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };

function modelOf({ pieces, modelType, byteFallback }: SentencePieceModel, vocabulary: Vocabulary): TokenModel {
  const unknown = pieces.findIndex(({ type }) => type === pieceTypes.unknown);
  const hiddenTypes: readonly number[] = [pieceTypes.unknown, pieceTypes.control, pieceTypes.byte, pieceTypes.unused];
  const isHidden = ({ type }: Piece): boolean => hiddenTypes.includes(type);
  if (modelType === 1) {
    const best = pieces.reduce(
      (most, piece) => (piece.type === pieceTypes.normal ? Math.max(most, piece.score) : most),
      Number.NEGATIVE_INFINITY,
    );
    const scores = Float64Array.from(pieces, ({ text, score, type }) =>
      type === pieceTypes.userDefined ? Math.fround(new TextEncoder().encode(text).length * best - 0.1) : score,
    );
    const hidden = new Set(pieces.flatMap((piece, id) => (isHidden(piece) ? [id] : [])));
    return new UnigramModel(vocabulary, scores, {
      unknown: unknown < 0 ? undefined : unknown,
      byteFallback,
      hidden,
      single: true,
    });
  }
  if (modelType !== 2) {
    throw new Error(
      `Expected a SentencePiece model of type unigram or bpe, got ${["", "", "", "word", "char"][modelType] ?? modelType}.`,
    );
  }
  const visible = pieces.flatMap((piece, id): [string, number][] => (isHidden(piece) ? [] : [[piece.text, id]]));
  // The best score merges first; ids with one score are of one rank.
  const ranks = new Map(
    [...new Set(visible.map(([, id]) => pieces[id]!.score))].sort((a, b) => b - a).map((score, rank) => [score, rank]),
  );
  const merges = impliedMerges(vocabulary, visible, (id) => ranks.get(pieces[id]!.score)!);
  return new BytePairModel(vocabulary, merges, {
    unknown: unknown < 0 ? undefined : pieces[unknown]!.text,
    fuseUnknown: true,
    byteFallback,
    whole: pieces.flatMap(({ text, type }, id): [string, number][] =>
      type === pieceTypes.userDefined ? [[text, id]] : [],
    ),
  });
}

/** Stands for the unknown piece until the space in front of the text is gone: no text has this character. */
const placeholder = "\u{10fffe}";

function decoderOf(model: SentencePieceModel): DecoderSpecification {
  const unknown = model.pieces.find(({ type }) => type === pieceTypes.unknown);
  const replace = (from: string, content: string): DecoderSpecification => ({
    type: "Replace",
    pattern: { String: from },
    content,
  });
  const decoders: DecoderSpecification[] = [replace("▁", " ")];
  if (unknown !== undefined) decoders.push(replace(unknown.text, placeholder));
  decoders.push({ type: "ByteFallback" }, { type: "Fuse" });
  if (model.addDummyPrefix || model.removeExtraWhitespaces) {
    decoders.push({ type: "Strip", content: " ", start: 1, stop: 0 });
  }
  if (unknown !== undefined) decoders.push(replace(placeholder, model.unknownSurface));
  return { type: "Sequence", decoders };
}

function template(pieces: readonly Piece[], config: Readonly<Record<string, unknown>>) {
  const idOf = (names: readonly string[]): [string, number] | undefined => {
    for (const name of names) {
      const id = pieces.findIndex(({ text, type }) => text === name && type === pieceTypes.control);
      if (id >= 0) return [name, id];
    }
    return undefined;
  };
  const begin = config.add_bos_token === true ? idOf(["<s>"]) : undefined;
  const end = config.add_eos_token === true ? idOf(["</s>"]) : undefined;
  if (begin === undefined && end === undefined) return undefined;
  const special = ([id]: [string, number], type: number) => ({ SpecialToken: { id, type_id: type } });
  const around = (id: "A" | "B", type: number) => [
    ...(begin ? [special(begin, type)] : []),
    { Sequence: { id, type_id: type } },
    ...(end ? [special(end, type)] : []),
  ];
  return {
    type: "TemplateProcessing" as const,
    single: around("A", 0),
    pair: [...around("A", 0), ...around("B", 1)],
    special_tokens: Object.fromEntries(
      [begin, end].flatMap((token) =>
        token ? [[token[0], { id: token[0], ids: [token[1]], tokens: [token[0]] }]] : [],
      ),
    ),
  };
}
