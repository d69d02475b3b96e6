import type { CleaningStep } from "../preparation/clean.ts";
import { markMissing } from "../preparation/clean.ts";
import { replaceValues } from "../preparation/clean-values.ts";
import type { TableColumnInput } from "../preparation/table-schema.ts";

/** How a catalogued table is read: its files, its columns in file order, and what to clean. */
export interface TableLayout {
  readonly train: string;
  readonly test?: string;
  /** More files of the same columns, each with a value for one more column that comes first. */
  readonly joined?: { readonly column: string; readonly values: Readonly<Record<string, string>> };
  /** Whether the first line names the columns, describes the file, or is a record like the others. */
  readonly first: "record" | "names" | "description";
  readonly schema: readonly TableColumnInput[];
  readonly cleaning: readonly CleaningStep[];
}

const numbers = (...names: readonly string[]): TableColumnInput[] =>
  names.map((name) => ({ name, type: "number" as const }));
const category = (name: string): TableColumnInput => ({ name, type: "category" });
const target = (name: string, kind: "class" | "number" = "class"): TableColumnInput => ({ name, type: "target", kind });

const cellMeasures = [
  "radius",
  "texture",
  "perimeter",
  "area",
  "smoothness",
  "compactness",
  "concavity",
  "concave-points",
  "symmetry",
  "fractal-dimension",
];

/** By the catalogue's names. */
export const tableLayouts: Readonly<Record<string, TableLayout>> = {
  adult: {
    train: "adult-train.csv",
    test: "adult-test.csv",
    first: "record",
    schema: [
      { name: "age", type: "number", pieces: 8 },
      category("workclass"),
      // The number of people that a record stands for: a weight of the survey, not a trait.
      { name: "fnlwgt", type: "ignore" },
      category("education"),
      ...numbers("education-num"),
      category("marital-status"),
      category("occupation"),
      category("relationship"),
      category("race"),
      category("sex"),
      { name: "capital-gain", type: "number", pieces: 24 },
      { name: "capital-loss", type: "number", pieces: 24 },
      { name: "hours-per-week", type: "number", pieces: 8 },
      { name: "native-country", type: "category", unknown: "other", minimumCount: 20 },
      target("income"),
    ],
    cleaning: [
      markMissing({ markers: ["?"] }),
      replaceValues({ column: "income", values: { "<=50K.": "<=50K", ">50K.": ">50K" } }),
    ],
  },
  iris: {
    train: "iris.csv",
    first: "record",
    schema: [...numbers("sepal-length", "sepal-width", "petal-length", "petal-width"), target("species")],
    cleaning: [],
  },
  wine: {
    train: "wine.csv",
    first: "record",
    schema: [
      ...numbers("alcohol", "malic-acid", "ash", "alcalinity-of-ash", "magnesium", "total-phenols", "flavanoids"),
      ...numbers("nonflavanoid-phenols", "proanthocyanins", "color-intensity", "hue", "od280-od315", "proline"),
      target("cultivar"),
    ],
    cleaning: [],
  },
  wdbc: {
    train: "breast_cancer.csv",
    first: "description",
    schema: [
      ...["mean", "error", "worst"].flatMap((kind) => numbers(...cellMeasures.map((measure) => `${kind}-${measure}`))),
      target("diagnosis"),
    ],
    cleaning: [replaceValues({ column: "diagnosis", values: { 0: "malignant", 1: "benign" } })],
  },
  "breast-cancer": {
    train: "breast-cancer-wisconsin.csv",
    first: "record",
    schema: [
      ...numbers("clump-thickness", "cell-size-uniformity", "cell-shape-uniformity", "marginal-adhesion"),
      ...numbers("epithelial-cell-size", "bare-nuclei", "bland-chromatin", "normal-nucleoli", "mitoses"),
      target("diagnosis"),
    ],
    cleaning: [
      markMissing({ markers: ["?"] }),
      replaceValues({ column: "diagnosis", values: { 2: "benign", 4: "malignant" } }),
    ],
  },
  banknote: {
    train: "banknote_authentication.csv",
    first: "record",
    schema: [...numbers("variance", "skewness", "kurtosis", "entropy"), target("class")],
    cleaning: [],
  },
  abalone: {
    train: "abalone.csv",
    first: "record",
    schema: [
      category("sex"),
      ...numbers("length", "diameter", "height", "whole-weight", "shucked-weight", "viscera-weight", "shell-weight"),
      target("rings", "number"),
    ],
    cleaning: [],
  },
  german: {
    train: "german.csv",
    first: "record",
    schema: [
      category("checking-account"),
      ...numbers("months"),
      category("credit-history"),
      category("purpose"),
      ...numbers("amount"),
      category("savings"),
      category("employment"),
      ...numbers("installment-rate"),
      category("personal-status"),
      category("other-debtors"),
      ...numbers("residence-since"),
      category("property"),
      ...numbers("age"),
      category("other-installments"),
      category("housing"),
      ...numbers("credits"),
      category("job"),
      ...numbers("dependants"),
      category("telephone"),
      category("foreign-worker"),
      target("credit"),
    ],
    cleaning: [replaceValues({ column: "credit", values: { 1: "good", 2: "bad" } })],
  },
  ionosphere: {
    train: "ionosphere.csv",
    first: "record",
    schema: [
      ...Array.from({ length: 17 }, (_, pulse) =>
        numbers(`pulse-${pulse + 1}-real`, `pulse-${pulse + 1}-imaginary`),
      ).flat(),
      target("return"),
    ],
    cleaning: [replaceValues({ column: "return", values: { g: "good", b: "bad" } })],
  },
  penguins: {
    train: "penguins.csv",
    first: "names",
    schema: [
      target("species"),
      category("island"),
      ...numbers("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"),
      category("sex"),
    ],
    cleaning: [],
  },
  winequality: {
    train: "winequality-red.csv",
    joined: { column: "colour", values: { "winequality-red.csv": "red", "winequality-white.csv": "white" } },
    first: "record",
    schema: [
      category("colour"),
      ...numbers("fixed-acidity", "volatile-acidity", "citric-acid", "residual-sugar", "chlorides"),
      ...numbers("free-sulfur-dioxide", "total-sulfur-dioxide", "density", "ph", "sulphates", "alcohol"),
      target("quality"),
    ],
    cleaning: [],
  },
  sklearn_digits: {
    train: "digits.csv.gz",
    first: "record",
    schema: [
      ...Array.from({ length: 64 }, (_, at) => ({
        name: `pixel-${Math.floor(at / 8)}-${at % 8}`,
        type: "number" as const,
        scale: "minmax" as const,
      })),
      target("digit"),
    ],
    cleaning: [],
  },
};
