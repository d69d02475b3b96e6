// C = A · B for single precision, in the manner of Goto and van de Geijn 2008: B is packed into panels of NR columns, A into
// panels of MR rows, and the innermost kernel keeps an MR × NR tile of C in registers. Where A and B come from is a template
// parameter, so convolutions gather their patches while they pack.
//
// Sums run over k in blocks of KC in ascending order, whatever the number of threads: the result does not depend on it.
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

/** Up to this many rows of A, packed columns of B are not shared. */
constexpr int64_t narrowRows = 192;
/** Up to this many columns, rows of A are read where they lie, unless they collide. */
constexpr int64_t directColumns = 16 * NR;

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
  Vector square[W];
#pragma GCC unroll 16
  for (int q = 0; q < W; q++) square[q] = row(q);
  transposeSquare(square);
#pragma GCC unroll 16
  for (int q = 0; q < W; q++) store(to + q * NR, square[q]);
}

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
  bool collide(int64_t rows) const { return lesser(rows, MR) > 8 && columnStride == 1 && rowStride % 1024 == 0; }
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

template <class B>
NACRE_INLINE void packPanels(const B& b, float* to, int64_t column, int64_t columns, int64_t from, int64_t depth) {
  if constexpr (requires { b.packColumnPanels(to, column, columns, from, depth); }) {
    b.packColumnPanels(to, column, columns, from, depth);
  } else {
    packEachPanel(b, to, column, columns, from, depth);
  }
}

struct Shape {
  int64_t m, n, k;
};

/** Bytes of scratch memory that a thread needs to pack its rows. */
constexpr size_t rowsBytes = static_cast<size_t>(MC) * KC * 4 + vectorBytes;
/** Columns of B that one thread packs when it computes a product alone. */
constexpr int64_t aloneColumns = 16 * NR;
/** A B of this size stays in half of a first-level cache. */
constexpr int64_t inPlaceElements = 4096;
constexpr size_t aloneBytes = rowsBytes + static_cast<size_t>(aloneColumns) * KC * 4;

/** Columns [first, end) of rows [row, row + rows) for one block of depth; B's panels start at `panels`. */
template <class A>
NACRE_INLINE void rowsTimesPanels(const A& a, float* packed, int64_t row, int64_t rows, int64_t from, int64_t depth,
                                  const float* panels, int64_t panelSize, int64_t first, int64_t end, const Output& c,
                                  bool add, bool last) {
  if constexpr (A::direct) {
    // Packing pays when each row meets many panels.
    if (end - first <= directColumns && !a.collide(rows)) {
      for (int64_t column = first; column < end; column += NR) {
        blocksOf<MR, false>(rows, lesser(NR, end - column), depth, a.data + row * a.rowStride + from * a.columnStride,
                            a.rowStride, a.columnStride, panels + (column - first) / NR * panelSize, NR, c, row, column,
                            add, last, column == first && a.columnStride == 1);
      }
      return;
    }
  }
  const float* rowPanels = packed;
  if constexpr (requires { a.panels(row, from, depth); }) {
    rowPanels = a.panels(row, from, depth);
  } else if constexpr (A::direct) {
    a.packRowPanels(packed, row, rows, from, depth);
  } else {
    for (int64_t i = 0; i < rows; i += MR) {
      a.packRows(packed + i * depth, row + i, lesser(MR, rows - i), from, depth);
    }
  }
  for (int64_t column = first; column < end; column += NR) {
    blocksOf<MR, true>(rows, lesser(NR, end - column), depth, rowPanels, 0, 0, panels + (column - first) / NR * panelSize,
                       NR, c, row, column, add, last, false);
  }
}

/** A small B whose rows lie in memory as they are is read there; only columns beyond whole panels are packed. */
inline void multiplyInPlace(const Shape& shape, const Matrix& a, const Matrix& b, const Output& c, float* scratch) {
  const auto [m, n, k] = shape;
  for (int64_t column = 0; column < n; column += NR) {
    const int64_t columns = lesser(NR, n - column);
    if (columns < NR) b.packColumns(scratch, column, columns, 0, k);
    blocksOf<MR, false>(m, columns, k, a.data, a.rowStride, a.columnStride, columns < NR ? scratch : b.data + column,
                        columns < NR ? NR : b.rowStride, c, 0, column, c.accumulate, true,
                        column == 0 && a.columnStride == 1);
  }
}

