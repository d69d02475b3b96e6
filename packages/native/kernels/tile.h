// The innermost kernel of products: a tile of C, MR rows of NR columns at most, that stays in registers.
#pragma once
#include "activation.h"

namespace nacre {
namespace NACRE_ISA {

#if defined(__AVX512F__)
constexpr int MR = 12, NV = 2;
#elif defined(__AVX__)
constexpr int MR = 6, NV = 2;
#elif defined(__aarch64__)
constexpr int MR = 8, NV = 3;
#else
constexpr int MR = 6, NV = 2;
#endif
constexpr int NR = NV * W;
/** Depth of a block: a panel of B, and of A beside it, fit in a first-level cache. */
constexpr int64_t KC = W == 16 ? 384 : 256;
/** Rows of A that one thread packs: with KC they fill half of a second-level cache. */
constexpr int64_t MC = 96 / MR * MR;

/** Rows that will be packed next: a tile asks for four of them while it is computed, as memory takes longer than a tile. */
struct Ahead {
  static constexpr int64_t together = 4;
  const float* rows = nullptr;
  int64_t stride = 0, left = 0;

  void advance() { rows += together * stride, left -= together; }
};

struct Output {
  float* data;
  int64_t stride;
  /** Adds to what is there. */
  bool accumulate = false;
  Epilogue epilogue = {};
  /** C is square and only what lies on or above its diagonal is wanted; below, tiles may be left as they are. */
  bool upper = false;
  /** What of B is packed next. */
  Ahead* ahead = nullptr;
};

/**
 * ROWS × (VECTORS · W) sums. Element (i, p) of A is a[i · aRow + p · aStep]; row p of B is at b + p · bStep. Meanwhile rows `ahead` are
 * asked for.
 */
template <int ROWS, int VECTORS>
NACRE_INLINE void tile(int64_t depth, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t bStep,
                       Vector (&sums)[ROWS][VECTORS], const Ahead& ahead = {}) {
  const auto step = [&] {
    Vector row[VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) row[v] = load(b + v * W);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      const Vector scale = splat(a[i * aRow]);
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; v++) sums[i][v] += scale * row[v];
    }
    a += aStep;
    b += bStep;
  };
  for (int i = 0; i < ROWS; i++) {
    for (int v = 0; v < VECTORS; v++) sums[i][v] = Vector{};
  }
  int64_t p = 0;
  if constexpr (ROWS * VECTORS <= 6) {
    // Too few sums to keep the multipliers busy: every other step has its own.
    Vector others[ROWS][VECTORS] = {};
    for (; p + 2 <= depth; p += 2) {
#pragma GCC unroll 16
      for (int i = 0; i < ROWS; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) {
          sums[i][v] += splat(a[i * aRow]) * load(b + v * W);
          others[i][v] += splat(a[i * aRow + aStep]) * load(b + bStep + v * W);
        }
      }
      a += 2 * aStep;
      b += 2 * bStep;
    }
    for (int i = 0; i < ROWS; i++) {
      for (int v = 0; v < VECTORS; v++) sums[i][v] += others[i][v];
    }
  }
  if (ROWS == MR && ahead.left > 0) {
    for (; p + 16 <= depth; p += 16) {
      for (int64_t each = 0; each < Ahead::together; each++) {
        __builtin_prefetch(ahead.rows + each * ahead.stride + p, 0, 2);
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) step();
      }
    }
  }
#pragma GCC unroll 4
  for (; p < depth; p++) step();
}

/** Bias and activation of a tile that was just written and is still in the first cache. */
template <class Any = void>
__attribute__((noinline)) void finish(const Output& c, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  for (int64_t i = row; i < row + rows; i++) {
    float* to = c.data + i * c.stride + column;
    for (int64_t j = 0; j < columns; j += W) {
      const int64_t width = lesser(W, columns - j);
      Vector value = width == W ? load(to + j) : loadPart(to + j, width);
      if (c.epilogue.bias != nullptr) {
        const float* bias = c.epilogue.bias + column + j;
        value += width == W ? load(bias) : loadPart(bias, width);
      }
      value = activate(value, c.epilogue);
      if (width == W) {
        store(to + j, value);
      } else {
        storePart(to + j, value, width);
      }
    }
  }
}

