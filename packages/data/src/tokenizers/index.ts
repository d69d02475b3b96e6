export type { DecodeStream } from "./decode-stream.ts";
export type { Encoding } from "./encoding.ts";
export { type TiktokenEncoding, tiktokenEncodings } from "./formats/tiktoken.ts";
export { type OpenTokenizerOptions, openTokenizer } from "./open-tokenizer.ts";
export type { EncodeOptions, PaddingOptions, TruncationOptions } from "./options.ts";
export type { AddedToken, TokenizerJson } from "./specification.ts";
export { Tokenizer } from "./tokenizer.ts";