/** Columns [first, end) on the calling thread alone, with `scratch` of `aloneBytes`. */
template <class A, class B>
void multiplyColumns(const Shape& shape, const A& a, const B& b, const Output& c, int64_t first, int64_t last, void* scratch) {
  const int64_t m = shape.m, k = shape.k;
  float* packedRows = static_cast<float*>(scratch);
  float* packedColumns = packedRows + MC * KC + W;
  for (int64_t column = first; column < last; column += aloneColumns) {
    const int64_t end = lesser(last, column + aloneColumns);
    for (int64_t from = 0; from < k; from += KC) {
      const int64_t depth = lesser(KC, k - from);
      const bool add = c.accumulate || from > 0, whole = from + depth == k;
      packPanels(b, packedColumns, column, end - column, from, depth);
      Ahead ahead;
      if constexpr (requires { b.ahead(column, from, depth); }) {
        const int64_t next = whole ? end : column;
        if (next < shape.n) ahead = b.ahead(next, whole ? 0 : from + KC, lesser(end - column, shape.n - next));
      }
      Output to = c;
      to.ahead = &ahead;
      for (int64_t row = 0; row < m; row += MC) {
        rowsTimesPanels(a, packedRows, row, lesser(MC, m - row), from, depth, packedColumns, depth * NR, column, end, to,
                        add, whole);
      }
    }
  }
}

/** On the calling thread alone, with `scratch` of `aloneBytes`. */
template <class A, class B>
void multiplyAlone(const Shape& shape, const A& a, const B& b, const Output& c, void* scratch) {
  if constexpr (requires { multiplyInPlace(shape, a, b, c, nullptr); }) {
    if (b.columnStride == 1 && shape.k <= KC && shape.k * shape.n <= inPlaceElements) {
      return multiplyInPlace(shape, a, b, c, static_cast<float*>(scratch));
    }
  }
  multiplyColumns(shape, a, b, c, 0, shape.n, scratch);
}

/** Sets C to 0, or runs the epilogue alone, where there is nothing to sum. */
inline void emptyProduct(const Shape& shape, const Output& c) {
  for (int64_t i = 0; i < shape.m; i++) {
    for (int64_t j = 0; j < shape.n; j += W) {
      float* to = c.data + i * c.stride + j;
      const int64_t width = lesser(W, shape.n - j);
      Vector value = c.accumulate ? loadPart(to, width) : Vector{};
      if (c.epilogue.bias != nullptr) value += loadPart(c.epilogue.bias + j, width);
      storePart(to, activate(value, c.epilogue), width);
    }
  }
}

/** C in tiles of whole blocks, MR rows of NR columns: so many down and across, nearly of the same size. */
struct Tiling {
  int64_t down, across, blocksDown, blocksAcross;

  int64_t row(int64_t tile) const { return blocksDown * tile / down; }
  int64_t column(int64_t tile) const { return blocksAcross * tile / across; }
};

/** The tiles with which threads, each of which takes the next, are done first. */
inline Tiling tilingOf(int64_t blocksDown, int64_t blocksAcross, int threads) {
  Tiling best{1, 1, blocksDown, blocksAcross};
  float least = __builtin_inff();
  const int64_t fewest = ceilDivide(blocksDown * MR, MC), most = greater(fewest, 8 * threads);
  for (int64_t down = fewest; down <= lesser(blocksDown, most); down += 1 + down / 8) {
    for (int64_t across = 1; across <= lesser(blocksAcross, 8 * threads); across += 1 + across / 8) {
      // In blocks: what is computed, and what it costs to pack rows and to bring columns from afar; half a tile more for a thread
      // that is held back.
      const float rows = static_cast<float>(ceilDivide(blocksDown, down)), columns = static_cast<float>(ceilDivide(blocksAcross, across));
      const float tile = rows * columns + 0.35f * rows + 0.5f * columns;
      const float time = tile * (static_cast<float>(ceilDivide(down * across, threads)) + 0.5f);
      if (time < least) least = time, best.down = down, best.across = across;
    }
  }
  return best;
}

/** Whether a product is too small to be shared out. */
inline bool isSmall(const Shape& shape) { return shape.m * shape.n * shape.k <= 48 * 48 * 48; }

