export { centerDrawing } from "./center-drawing.ts";
export {
  type Cleaned,
  type CleaningCount,
  type CleaningStep,
  type CleanRow,
  cleanTable,
  dropDuplicates,
  dropMissing,
  eachValue,
  markMissing,
  missingMarkers,
  type Note,
  startCleaning,
  trimText,
} from "./clean.ts";
export {
  type Bounds,
  oneOf,
  replaceValues,
  toNumbers,
  toText,
  type Unfit,
  withinBounds,
} from "./clean-values.ts";
export { missingCategory } from "./columns.ts";
export { ImagePreparation, type ImageSize } from "./image-preparation.ts";
export { type ImputationStrategy, imputation } from "./impute.ts";
export type { Moments } from "./moments.ts";
export { OneHotEncoder, type OneHotOptions, otherCategory } from "./one-hot.ts";
export { convertChannels, resizeImage } from "./resample.ts";
export {
  MinMaxScaler,
  mergeRows,
  type NumberRows,
  observeRows,
  RobustScaler,
  type Scaling,
  StandardScaler,
} from "./scalers.ts";
export { type InputColumn, TablePreparation } from "./table-preparation.ts";
export { TableColumn, type TableColumnInput, TableSchema } from "./table-schema.ts";
