/** What works on pictures in memory and needs nothing else: small enough for any page. */
export type { Image } from "./image.ts";
export { centerDrawing } from "./preparation/center-drawing.ts";
export { ImagePreparation } from "./preparation/image-preparation.ts";
