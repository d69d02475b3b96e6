/**
 * One movement of the pen: x, y, x, y, … in percent of the digit's box, y downwards. The pen follows a smooth curve through
 * the points; a point given twice is a corner.
 */
export type Stroke = readonly number[];

/**
 * One way of building a digit. Its styles have the same strokes with the same number of points, so a writer can stand
 * anywhere between them.
 */
export interface Shape {
  /** How often people choose this way, relative to the digit's other shapes. */
  readonly weight: number;
  /** Typical width divided by height. */
  readonly aspect: number;
  readonly styles: readonly (readonly Stroke[])[];
}
