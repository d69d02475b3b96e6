/**
 * The k-th greatest of the first `count` values, k from 1 to `count` (quickselect, Hoare 1961). Reorders the values.
 */
export function kthGreatest(values: Float32Array | Float64Array, count: number, k: number): number {
  let low = 0;
  let high = count - 1;
  const target = k - 1;
  while (low < high) {
    const pivot = middle(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! > pivot) i++;
      while (values[j]! < pivot) j--;
      if (i <= j) {
        const value = values[i]!;
        values[i++] = values[j]!;
        values[j--] = value;
      }
    }
    if (target <= j) high = j;
    else if (target >= i) low = i;
    else return values[target]!;
  }
  return values[target]!;
}

/**
 * The greatest value t such that the weights of all values ≥ t sum to at least `mass`; the least value when they never do.
 * Expected linear time: quickselect on sums. Reorders both arrays together.
 */
export function massThreshold(
  values: Float64Array,
  weights: Float64Array,
  limits: { count: number; mass: number },
): number {
  let low = 0;
  let high = limits.count - 1;
  let missing = limits.mass;
  while (low < high) {
    const pivot = middle(values[low]!, values[(low + high) >> 1]!, values[high]!);
    // Three parts: above, equal, below.
    let above = low;
    let below = high;
    let aboveMass = 0;
    let equalMass = 0;
    for (let i = low; i <= below; ) {
      const value = values[i]!;
      if (value > pivot) {
        aboveMass += weights[i]!;
        swap(values, weights, i++, above++);
      } else if (value < pivot) {
        swap(values, weights, i, below--);
      } else {
        equalMass += weights[i++]!;
      }
    }
    if (aboveMass >= missing && above > low) high = above - 1;
    else if (aboveMass + equalMass >= missing || below === high) return pivot;
    else {
      missing -= aboveMass + equalMass;
      low = below + 1;
    }
  }
  return values[low]!;
}

function middle(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function swap(values: Float64Array, weights: Float64Array, i: number, j: number): void {
  const value = values[i]!;
  values[i] = values[j]!;
  values[j] = value;
  const weight = weights[i]!;
  weights[i] = weights[j]!;
  weights[j] = weight;
}
