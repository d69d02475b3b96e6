export * from "./catalogue/index.ts";
export {
  type Cursor,
  Dataset,
  from,
  generate,
  type Indexed,
  type ItemContext,
  interleave,
  type Position,
  type ShuffleOptions,
  type Source,
  type SplitOptions,
  zip,
} from "./dataset.ts";
export * from "./digits/index.ts";
export type { Image } from "./image.ts";
export * from "./preparation/index.ts";
export * from "./readers/index.ts";
export * from "./report/index.ts";
export type { Row, Value } from "./table.ts";
export * from "./tokenizers/index.ts";
