import { type Field, floatOf, readFields } from "./protobuf.ts";

/** Kinds of pieces (sentencepiece_model.proto, `SentencePiece.Type`). */
export const pieceTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Piece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

/** What a SentencePiece model file says. */
export interface SentencePieceModel {
  readonly pieces: readonly Piece[];
  /** 1 unigram, 2 BPE, 3 words, 4 characters. */
  readonly modelType: number;
  readonly byteFallback: boolean;
  /** What stands for the unknown piece in decoded text. */
  readonly unknownSurface: string;
  readonly characterMap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
  readonly whitespaceAsSuffix: boolean;
}

/**
 * Reads a SentencePiece model (a `ModelProto`).
 *
 * @throws Error when the bytes are none.
 */
export function readSentencePieceModel(bytes: Uint8Array): SentencePieceModel {
  const pieces: Piece[] = [];
  let trainer: Field[] = [];
  let normalizer: Field[] = [];
  try {
    for (const field of readFields(bytes)) {
      if (field.bytes === undefined) continue;
      if (field.number === 1) pieces.push(pieceOf(field.bytes));
      else if (field.number === 2) trainer = [...readFields(field.bytes)];
      else if (field.number === 3) normalizer = [...readFields(field.bytes)];
    }
  } catch (error) {
    throw new Error(`Expected a SentencePiece model: ${(error as Error).message}.`, { cause: error });
  }
  if (pieces.length === 0) throw new Error("Expected a SentencePiece model, got a message without pieces.");
  const flag = (fields: readonly Field[], number: number, fallback: boolean): boolean => {
    const found = fields.findLast((field) => field.number === number);
    return found === undefined ? fallback : found.whole === 1;
  };
  const surface = trainer.findLast(({ number }) => number === 44)?.bytes;
  return {
    pieces,
    modelType: trainer.findLast(({ number }) => number === 3)?.whole ?? 1,
    byteFallback: flag(trainer, 35, false),
    unknownSurface: surface === undefined ? " ⁇ " : new TextDecoder().decode(surface),
    characterMap: normalizer.findLast(({ number }) => number === 2)?.bytes ?? new Uint8Array(),
    addDummyPrefix: flag(normalizer, 3, true),
    removeExtraWhitespaces: flag(normalizer, 4, true),
    escapeWhitespaces: flag(normalizer, 5, true),
    whitespaceAsSuffix: flag(trainer, 24, false),
  };
}

function pieceOf(bytes: Uint8Array): Piece {
  let text = "";
  let score = 0;
  let type: number = pieceTypes.normal;
  for (const field of readFields(bytes)) {
    if (field.number === 1 && field.bytes) text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(field.bytes);
    else if (field.number === 2) score = floatOf(field);
    else if (field.number === 3) type = field.whole ?? type;
  }
  return { text, score, type };
}
