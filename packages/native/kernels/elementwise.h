// Two arrays with broadcasting, element by element.
#pragma once
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

/** Axes of a broadcast, merged where both operands go through them as one, innermost first. */
struct Broadcast {
  static constexpr int most = 8;
  int rank = 0;
  int64_t size[most], left[most], right[most];
  int64_t elements = 1, leftElements = 1, rightElements = 1;

  /** From (rank, sizes of the result, of the left, of the right), all of that rank; 1 broadcasts. */
  Broadcast(const int32_t* shape, int64_t length) {
    const int64_t axes = length > 0 ? shape[0] : -1;
    if (axes < 0 || axes > 32 || length < 1 + 3 * axes) {
      throw ArgumentError(ArgumentError::range, "expected the shapes of a broadcast.");
    }
    const int32_t *result = shape + 1, *a = result + axes, *b = a + axes;
    for (int64_t axis = axes - 1; axis >= 0; axis--) {
      if (result[axis] < 0 || (a[axis] != result[axis] && a[axis] != 1) || (b[axis] != result[axis] && b[axis] != 1)) {
        throw ArgumentError(ArgumentError::range, "expected sizes that broadcast. Received %d and %d for %d.", a[axis],
                            b[axis], result[axis]);
      }
      if (result[axis] == 1) continue;
      const int64_t stepA = a[axis] == 1 ? 0 : leftElements, stepB = b[axis] == 1 ? 0 : rightElements;
      leftElements *= a[axis];
      rightElements *= b[axis];
      elements *= result[axis];
      if (rank > 0 && left[rank - 1] * size[rank - 1] == stepA && right[rank - 1] * size[rank - 1] == stepB) {
        size[rank - 1] *= result[axis];
        continue;
      }
      if (rank == most) throw ArgumentError(ArgumentError::range, "expected a simpler broadcast.");
      size[rank] = result[axis];
      left[rank] = stepA;
      right[rank] = stepB;
      rank++;
    }
    if (rank == 0) {
      size[0] = elements;
      left[0] = right[0] = 0;
      rank = 1;
    }
  }

  /** Calls `row(a, b, out, count)` for each run of the innermost axis, on all threads. */
  template <class Row>
  void each(Pool& pool, const Row& row) const {
    if (elements == 0) return;
    const int64_t inner = size[0], rows = elements / inner;
    if (rows == 1) {
      parallel(pool, inner, chunkElements, [&](int64_t begin, int64_t end, int) {
        row(begin * left[0], begin * right[0], begin, end - begin);
      });
      return;
    }
    parallel(pool, rows, rowsPerChunk(inner), [&](int64_t begin, int64_t end, int) {
      int64_t index[most] = {}, a = 0, b = 0, rest = begin;
      for (int axis = 1; axis < rank; axis++) {
        index[axis] = rest % size[axis];
        rest /= size[axis];
        a += index[axis] * left[axis];
        b += index[axis] * right[axis];
      }
      for (int64_t at = begin; at < end; at++) {
        row(a, b, at * inner, inner);
        for (int axis = 1; axis < rank; axis++) {
          a += left[axis];
          b += right[axis];
          if (++index[axis] < size[axis]) break;
          a -= left[axis] * size[axis];
          b -= right[axis] * size[axis];
          index[axis] = 0;
        }
      }
    });
  }
};

}  // namespace NACRE_ISA
}  // namespace nacre
