/** A picture. */
export interface Image {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
  readonly channels: number;
  /** [height, width, channels], row-major, 0 to 255. */
  readonly pixels: Uint8Array;
}
