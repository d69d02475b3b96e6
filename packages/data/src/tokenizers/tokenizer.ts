import { builtin } from "../builtin.ts";
import { fromByteCharacters } from "./byte-characters.ts";
import { byteStream, type DecodeStream, windowStream } from "./decode-stream.ts";
import { cleanUp, createDecoder, type Decoder } from "./decoders.ts";
import { type Columns, Encoding, emptyColumns, placeColumns } from "./encoding.ts";
import { createNormalizer } from "./normalizers/index.ts";
import { type EncodeOptions, paddingOf, truncationOf } from "./options.ts";
import { parseTokenizer, type TokenizerParts } from "./parse.ts";
import {
  addedBy,
  createPostProcessing,
  fillTemplate,
  type PostProcessing,
  plain,
  type TemplatePart,
  trimOffsets,
} from "./post-processing.ts";
import { createPreTokenizer } from "./pre-tokenizers/index.ts";
import type { AddedToken, PaddingSpecification, TokenizerJson, TruncationSpecification } from "./specification.ts";
import { TextPipeline } from "./text-pipeline.ts";
import { TokenBuffer } from "./token-buffer.ts";
import { truncate } from "./truncation.ts";
import { writeTokenizerJson } from "./write.ts";

/**
 * Text to the ids of a vocabulary and back, as Hugging Face's fast tokenizers do it. Made by `openTokenizer`, `fromJson` or
 * training. Not changed by use, but for caches.
 */
export class Tokenizer {
  readonly #parts: TokenizerParts;
  readonly #pipeline: TextPipeline;
  readonly #post: PostProcessing;
  readonly #decoder: Decoder | undefined;
  readonly #bytes: boolean;
  readonly #addedIds: ReadonlyMap<string, number>;
  readonly #added: ReadonlyMap<number, AddedToken>;
  readonly #buffer = new TokenBuffer(false, 1024);
  #bytesById: (Uint8Array | undefined)[] | undefined;
  /** What stands beside it in `tokenizer_config.json`: names of special tokens, conversation template. */
  readonly config: Readonly<Record<string, unknown>>;

