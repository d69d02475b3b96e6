import type { Random } from "@nacre/random";
import type { Shape, Stroke } from "./shape.ts";
import { skeletons } from "./skeletons.ts";

/** Points per control point when a stroke is flattened. */
const STEPS = 5;
const MOST_POINTS = 512;
/** Control points of the elastic field along each side. */
const GRID = 6;

/** Lines the pen has drawn: point i is (x[i], y[i]) with half width `radius[i]`; `pen[i]` is 0 where a stroke begins. */
export interface Trace {
  length: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly radius: Float64Array;
  readonly pen: Uint8Array;
}

export function emptyTrace(): Trace {
  return {
    length: 0,
    x: new Float64Array(MOST_POINTS),
    y: new Float64Array(MOST_POINTS),
    radius: new Float64Array(MOST_POINTS),
    pen: new Uint8Array(MOST_POINTS),
  };
}

const controls = new Float64Array(2 * 64);
const field = new Float64Array(2 * GRID * GRID);

/**
 * Writes a digit into `trace`, as some hand with `random` habits would: coordinates in pixels of an image of this
 * height and width, centred by mass with a little play, as the digits of MNIST are.
 */
export function writeDigit(
  trace: Trace,
  label: number,
  options: { random: Random; height: number; width: number },
): void {
  const { random } = options;
  const shape = chooseShape(skeletons[label]!, random);
  trace.length = 0;
  drawStrokes(trace, shape, random);
  proportion(trace, random);
  bend(trace, random);
  slant(trace, shape.aspect, random);
  place(trace, options);
}

function chooseShape(shapes: readonly Shape[], random: Random): Shape {
  let left = random.uniform() * shapes.reduce((sum, shape) => sum + shape.weight, 0);
  for (const shape of shapes) if ((left -= shape.weight) < 0) return shape;
  return shapes.at(-1)!;
}

/** Blends the shape's styles, moves every control point a little, and flattens the curves. Units: the box's height is 1. */
function drawStrokes(trace: Trace, shape: Shape, random: Random): void {
  const shares = blend(shape.styles.length, random);
  const unrest = 0.008 + 0.022 * random.uniform();
  for (let index = 0; index < shape.styles[0]!.length; index++) {
    const count = shape.styles[0]![index]!.length;
    for (let i = 0; i < count; i++) {
      let value = 0;
      for (let style = 0; style < shares.length; style++) value += shares[style]! * shape.styles[style]![index]![i]!;
      controls[i] = value / 100;
    }
    let movedX = 0;
    let movedY = 0;
    for (let i = 0; i < count; i += 2) {
      if (i === 0 || !isCorner(shape.styles[0]![index]!, i)) {
        movedX = unrest * random.normal();
        movedY = unrest * random.normal();
      }
      controls[i]! += movedX;
      controls[i + 1]! += movedY;
    }
    flatten(trace, count / 2);
  }
}

function isCorner(stroke: Stroke, i: number): boolean {
  return stroke[i] === stroke[i - 2] && stroke[i + 1] === stroke[i - 1];
}

/** Random shares that sum to 1 and may step slightly outside the known styles. */
function blend(count: number, random: Random): number[] {
  const shares = Array.from({ length: count }, () => Math.log(random.uniform() + 1e-9) ** 2);
  const sum = shares.reduce((left, right) => left + right, 0);
  const reach = 1.3;
  return shares.map((share) => reach * (share / sum) + (1 - reach) / count);
}

/** Catmull and Rom's spline through `count` control points (1974), as short lines. */
function flatten(trace: Trace, count: number): void {
  const { x, y, pen } = trace;
  pen[trace.length] = 0;
  for (let i = 0; i + 1 < count; i++) {
    const before = Math.max(0, i - 1) * 2;
    const from = i * 2;
    const to = from + 2;
    const after = Math.min(count - 1, i + 2) * 2;
    if (controls[from] === controls[to] && controls[from + 1] === controls[to + 1]) continue;
    for (let step = 0; step < STEPS; step++) {
      const t = step / STEPS;
      x[trace.length] = spline(controls[before]!, controls[from]!, controls[to]!, controls[after]!, t);
      y[trace.length] = spline(controls[before + 1]!, controls[from + 1]!, controls[to + 1]!, controls[after + 1]!, t);
      trace.length++;
      pen[trace.length] = 1;
    }
  }
  x[trace.length] = controls[2 * count - 2]!;
  y[trace.length] = controls[2 * count - 1]!;
  trace.length++;
}

