import type { Random } from "@nacre/random";
import type { Trace } from "./hand.ts";

/**
 * Renders the lines of `trace` into `pixels` [height, width], white (255) on black, antialiased by distance to the line.
 * `random` decides how soft the pen is, how evenly the ink flows, and a speck here and there.
 */
export function renderInk(trace: Trace, pixels: Uint8Array, options: { width: number; random: Random }): void {
  const { width, random } = options;
  const height = pixels.length / width;
  const softness = 0.55 + 0.45 * random.uniform();
  const coverage = coverageFor(pixels.length);
  for (let i = 0; i < trace.length; i++) {
    if (trace.pen[i] === 0) continue;
    addLine(coverage, trace, { end: i, width, height, softness });
  }
  develop(coverage, pixels, random);
}

let buffer = new Float32Array(0);

function coverageFor(length: number): Float32Array {
  if (buffer.length !== length) buffer = new Float32Array(length);
  else buffer.fill(0);
  return buffer;
}

/** Keeps for every pixel the strongest coverage of any line: 1 inside, 0 outside, a ramp of 2 × softness pixels between. */
function addLine(
  coverage: Float32Array,
  trace: Trace,
  options: { end: number; width: number; height: number; softness: number },
): void {
  const { end, width, height, softness } = options;
  const fromX = trace.x[end - 1]!;
  const fromY = trace.y[end - 1]!;
  const fromRadius = trace.radius[end - 1]!;
  const alongX = trace.x[end]! - fromX;
  const alongY = trace.y[end]! - fromY;
  const swell = trace.radius[end]! - fromRadius;
  const perLength = 1 / Math.max(1e-9, alongX * alongX + alongY * alongY);
  const reach = Math.max(fromRadius, fromRadius + swell) + softness;
  const left = Math.max(0, Math.floor(Math.min(fromX, fromX + alongX) - reach));
  const right = Math.min(width - 1, Math.floor(Math.max(fromX, fromX + alongX) + reach));
  const top = Math.max(0, Math.floor(Math.min(fromY, fromY + alongY) - reach));
  const bottom = Math.min(height - 1, Math.floor(Math.max(fromY, fromY + alongY) + reach));
  const ramp = 0.5 / softness;
  for (let row = top; row <= bottom; row++) {
    const y = row + 0.5 - fromY;
    for (let column = left; column <= right; column++) {
      const x = column + 0.5 - fromX;
      let t = (x * alongX + y * alongY) * perLength;
      if (t < 0) t = 0;
      if (t > 1) t = 1;
      const dx = x - t * alongX;
      const dy = y - t * alongY;
      const radius = fromRadius + t * swell;
      const outer = radius + softness;
      const squared = dx * dx + dy * dy;
      if (squared >= outer * outer) continue;
      const value = (outer - Math.sqrt(squared)) * ramp;
      const at = row * width + column;
      if (value > coverage[at]!) coverage[at] = value;
    }
  }
}

/** Coverage to grey: uneven ink, saturated in the middle of the line as in MNIST. */
function develop(coverage: Float32Array, pixels: Uint8Array, random: Random): void {
  const grain = 0.25 * random.uniform() * random.uniform();
  const strength = 1.05 + 0.15 * random.uniform();
  for (let i = 0; i < pixels.length; i++) {
    const covered = coverage[i]!;
    if (covered === 0) continue;
    const ink = Math.min(1, covered) * strength - grain * random.uniform();
    pixels[i] = ink <= 0 ? 0 : ink >= 1 ? 255 : Math.round(255 * ink);
  }
  if (random.uniform() < 0.04) {
    const at = random.integer(pixels.length);
    pixels[at] = Math.max(pixels[at]!, 40 + random.integer(120));
  }
}