template <int ROWS, int VECTORS>
NACRE_INLINE void write(const Vector (&sums)[ROWS][VECTORS], const Output& c, int64_t row, int64_t column,
                        int64_t columns, bool add) {
  float* to = c.data + row * c.stride + column;
  if (columns == VECTORS * W) {
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; v++) {
        float* place = to + i * c.stride + v * W;
        store(place, add ? sums[i][v] + load(place) : sums[i][v]);
      }
    }
    return;
  }
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++) {
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
      float* place = to + i * c.stride + v * W;
      const int64_t count = columns - v * W;
      if (count > 0) storePart(place, add ? sums[i][v] + loadPart(place, count) : sums[i][v], count);
    }
  }
}

/** Asks for rows that come next: short rows are over before the processor's own prefetcher has found out. */
NACRE_INLINE void prefetchLines(const float* from, int64_t lines, int64_t stride, int64_t length) {
  for (int64_t i = 0; i < lines; i++) {
    for (int64_t p = 0; p < length; p += 16) __builtin_prefetch(from + i * stride + p);
  }
}

/** `count` blocks of ROWS rows, one below the other, of the columns of one panel. */
template <int ROWS, int VECTORS, bool PACKED>
__attribute__((noinline)) void blocks(int64_t count, int64_t depth, const float* a, int64_t aRow, int64_t aStep,
                                      const float* b, int64_t bStep, const Output& c, int64_t row, int64_t column,
                                      int64_t columns, bool add, bool last, bool fetch) {
  const bool finishing = last && (c.epilogue.bias != nullptr || c.epilogue.activation != Activation::linear);
  for (; count > 0; count--) {
    Vector sums[ROWS][VECTORS];
    // Rows of C lie pages apart where no prefetcher follows; they are needed when the sums are done.
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      const float* place = c.data + (row + i) * c.stride + column;
      __builtin_prefetch(place, 1);
      __builtin_prefetch(place + lesser(columns, VECTORS * W) - 1, 1);
    }
    if (!PACKED && fetch && count > 1) prefetchLines(a + ROWS * aRow, ROWS, aRow, depth);
    const Ahead ahead = c.ahead == nullptr ? Ahead{} : *c.ahead;
    if (PACKED) {
      tile<ROWS, VECTORS>(depth, a, 1, ROWS, b, NR, sums, ahead);
    } else {
      tile<ROWS, VECTORS>(depth, a, aRow, aStep, b, bStep, sums, ahead);
    }
    if (c.ahead != nullptr) c.ahead->advance();
    write<ROWS, VECTORS>(sums, c, row, column, columns, add);
    if (finishing) finish(c, row, ROWS, column, columns);
    row += ROWS;
    a += PACKED ? ROWS * depth : ROWS * aRow;
  }
}

/** Whole blocks of ROWS rows; those left over take the kernel of their number. */
template <int ROWS, bool PACKED>
NACRE_INLINE void blocksOf(int64_t rows, int64_t columns, int64_t depth, const float* a, int64_t aRow, int64_t aStep,
                           const float* b, int64_t bStep, const Output& c, int64_t row, int64_t column, bool add,
                           bool last, bool fetch) {
  if constexpr (ROWS > 0) {
    const int64_t count = rows / ROWS, done = count * ROWS;
    if (count > 0) {
      if (columns <= W) {
        blocks<ROWS, 1, PACKED>(count, depth, a, aRow, aStep, b, bStep, c, row, column, columns, add, last, fetch);
      } else {
        blocks<ROWS, NV, PACKED>(count, depth, a, aRow, aStep, b, bStep, c, row, column, columns, add, last, fetch);
      }
    }
    if (done < rows) {
      blocksOf<ROWS - 1, PACKED>(rows - done, columns, depth, a + done * (PACKED ? depth : aRow), aRow, aStep, b, bStep,
                                 c, row + done, column, add, last, fetch);
    }
  }
}

}  // namespace NACRE_ISA
}  // namespace nacre
