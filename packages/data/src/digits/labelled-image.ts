import type { Image } from "../image.ts";

/** An image with the index of its class. */
export interface LabelledImage {
  readonly image: Image;
  /** From 0. */
  readonly label: number;
  /** Names the record for ever: splits go by it. */
  readonly key: string;
}
