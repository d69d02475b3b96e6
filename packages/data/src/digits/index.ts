export { type DigitsOptions, digitClasses, digits } from "./digits.ts";
export type { LabelledImage } from "./labelled-image.ts";
