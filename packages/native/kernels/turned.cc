// Matrices that meet many products: turned once into the panels that products read, in the memory of their rows.
#include "matmul.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** A panel of NR columns back into NR rows of `depth` elements. */
NACRE_INLINE void unpackColumns(float* to, const float* panel, int64_t depth) {
  for (int64_t j = 0; j < NR; j += W) {
    int64_t p = 0;
    for (; p + W <= depth; p += W) {
      turnSquare([&](int q) { return load(panel + (p + q) * NR + j); },
                 [&](int q, Vector row) { store(to + (j + q) * depth + p, row); });
    }
    for (; p < depth; p++) {
      for (int64_t q = j; q < j + W; q++) to[q * depth + p] = panel[p * NR + q];
    }
  }
}

/**
 * A matrix as `turnBlocks` leaves it, as the right side of a product that sums over its rows: blocks of NR rows, column
 * after column, then the rest of the rows as they are.
 */
struct TurnedRows {
  const float* data;
  int64_t rows, columns;

  void packColumns(float* to, int64_t column, int64_t count, int64_t from, int64_t depth) const {
    const int64_t end = from + depth, whole = rows / NR * NR;
    int64_t row = from;
    while (row < lesser(end, whole)) {
      const int64_t inBlock = row % NR, together = lesser(NR - inBlock, end - row);
      Matrix{data + (row - inBlock) * columns + inBlock, 1, NR}.packColumns(to + (row - from) * NR, column, count, 0, together);
      row += together;
    }
    if (row < end) Matrix{data, columns, 1}.packColumns(to + (row - from) * NR, column, count, row, end - row);
  }
};

/**
 * (values, rows, columns, back): turns each block of NR rows, in place, into a panel of NR columns as products read them, or back.
 * Rows beyond whole blocks stay as they are.
 */
napi_value turnBlocks(const Arguments& arguments) {
  const int64_t rows = arguments.size(1), columns = arguments.size(2);
  const int64_t sizes[] = {rows, columns};
  float* values = arguments.floats(0, volume(sizes, 2));
  const bool back = arguments.flag(3);
  Pool& pool = arguments.pool();
  const int64_t block = NR * columns;
  pool.reserve(static_cast<size_t>(block) * 4);
  parallel(pool, rows / NR, 1, [&](int64_t begin, int64_t end, int slot) {
    float* turned = static_cast<float*>(pool.scratch(slot));
    for (int64_t each = begin; each < end; each++) {
      float* place = values + each * block;
      if (back) {
        unpackColumns(turned, place, columns);
      } else {
        Matrix{place, 1, columns}.packColumns(turned, 0, NR, 0, columns);
      }
      copyFloats(place, turned, block);
    }
  });
  return nullptr;
}

/**
 * (a, b, out, m, rows, columns, transposeB, bias, activation, slope): as `matmul`, a in rows and b [rows, columns] as `turnBlocks`
 * leaves it.
 */
napi_value matmulTurned(const Arguments& arguments) {
  const int64_t m = arguments.size(3), rows = arguments.size(4), columns = arguments.size(5);
  const bool transposed = arguments.flag(6);
  const int64_t n = transposed ? rows : columns, k = transposed ? columns : rows;
  const int64_t sizesA[] = {m, k}, sizesB[] = {n, k}, sizesC[] = {m, n};
  const Matrix a{arguments.floats(0, volume(sizesA, 2)), k, 1};
  const float* b = arguments.floats(1, volume(sizesB, 2));
  float* out = arguments.floats(2, volume(sizesC, 2));
  Output c{out, n, false, epilogueOf(arguments, 7, n)};
  Pool& pool = arguments.pool();
  if (!transposed) {
    multiply(pool, {m, n, k}, a, TurnedRows{b, rows, columns}, c);
    return nullptr;
  }
  const int64_t whole = n / NR * NR;
  multiply(pool, {m, whole, k}, a, PackedColumns{b, k}, c);
  if (whole < n) {
    c.data += whole;
    if (c.epilogue.bias != nullptr) c.epilogue.bias += whole;
    oneProduct(pool, {m, n - whole, k}, a.data, false, b + whole * k, true, c);
  }
  return nullptr;
}

/** (x, indices, out, rows, columns, count): rows of a matrix as `turnBlocks` leaves it, [count, columns]. */
napi_value gatherTurned(const Arguments& arguments) {
  const int64_t rows = arguments.size(3), columns = arguments.size(4), count = arguments.size(5);
  const int64_t sizes[] = {rows, columns}, results[] = {count, columns};
  const float* x = arguments.floats(0, volume(sizes, 2));
  const int32_t* indices = arguments.integers(1, count);
  float* out = arguments.floats(2, volume(results, 2));
  for (int64_t i = 0; i < count; i++) checkIndex(indices[i], rows, "GatherV2");
  const int64_t whole = rows / NR * NR;
  parallel(arguments.pool(), count, greater(1, rowsPerChunk(columns) / 8), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t row = indices[i];
      float* to = out + i * columns;
      if (row >= whole) {
        copyFloats(to, x + row * columns, columns);
        continue;
      }
      const float* from = x + row / NR * NR * columns + row % NR;
      for (int64_t p = 0; p < columns; p++) to[p] = from[p * NR];
    }
  });
  return nullptr;
}

}  // namespace

void addTurned(Exports& exports) {
  exports.add("turnBlocks", turnBlocks);
  exports.add("matmulTurned", matmulTurned);
  exports.add("gatherTurned", gatherTurned);
}

}  // namespace NACRE_ISA
}  // namespace nacre