  constructor(parts: TokenizerParts, config: Readonly<Record<string, unknown>> = {}) {
    this.#parts = parts;
    this.config = config;
    const { normalizer, preTokenizer, model, decoder } = parts;
    const addedTokens = parts.addedTokens ?? [];
    this.#pipeline = new TextPipeline({
      normalizer: normalizer && createNormalizer(normalizer),
      preTokenizer: preTokenizer && createPreTokenizer(preTokenizer, model.type === "BPE").cut,
      model,
      addedTokens,
    });
    this.#post = createPostProcessing(parts.postProcessor);
    this.#decoder = decoder && createDecoder(decoder);
    this.#bytes = decoder?.type === "ByteLevel";
    const all = [...(parts.silentTokens ?? []), ...addedTokens];
    this.#addedIds = new Map(all.map(({ content, id }) => [content, id]));
    this.#added = new Map(all.map((token) => [token.id, token]));
  }

  /**
   * @param json a `tokenizer.json`, as text or parsed.
   * @throws Error naming the place in the file, what was expected there and what stands there.
   */
  static fromJson(json: TokenizerJson | string, config: Readonly<Record<string, unknown>> = {}): Tokenizer {
    return new Tokenizer(parseTokenizer(typeof json === "string" ? JSON.parse(json) : json), config);
  }

  /** One more than the largest id: the rows that an embedding needs. */
  get vocabularySize(): number {
    let size = this.#parts.model.vocabulary.end;
    for (const id of this.#added.keys()) size = Math.max(size, id + 1);
    return size;
  }

  /** Which algorithm makes tokens of words. */
  get type(): "BPE" | "WordPiece" | "Unigram" | "WordLevel" {
    return this.#parts.model.type;
  }

  /** Tokens that are found in text as they are, or stand for no text, by id. */
  get addedTokens(): readonly AddedToken[] {
    return [...this.#added.values()].sort((left, right) => left.id - right.id);
  }

  tokenToId(token: string): number | undefined {
    return this.#addedIds.get(token) ?? this.#parts.model.vocabulary.id(token);
  }

  idToToken(id: number): string | undefined {
    return this.#added.get(id)?.content ?? this.#parts.model.vocabulary.token(id);
  }

  /** Whether the token stands for no text: padding, beginning, end and the like. */
  isSpecial(id: number): boolean {
    return this.#added.get(id)?.special === true;
  }

  /** The ids alone: those of `encode`, without the work for the rest. */
  encodeIds(text: string, options: EncodeOptions = {}): Int32Array {
    const { truncation, padding } = this.#limits(options);
    if (truncation !== undefined || padding !== undefined) return this.encode(text, options).ids;
    const { pair, special = true } = options;
    const template = this.#template(pair !== undefined, special);
    const first = this.#ids(text);
    if (template.length === 1) return first;
    const sequences = pair === undefined ? [first] : [first, this.#ids(pair)];
    const lists = template.map((part) => ("ids" in part ? part.ids : (sequences[part.sequence] ?? [])));
    const ids = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0));
    let at = 0;
    for (const list of lists) {
      ids.set(list, at);
      at += list.length;
    }
    return ids;
  }

  /**
   * Encodes a text, or a text and its pair.
   *
   * @throws Error when truncation or padding are impossible.
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    return this.encodeBatch([options.pair === undefined ? text : [text, options.pair]], options)[0]!;
  }

  /** Encodes texts, or pairs of texts; padding "longest" is as long as the longest of them. */
  encodeBatch(
    texts: readonly (string | readonly [string, string])[],
    options: Omit<EncodeOptions, "pair"> = {},
  ): Encoding[] {
    const { truncation, padding } = this.#limits(options);
    const all = texts.map((text) => {
      const parts = typeof text === "string" ? [text] : text;
      const template = this.#template(parts.length === 2, options.special ?? true);
      return this.#windows(parts, template, truncation);
    });
    const longest = all.reduce(
      (most, windows) => windows.reduce((sofar, { ids }) => Math.max(sofar, ids.length), most),
      0,
    );
    const name = this.#name;
    return all.map((windows) => {
      const padded = padding === undefined ? windows : windows.map((columns) => pad(columns, padding, longest));
      const [first, ...rest] = padded.map((columns) => new Encoding(columns, name));
      return rest.length === 0 ? first! : new Encoding(padded[0]!, name, rest);
    });
  }

  /** The text of ids. Unknown ids are passed over; special tokens too, unless `skipSpecial` is false. */
  decode(ids: Iterable<number>, { skipSpecial = true }: { skipSpecial?: boolean } = {}): string {
    const tokens: string[] = [];
    for (const id of ids) {
      if (skipSpecial && this.isSpecial(id)) continue;
      const token = this.idToToken(id);
      if (token !== undefined) tokens.push(token);
    }
    const text = this.#decoder === undefined ? tokens.join(" ") : this.#decoder(tokens).join("");
    return this.config.clean_up_tokenization_spaces === true ? cleanUp(text) : text;
  }

  /** Decodes tokens one by one as a model makes them. */
  decodeStream({ skipSpecial = true }: { skipSpecial?: boolean } = {}): DecodeStream {
    if (!this.#bytes) return windowStream((ids) => this.decode(ids, { skipSpecial }));
    return byteStream((id) => (skipSpecial && this.isSpecial(id) ? undefined : this.tokenBytes(id)));
  }

  /** The bytes that a token of a byte-level vocabulary stands for; undefined for ids that are no token. */
  tokenBytes(id: number): Uint8Array | undefined {
    this.#bytesById ??= [];
    if (this.#bytesById[id] === undefined) {
      const token = this.idToToken(id);
      if (token === undefined) return undefined;
      this.#bytesById[id] = this.#bytes ? fromByteCharacters(token) : new TextEncoder().encode(token);
    }
    return this.#bytesById[id];
  }

  /** As a `tokenizer.json`, which Hugging Face's libraries open. */
  toJson(): TokenizerJson {
    return writeTokenizerJson(this.#parts);
  }

  /** Writes `tokenizer.json` and `tokenizer_config.json` into a folder, whole or not at all. */
  async save(folder: string): Promise<void> {
    const { mkdir, rename, writeFile } = builtin("node:fs/promises");
    const { join } = builtin("node:path");
    await mkdir(folder, { recursive: true });
    const config = { tokenizer_class: "PreTrainedTokenizerFast", ...this.config };
    for (const [name, content] of [
      ["tokenizer.json", this.toJson()],
      ["tokenizer_config.json", config],
    ] as const) {
      const path = join(folder, name);
      await writeFile(`${path}.tmp`, JSON.stringify(content, null, 2));
      await rename(`${path}.tmp`, path);
    }
  }

  /**
   * This tokenizer with more tokens that are found in text before the model sees it. Those that are in the vocabulary keep
   * their ids; others come after the largest.
   */
  withTokens(tokens: readonly string[], { special = true }: { special?: boolean } = {}): Tokenizer {
    const added = [...(this.#parts.addedTokens ?? [])];
    let next = this.vocabularySize;
    for (const content of tokens) {
      if (content === "") throw new Error("Expected tokens with at least a character.");
      const known = this.tokenToId(content);
      const place = added.findIndex((token) => token.content === content);
      if (place >= 0) added.splice(place, 1);
      const flags = { single_word: false, lstrip: false, rstrip: false, normalized: !special, special };
      added.push({ id: known ?? next++, content, ...flags });
    }
    return new Tokenizer({ ...this.#parts, addedTokens: added }, this.config);
  }

  readonly #name = (id: number): string => this.idToToken(id) ?? "";

  #ids(text: string): Int32Array {
    const buffer = this.#buffer;
    buffer.count = 0;
    this.#pipeline.encode(text, buffer);
    return buffer.ids.slice(0, buffer.count);
  }

  #limits({ truncation, padding }: EncodeOptions): {
    truncation: TruncationSpecification | undefined;
    padding: PaddingSpecification | undefined;
  } {
    const own = this.#parts;
    return {
      truncation:
        truncation === undefined ? own.truncation : truncation === false ? undefined : truncationOf(truncation),
      padding:
        padding === undefined
          ? own.padding
          : padding === false
            ? undefined
            : paddingOf(padding, own.padding, (token) => this.tokenToId(token)),
    };
  }

  #template(pair: boolean, special: boolean): readonly TemplatePart[] {
    const { single, pair: both } = this.#post;
    const template = pair ? both : single;
    return special ? template : pair ? plain.pair : plain.single;
  }

  #columns(text: string): Columns {
    const buffer = new TokenBuffer(true);
    this.#pipeline.encode(text, buffer);
    const { count } = buffer;
    const columns = emptyColumns(count);
    columns.ids.set(buffer.ids.subarray(0, count));
    columns.words.set(buffer.words.subarray(0, count));
    columns.specialMask.fill(0);
    for (const [index, surface] of buffer.surfaces) columns.surfaces.set(index, surface);
    for (let token = 0; token < count; token++) {
      columns.places[2 * token] = buffer.starts[token]!;
      columns.places[2 * token + 1] = buffer.ends[token]!;
    }
    if (this.#post.trim !== undefined) trimOffsets(columns, this.#name, this.#post.trim.prefixSpace);
    return columns;
  }

  /** The texts in the template, cut where they are too long: first what stays, then what is left over. */
  #windows(
    texts: readonly string[],
    template: readonly TemplatePart[],
    truncation: TruncationSpecification | undefined,
  ): Columns[] {
    const sequences = texts.map((text) => this.#columns(text));
    if (truncation === undefined) return [fillTemplate(template, sequences)];
    const limit = truncation.max_length - addedBy(template);
    if (limit < 0) {
      throw new Error(
        `Expected a truncation length of at least the ${addedBy(template)} special tokens, got ${truncation.max_length}.`,
      );
    }
    const [firsts, seconds] = truncate(sequences, limit, truncation);
    if (seconds === undefined) return firsts!.map((columns) => fillTemplate(template, [columns]));
    const [first, ...others] = firsts!;
    const [second, ...more] = seconds;
    // The reference's order: what stays; each window of the text with every window of the pair; the text with the pair's windows.
    const combined = [
      [first, second],
      ...others.flatMap((one) => seconds.map((pair) => [one, pair])),
      ...more.map((pair) => [first, pair]),
    ];
    return combined.map((columns) => fillTemplate(template, columns));
  }
}

function pad(columns: Columns, padding: PaddingSpecification, longest: number): Columns {
  const wanted = padding.strategy === "BatchLongest" ? longest : padding.strategy.Fixed;
  const unit = padding.pad_to_multiple_of ?? 1;
  const length = Math.ceil(wanted / unit) * unit;
  const missing = length - columns.ids.length;
  if (missing <= 0) return columns;
  const padded = emptyColumns(length);
  padded.ids.fill(padding.pad_id);
  padded.typeIds.fill(padding.pad_type_id);
  padded.attentionMask.fill(0);
  placeColumns(padded, columns, padding.direction === "Right" ? 0 : missing);
  return padded;
}
