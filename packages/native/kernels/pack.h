// Operands of products as tiles read them: B in panels of NR columns, A in panels of MR rows.
#pragma once
#include "tile.h"

namespace nacre {
namespace NACRE_ISA {

/**
 * Element p of every line, then element p + 1, and so on: to[p · count + i] = lines[i][p]. Writes up to a vector beyond the end,
 * for which panels leave room.
 */
NACRE_INLINE void interleave(float* to, const float* const* lines, int64_t count, int64_t depth) {
  int64_t p = 0;
  if (count == MR && MR > W / 2) {
    constexpr int squares = (MR + W - 1) / W;
    for (; p + W <= depth; p += W) {
      Vector square[squares][W];
      for (int s = 0; s < squares; s++) {
#pragma GCC unroll 16
        for (int q = 0; q < W; q++) square[s][q] = load(lines[s * W + q < MR ? s * W + q : MR - 1] + p);
        transposeSquare(square[s]);
      }
      // In ascending order: what reaches into the next element's place is written over by it.
#pragma GCC unroll 16
      for (int q = 0; q < W; q++) {
        for (int s = 0; s < squares; s++) store(to + (p + q) * MR + s * W, square[s][q]);
      }
    }
  }
  for (; p < depth; p++) {
    for (int64_t i = 0; i < count; i++) to[p * count + i] = lines[i][p];
  }
}

/** Columns of B as panels of NR, one panel after another. */
template <class B>
NACRE_INLINE void packEachPanel(const B& b, float* to, int64_t column, int64_t columns, int64_t from, int64_t depth) {
  for (int64_t j = 0; j < columns; j += NR) b.packColumns(to + j * depth, column + j, lesser(NR, columns - j), from, depth);
}

/** W columns, which lie as W rows of W elements, into a panel of NR columns. */
template <class Row>
NACRE_INLINE void packSquare(float* to, const Row& row) {
  turnSquare(row, [&](int q, Vector column) { store(to + q * NR, column); });
}

/** Whether lines so far apart share their places in a first-level cache. */
inline bool sharePlaces(int64_t stride) { return stride % 1024 == 0; }

/** A matrix in memory; one of the strides is 1. */
struct Matrix {
  const float* data;
  int64_t rowStride;
  int64_t columnStride;

  /** Rows [row, row + rows) and columns [from, from + depth) as panels of MR rows, each column after column. */
  void packRowPanels(float* to, int64_t row, int64_t rows, int64_t from, int64_t depth) const {
    const float* source = data + row * rowStride + from * columnStride;
    const int64_t whole = rows / MR * MR;
    if (rowStride == 1) {
      // All panels of a line together: lines lie far apart, and a cache may not keep them until the next panel.
      for (int64_t p = 0; p < depth; p++) {
        const float* line = source + p * columnStride;
        for (int64_t i = 0; i < whole; i += MR) {
          float* place = to + i * depth + p * MR;
#pragma GCC unroll 16
          for (int q = 0; q < MR; q++) place[q] = line[i + q];
        }
        for (int64_t i = whole; i < rows; i++) to[whole * depth + p * (rows - whole) + i - whole] = line[i];
      }
      return;
    }
    const float* lines[MR];
    for (int64_t i = 0; i < rows; i += MR) {
      const int64_t count = lesser(MR, rows - i);
      for (int64_t q = 0; q < count; q++) lines[q] = source + (i + q) * rowStride;
      interleave(to + i * depth, lines, count, depth);
    }
  }
  /** `columns` from `column` on as panels of NR, the last filled up with zeros. */
  void packColumnPanels(float* to, int64_t column, int64_t columns, int64_t from, int64_t depth) const {
    if (columnStride != 1) return packEachPanel(*this, to, column, columns, from, depth);
    // As in packRowPanels: line after line.
    const float* source = data + from * rowStride + column;
    const int64_t whole = columns / NR;
    for (int64_t p = 0; p < depth; p++) {
      const float* line = source + p * rowStride;
      for (int64_t each = 0; each < whole; each++) {
#pragma GCC unroll 4
        for (int v = 0; v < NV; v++) store(to + (each * depth + p) * NR + v * W, load(line + each * NR + v * W));
      }
    }
    if (whole * NR < columns) {
      packColumns(to + whole * depth * NR, column + whole * NR, columns - whole * NR, from, depth);
    }
  }
  /** Rows [from, from + depth) of NR columns from `column` on; those beyond `columns` become 0. */
  void packColumns(float* to, int64_t column, int64_t columns, int64_t from, int64_t depth) const {
    const float* source = data + from * rowStride + column * columnStride;
    if (columnStride == 1) {
      for (int64_t p = 0; p < depth; p++) {
        const float* line = source + p * rowStride;
#pragma GCC unroll 4
        for (int v = 0; v < NV; v++) store(to + p * NR + v * W, loadPart(line + v * W, columns - v * W));
      }
      return;
    }
    for (int64_t j = 0; j < NR; j += W) {
      int64_t p = 0;
      if (j + W <= columns) {
        for (; p + W <= depth; p += W) {
          packSquare(to + p * NR + j, [&](int64_t q) { return load(source + (j + q) * columnStride + p); });
        }
      }
      for (; p < depth; p++) {
        for (int64_t q = j; q < j + W; q++) to[p * NR + q] = q < columns ? source[p + q * columnStride] : 0.0f;
      }
    }
  }
  /** Columns whose elements lie beside each other. */
  Ahead ahead(int64_t column, int64_t from, int64_t columns) const {
    return columnStride == 1 ? Ahead{} : Ahead{data + column * columnStride + from, columnStride, columns};
  }
  static constexpr bool direct = true;
  /** Whether rows, read where they lie, would push each other out of a first-level cache: more than its ways share a place. */
  bool collide(int64_t rows) const { return lesser(rows, MR) > 8 && columnStride == 1 && sharePlaces(rowStride); }
};

/** Rows that were packed before, all of them: `rows` in each block of depth. */
struct PackedRows {
  float* data;
  int64_t rows;
  static constexpr bool direct = false;

  static int64_t floats(int64_t rows, int64_t k) { return rows * k + ceilDivide(k, KC) * W; }
  float* block(int64_t from) const { return data + from * rows + from / KC * W; }
  const float* panels(int64_t row, int64_t from, int64_t depth) const { return block(from) + row * depth; }
};

/** Panels of NR columns, one after another, `size` floats apart. */
struct Panels {
  const float* data;
  int64_t size = 0;

  const float* at(int64_t column) const { return data + column / NR * size; }
};

/** A whole number of panels that were packed before, each to the full depth k. */
struct PackedColumns {
  const float* data;
  int64_t k;

  Panels panels(int64_t column, int64_t from) const { return {data + column * k + from * NR, k * NR}; }
};

template <class B>
NACRE_INLINE void packPanels(const B& b, float* to, int64_t column, int64_t columns, int64_t from, int64_t depth) {
  if constexpr (requires { b.packColumnPanels(to, column, columns, from, depth); }) {
    b.packColumnPanels(to, column, columns, from, depth);
  } else {
    packEachPanel(b, to, column, columns, from, depth);
  }
}

}  // namespace NACRE_ISA
}  // namespace nacre