function spline(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/** Where this writer puts the waist of a digit, and whether its upper or its lower half is the wider one. */
function proportion(trace: Trace, random: Random): void {
  const waist = 0.26 * random.normal();
  const taper = 0.24 * random.normal();
  for (let i = 0; i < trace.length; i++) {
    const y = trace.y[i]!;
    const x = trace.x[i]! - 0.5;
    trace.y[i] = y + waist * Math.max(0, y * (1 - y));
    trace.x[i] = 0.5 + x * (1 + taper * (y - 0.5));
  }
}

/**
 * Elastic distortion (Simard, Steinkraus, Platt 2003, section 2): a random displacement field, smoothed. The field is
 * bent through the pen's path instead of the finished pixels, and cubic B-splines do the smoothing.
 */
function bend(trace: Trace, random: Random): void {
  const strength = 0.04 + 0.05 * random.uniform();
  for (let i = 0; i < field.length; i++) field[i] = strength * random.normal();
  for (let point = 0; point < trace.length; point++) {
    const u = Math.min(0.999, Math.max(0, trace.x[point]!)) * (GRID - 3);
    const v = Math.min(0.999, Math.max(0, trace.y[point]!)) * (GRID - 3);
    const column = Math.floor(u);
    const row = Math.floor(v);
    let movedX = 0;
    let movedY = 0;
    for (let j = 0; j < 4; j++) {
      const weightY = basis(j, v - row);
      for (let i = 0; i < 4; i++) {
        const weight = weightY * basis(i, u - column);
        const at = 2 * ((row + j) * GRID + column + i);
        movedX += weight * field[at]!;
        movedY += weight * field[at + 1]!;
      }
    }
    trace.x[point]! += movedX;
    trace.y[point]! += movedY;
  }
}

function basis(index: number, t: number): number {
  const s = 1 - t;
  if (index === 0) return (s * s * s) / 6;
  if (index === 1) return (3 * t * t * t - 6 * t * t + 4) / 6;
  if (index === 2) return (3 * s * s * s - 6 * s * s + 4) / 6;
  return (t * t * t) / 6;
}

/** Width, slant and rotation of this writer. */
function slant(trace: Trace, aspect: number, random: Random): void {
  const width = aspect * Math.exp(0.17 * random.normal());
  const shear = 0.16 + 0.17 * random.normal();
  const angle = 0.07 * random.normal();
  const cosine = Math.cos(angle);
  const sine = Math.sin(angle);
  for (let i = 0; i < trace.length; i++) {
    const y = trace.y[i]! - 0.5;
    const x = (trace.x[i]! - 0.5) * width - shear * y;
    trace.x[i] = cosine * x - sine * y;
    trace.y[i] = sine * x + cosine * y;
  }
}

/** Thickness and pressure, then scale and position: 20 of 28 pixels, the centre of mass in the middle. */
function place(trace: Trace, { random, height, width }: { random: Random; height: number; width: number }): void {
  const size = Math.min(height, width);
  const { x, y, radius, pen, length } = trace;
  const thickness = Math.min(2, Math.max(0.65, 1.22 * Math.exp(0.26 * random.normal()))) * (size / 28);
  const swell = 0.25 * random.uniform();
  const waves = 0.05 + 0.15 * random.uniform();
  const phase = 2 * Math.PI * random.uniform();
  for (let i = 0; i < length; i++) {
    const atEnd = pen[i] === 0 || i + 1 === length || pen[i + 1] === 0;
    radius[i] = thickness * (1 + swell * Math.sin(phase + waves * i)) * (atEnd ? 1 - swell : 1);
  }

  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (let i = 0; i < length; i++) {
    left = Math.min(left, x[i]!);
    right = Math.max(right, x[i]!);
    top = Math.min(top, y[i]!);
    bottom = Math.max(bottom, y[i]!);
  }
  const target = (size * (19.6 + 0.7 * random.normal())) / 28 - 2 * thickness;
  const scale = Math.min(target / Math.max(right - left, bottom - top), (size - 2) / (right - left));

  let mass = 0;
  let massX = 0;
  let massY = 0;
  for (let i = 0; i < length; i++) {
    x[i]! *= scale;
    y[i]! *= scale;
    if (pen[i] === 0) continue;
    const stretch = Math.sqrt((x[i]! - x[i - 1]!) ** 2 + (y[i]! - y[i - 1]!) ** 2) * radius[i]!;
    mass += stretch;
    massX += stretch * (x[i]! + x[i - 1]!) * 0.5;
    massY += stretch * (y[i]! + y[i - 1]!) * 0.5;
  }
  const play = (0.45 * size) / 28;
  const moveX = width / 2 - massX / mass + play * random.normal();
  const moveY = height / 2 - massY / mass + play * random.normal();
  for (let i = 0; i < length; i++) {
    x[i]! += moveX;
    y[i]! += moveY;
  }
}
