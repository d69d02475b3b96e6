export { catalogue, catalogueEntry } from "./catalogue.ts";
export type { CatalogueEntry, CatalogueFile, MirroredFile } from "./entry.ts";
export { type FetchedDataset, type FetchOptions, type FetchProgress, fetchDataset } from "./fetch-dataset.ts";
export { type OpenedImages, type OpenedTable, openDataset, openMnist } from "./open-dataset.ts";
