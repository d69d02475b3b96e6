export type {
  ClassReport,
  ColumnReport,
  DataReport,
  ImagesReport,
  NumberReport,
  Sample,
} from "./data-report.ts";
export { RecordDigest } from "./digest.ts";
export { renderDataReport } from "./render.ts";
export { type ReportImagesOptions, reportImages } from "./report-images.ts";
export { type ReportTableOptions, reportTable } from "./report-table.ts";
