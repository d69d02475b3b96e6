export { catalogue, catalogueEntry } from "./catalogue.ts";
export type { CatalogueEntry, CatalogueFile, MirroredFile } from "./entry.ts";
export { type FetchedDataset, type FetchOptions, type FetchProgress, fetchDataset } from "./fetch-dataset.ts";
export {
  type OpenedDataset,
  type OpenedImages,
  type OpenedTable,
  openDataset,
  openMnist,
} from "./open-dataset.ts";
export {
  type LabelledText,
  type LabelledTextOptions,
  type OpenedLabelledTexts,
  openLabelledTexts,
} from "./open-labelled-texts.ts";
export { type OpenedQuestions, openQuestions, type QuestionOptions } from "./open-questions.ts";
export { type OpenedTexts, openTexts, type TextRecord } from "./open-texts.ts";
export {
  type OpenedTranslations,
  openTranslationPairs,
  type TranslationOptions,
  type TranslationPair,
} from "./open-translations.ts";
