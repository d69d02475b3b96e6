export { type BoilerplateOptions, looksLikeBoilerplate, removeBoilerplate } from "./boilerplate.ts";
export { collapseWhitespace, limitLength, normalizeUnicode, removeControlCharacters } from "./characters.ts";
export {
  answerMask,
  applyChatTemplate,
  type ChatMessage,
  type ChatTemplateOptions,
  type RenderedConversation,
  renderConversation,
  type TextSpan,
  type TokenizerConfig,
} from "./chat-template.ts";
export { chatTemplates } from "./chat-templates.ts";
export {
  type ContaminatedItem,
  type Contamination,
  type ContaminationOptions,
  findContamination,
  type Tokens,
} from "./contamination.ts";
export { dropDuplicateTexts } from "./exact-duplicates.ts";
export { type HtmlBlock, type HtmlOptions, htmlBlocks, htmlToText, stripHtml } from "./html-text.ts";
export { filterLanguage, type LanguageFilter, type LanguageGuess, openLanguageDetector } from "./language.ts";
export { countLines, type LineCounts } from "./line-counts.ts";
export { candidateChance, chooseBands, type LshBands, type LshError, lshError } from "./lsh-bands.ts";
export { MinHash, type MinHashOptions } from "./min-hash.ts";
export { NearDuplicateOptions } from "./near-duplicate-options.ts";
export {
  findNearDuplicates,
  type NearDuplicateProgress,
  type NearDuplicateRun,
  type NearDuplicates,
} from "./near-duplicates.ts";
export { type PackedSequence, type PackOptions, packSequences, type TokenSequence } from "./packing.ts";
export {
  findPersonalData,
  type MaskOptions,
  maskPersonalData,
  maskText,
  type PersonalDataKind,
  type PersonalDataOptions,
  type PersonalDatum,
  personalDataMasks,
} from "./personal-data.ts";
export {
  chineseQuality,
  englishStopWords,
  filterQuality,
  filterRepetition,
  type QualityOptions,
  type QualityReason,
  qualityReason,
  type RepetitionOptions,
  type RepetitionReason,
  repetitionReason,
} from "./quality.ts";
export { renderTextReport } from "./report/render-text-report.ts";
export {
  type Counted,
  type ReportTextsOptions,
  reportTexts,
  type TextReport,
  type TextsReport,
} from "./report/report-texts.ts";
export type { ReportLanguage } from "./report/wording.ts";
export { jaccard, type ShingleOptions, Shingler } from "./shingles.ts";
export {
  type CleanedTexts,
  type CleaningExample,
  type CleanText,
  cleanTexts,
  eachText,
  startTextCleaning,
  type TextCleaning,
  type TextCleaningStep,
  type TextDocument,
  type TextNote,
} from "./text-cleaning.ts";
export { splitWords } from "./words.ts";
