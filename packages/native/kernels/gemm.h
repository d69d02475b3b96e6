// C = A · B for single precision, in the manner of Goto and van de Geijn 2008: B is packed into panels of NR columns, A into
// panels of MR rows, and the innermost kernel keeps an MR × NR tile of C in registers. Where A and B come from is a template
// parameter, so convolutions gather their patches while they pack.
//
// Sums run over k in blocks of KC in ascending order, whatever the number of threads: the result does not depend on it.
#pragma once
#include "pack.h"

namespace nacre {
namespace NACRE_ISA {

/** Up to this many rows of A, packed columns of B are not shared. */
constexpr int64_t narrowRows = 192;
/** Up to this many columns, rows of A are read where they lie, unless they collide. */
constexpr int64_t directColumns = 16 * NR;

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

/** Columns [first, end) of rows [row, row + rows) for one block of depth; `panels` are those from column `first` on. */
template <class A>
NACRE_INLINE void rowsTimesPanels(const A& a, float* packed, int64_t row, int64_t rows, int64_t from, int64_t depth,
                                  const Panels& panels, int64_t first, int64_t end, const Output& c, bool add, bool last) {
  if constexpr (A::direct) {
    // Packing pays when each row meets many panels.
    if (end - first <= directColumns && !a.collide(rows)) {
      for (int64_t column = first; column < end; column += NR) {
        blocksOf<MR, false>(rows, lesser(NR, end - column), depth, a.data + row * a.rowStride + from * a.columnStride,
                            a.rowStride, a.columnStride, panels.at(column - first), NR, c, row, column, add, last,
                            column == first && a.columnStride == 1);
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
    blocksOf<MR, true>(rows, lesser(NR, end - column), depth, rowPanels, 0, 0, panels.at(column - first), NR, c, row,
                       column, add, last, false);
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
      Panels panels{packedColumns, depth * NR};
      if constexpr (requires { b.panels(column, from); }) {
        panels = b.panels(column, from);
      } else {
        packPanels(b, packedColumns, column, end - column, from, depth);
      }
      Ahead ahead;
      if constexpr (requires { b.ahead(column, from, depth); }) {
        const int64_t next = whole ? end : column;
        if (next < shape.n) ahead = b.ahead(next, whole ? 0 : from + KC, lesser(end - column, shape.n - next));
      }
      Output to = c;
      to.ahead = &ahead;
      for (int64_t row = 0; row < m; row += MC) {
        rowsTimesPanels(a, packedRows, row, lesser(MC, m - row), from, depth, panels, column, end, to, add, whole);
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

/** Columns [start, start + columns) of C in tiles, of which each thread takes the next. panels(j, from) are those of column start + j. */
template <class A, class PanelsAt>
void multiplyTiles(Pool& pool, const Shape& shape, const A& a, int64_t start, int64_t columns, const PanelsAt& panels,
                   const Output& c) {
  // Column after column of tiles: a thread begins with columns that it packed.
  const Tiling tiles = tilingOf(ceilDivide(shape.m, MR), ceilDivide(columns, NR), pool.threads());
  parallel(pool, tiles.down * tiles.across, 1, [&](int64_t begin, int64_t end, int slot) {
    float* packedRows = static_cast<float*>(pool.scratch(slot));
    for (int64_t each = begin; each < end; each++) {
      const int64_t across = each / tiles.down, down = each % tiles.down;
      const int64_t row = tiles.row(down) * MR, rows = lesser(tiles.row(down + 1) * MR, shape.m) - row;
      const int64_t first = tiles.column(across) * NR, last = lesser(tiles.column(across + 1) * NR, columns);
      if (c.upper && row >= start + last) continue;
      for (int64_t from = 0; from < shape.k; from += KC) {
        const int64_t depth = lesser(KC, shape.k - from);
        rowsTimesPanels(a, packedRows, row, rows, from, depth, panels(first, from), start + first, start + last, c,
                        c.accumulate || from > 0, from + depth == shape.k);
      }
    }
  });
}

/** Few rows: packed columns would be read a few times only. Each thread packs a few and uses them up while they are in its cache. */
template <class A, class B>
void multiplyNarrow(Pool& pool, const Shape& shape, const A& a, const B& b, const Output& c) {
  const auto byColumns = [&](const auto& rows) {
    pool.reserve(aloneBytes);
    const int64_t width = lesser(aloneColumns, ceilDivide(ceilDivide(shape.n, NR), 6 * pool.threads()) * NR);
    parallel(pool, ceilDivide(shape.n, width), 1, [&](int64_t begin, int64_t end, int slot) {
      for (int64_t each = begin; each < end; each++) {
        multiplyColumns(shape, rows, b, c, each * width, lesser(shape.n, (each + 1) * width), pool.scratch(slot));
      }
    });
  };
  if constexpr (A::direct) {
    if (a.collide(shape.m)) {
      const auto [m, n, k] = shape;
      const PackedRows rows{static_cast<float*>(pool.shared(static_cast<size_t>(PackedRows::floats(m, k)) * 4)), m};
      parallel(pool, ceilDivide(k, KC), 1, [&, m = m, k = k](int64_t begin, int64_t end, int) {
        for (int64_t from = begin * KC; from < lesser(k, end * KC); from += KC) {
          a.packRowPanels(rows.block(from), 0, m, from, lesser(KC, k - from));
        }
      });
      return byColumns(rows);
    }
  }
  byColumns(a);
}

/** On all threads. B is packed once, by all of them, where it is not yet; then each takes tiles of C. */
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
  if (m <= narrowRows && n >= 8 * threads * NR) return multiplyNarrow(pool, shape, a, b, c);
  pool.reserve(rowsBytes);
  if constexpr (requires { b.panels(0, 0); }) {
    multiplyTiles(pool, shape, a, 0, n, [&](int64_t column, int64_t from) { return b.panels(column, from); }, c);
  } else {
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
      parallel(pool, groups * blocks, 1, [&, k = k](int64_t begin, int64_t end, int) {
        for (int64_t each = begin; each < end; each++) {
          const int64_t from = each % blocks * KC, panel = each / blocks * group, depth = lesser(KC, k - from);
          packPanels(b, packed + from * panels * NR + panel * depth * NR, start + panel * NR,
                     lesser(group * NR, columns - panel * NR), from, depth);
        }
      });
      const auto panelsAt = [&, k = k](int64_t column, int64_t from) {
        const int64_t size = lesser(KC, k - from) * NR;
        return Panels{packed + from * panels * NR + column / NR * size, size};
      };
      multiplyTiles(pool, shape, a, start, columns, panelsAt, c);
    }
  }
}

}  // namespace NACRE_ISA
}  // namespace nacre
