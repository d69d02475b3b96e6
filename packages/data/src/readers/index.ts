export type { ByteSource } from "./bytes.ts";
export { readBytes, streamBytes } from "./bytes.ts";
export { type CsvOptions, readCsv, readTsv } from "./csv.ts";
export { decodeImage, encodePng, type ImageDecoder } from "./decode-image.ts";
export {
  type DocumentOptions,
  documentFiles,
  readDocuments,
  type SourceDocument,
  writeJsonLines,
} from "./documents.ts";
export { type DuckdbOptions, readDuckdb } from "./duckdb.ts";
export { type IdxArray, type IdxFile, readIdx } from "./idx.ts";
export { type ImageFolder, readImageFolder } from "./image-folder.ts";
export { readJsonLines, readText } from "./json-lines.ts";
export { readParquet } from "./parquet.ts";
export { type Answer, type Question, readSquad, type SquadQuestion } from "./squad.ts";
export { type ArchivedFile, readTar } from "./tar.ts";
export { type Audio, readWav } from "./wav.ts";
