import { type DataReport, renderDataReport } from "@nacre/data";
import { renderTextReport, type TextReport } from "@nacre/data/text";

/** The name of the data report's page in a run's folder. */
export function dataPage(language: "en" | "zh"): string {
  return language === "en" ? "data.html" : `data.${language}.html`;
}

/** A data report as one HTML page. That of tables and images is in English only. */
export function renderData(report: DataReport | TextReport, language: "en" | "zh"): string {
  return "texts" in report ? renderTextReport(report, { language }) : renderDataReport(report);
}