/** On all threads. B is packed once, by all of them; then each takes tiles of C. */
template <class A, class B>
void multiply(Pool& pool, const Shape& shape, const A& a, const B& b, const Output& c) {
  const auto [m, n, k] = shape;
  if (m == 0 || n == 0) return;
  if (k == 0) return emptyProduct(shape, c);
  const int threads = pool.threads();
  if (isSmall(shape) || (threads == 1 && n <= aloneColumns)) {
    pool.reserve(aloneBytes);
    return multiplyAlone(shape, a, b, c, pool.scratch(0));
  }
  if (m <= narrowRows && n >= 8 * threads * NR) {
    // Packed columns would be read a few times only: each thread packs a few and uses them up while they are in its cache.
    const auto byColumns = [&, n = n](const auto& rows) {
      pool.reserve(aloneBytes);
      const int64_t width = lesser(aloneColumns, ceilDivide(ceilDivide(n, NR), 6 * threads) * NR);
      parallel(pool, ceilDivide(n, width), 1, [&](int64_t begin, int64_t end, int slot) {
        for (int64_t each = begin; each < end; each++) {
          multiplyColumns(shape, rows, b, c, each * width, lesser(n, (each + 1) * width), pool.scratch(slot));
        }
      });
    };
    if constexpr (A::direct) {
      if (a.collide(m)) {
        const PackedRows rows{static_cast<float*>(pool.shared(static_cast<size_t>(PackedRows::floats(m, k)) * 4)), m};
        parallel(pool, ceilDivide(k, KC), 1, [&, m = m, k = k](int64_t begin, int64_t end, int) {
          for (int64_t from = begin * KC; from < lesser(k, end * KC); from += KC) {
            a.packRowPanels(rows.block(from), 0, m, from, lesser(KC, k - from));
          }
        });
        return byColumns(rows);
      }
    }
    return byColumns(a);
  }
  pool.reserve(rowsBytes);
  // Packed columns: at most 16 MiB, in whole panels.
  const int64_t most = greater(1, (int64_t{4} << 20) / (k * NR)) * NR;
  const int64_t width = lesser(ceilDivide(n, NR) * NR, most);
  float* packed = static_cast<float*>(pool.shared(static_cast<size_t>(width) * k * 4));
  for (int64_t start = 0; start < n; start += width) {
    const int64_t columns = lesser(width, n - start);
    const int64_t panels = ceilDivide(columns, NR);
    const int64_t blocks = ceilDivide(k, KC);
    // Groups of neighbouring panels, in each block of depth.
    const int64_t group = lesser(8, ceilDivide(panels, 2 * threads)), groups = ceilDivide(panels, group);
    parallel(pool, groups * blocks, 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t each = begin; each < end; each++) {
        const int64_t from = each % blocks * KC, panel = each / blocks * group, depth = lesser(KC, k - from);
        packPanels(b, packed + from * panels * NR + panel * depth * NR, start + panel * NR,
                   lesser(group * NR, columns - panel * NR), from, depth);
      }
    });
    // Column after column of tiles: a thread begins with columns that it packed.
    const Tiling tiles = tilingOf(ceilDivide(m, MR), panels, threads);
    parallel(pool, tiles.down * tiles.across, 1, [&](int64_t begin, int64_t end, int slot) {
      float* packedRows = static_cast<float*>(pool.scratch(slot));
      for (int64_t each = begin; each < end; each++) {
        const int64_t across = each / tiles.down, down = each % tiles.down;
        const int64_t row = tiles.row(down) * MR, rows = lesser(tiles.row(down + 1) * MR, m) - row;
        const int64_t first = tiles.column(across) * NR, last = lesser(tiles.column(across + 1) * NR, columns);
        if (c.upper && row >= start + last) continue;
        for (int64_t from = 0; from < k; from += KC) {
          const int64_t depth = lesser(KC, k - from);
          const float* panel = packed + from * panels * NR + first / NR * depth * NR;
          rowsTimesPanels(a, packedRows, row, rows, from, depth, panel, depth * NR, start + first, start + last, c,
                          c.accumulate || from > 0, from + depth == k);
        }
      }
    });
  }
}

}  // namespace NACRE_ISA
}  // namespace nacre
