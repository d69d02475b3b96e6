// Products of matrices, batched, with every transposition, bias and activation: BatchMatMul and _FusedMatMul.
#include "matmul.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

Matrix left(const float* data, const Shape& shape, bool transposed) {
  return transposed ? Matrix{data, 1, shape.m} : Matrix{data, shape.k, 1};
}
Matrix right(const float* data, const Shape& shape, bool transposed) {
  return transposed ? Matrix{data, 1, shape.k} : Matrix{data, shape.n, 1};
}

/** Rows of a transposed B, cut into pieces of W elements: piece i of row q is at data + q · line + i · step. */
struct Lines {
  const float* data;
  int64_t line, step;
};

/** Dot products of few rows with lines, C of which are read together, along k. */
template <int ROWS, int C = 4>
void dotRows(const Shape& shape, const float* a, const Lines& b, const Output& c, int64_t begin, int64_t end) {
  const int64_t k = shape.k, pieces = k / W;
  for (int64_t j = begin; j < end; j += C) {
    const int64_t columns = lesser(C, end - j);
    Vector sums[ROWS][C] = {};
    alignas(vectorBytes) float dots[ROWS * C];
    const float* lines[C];
    for (int64_t q = 0; q < C; q++) lines[q] = b.data + (j + lesser(q, columns - 1)) * b.line;
    for (int64_t piece = 0; piece < pieces; piece++) {
      Vector values[C];
#pragma GCC unroll 5
      for (int q = 0; q < C; q++) values[q] = load(lines[q] + piece * b.step);
#pragma GCC unroll 4
      for (int i = 0; i < ROWS; i++) {
        const Vector scale = load(a + i * k + piece * W);
#pragma GCC unroll 5
        for (int q = 0; q < C; q++) sums[i][q] += scale * values[q];
      }
    }
    // A square of sums, turned, is added up all at once. `dots` has column after column.
    constexpr int atOnce = ROWS * C >= W && ROWS * C % W % ROWS == 0 ? W : 0;
    if constexpr (atOnce > 0) {
      Vector square[W];
#pragma GCC unroll 16
      for (int each = 0; each < W; each++) square[each] = sums[each % ROWS][each / ROWS];
      transposeSquare(square);
#pragma GCC unroll 4
      for (int half = W / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
        for (int each = 0; each < half; each++) square[each] += square[each + half];
      }
      store(dots, square[0]);
    }
#pragma GCC unroll 20
    for (int each = atOnce; each < ROWS * C; each++) dots[each] = sumLanes(sums[each % ROWS][each / ROWS]);
    for (int q = 0; q < columns; q++) {
      for (int64_t p = pieces * W; p < k; p++) {
        const float value = lines[q][pieces * b.step + p % W];
        for (int i = 0; i < ROWS; i++) dots[q * ROWS + i] += a[i * k + p] * value;
      }
    }
    float* to = c.data + j;
    for (int i = 0; i < ROWS; i++) {
      for (int64_t q = 0; q < columns; q++) {
        float& place = to[i * c.stride + q];
        place = dots[q * ROWS + i] + (c.accumulate ? place : 0.0f);
      }
    }
    if (c.epilogue.bias != nullptr || c.epilogue.activation != Activation::linear) finish(c, 0, ROWS, j, columns);
  }
}

/** Few rows times a B in rows: several rows of B at a time, for sums that stay in the first cache. */
template <int ROWS>
void stripRows(const Shape& shape, const float* a, const float* b, const Output& c, int64_t begin, int64_t end,
               int64_t aRow = 0) {
  constexpr int DEEP = 4;
  const int64_t n = shape.n, k = shape.k;
  if (aRow == 0) aRow = k;
  for (int64_t first = begin; first < end; first += 2048) {
    const int64_t last = lesser(end, first + 2048);
    for (int i = 0; i < ROWS && !c.accumulate; i++) {
      for (int64_t j = first; j < last; j++) c.data[i * c.stride + j] = 0.0f;
    }
    int64_t p = 0;
    for (; p + DEEP <= k; p += DEEP) {
      const float* rows = b + p * n;
      int64_t j = first;
      for (; j + W <= last; j += W) {
        Vector values[DEEP];
#pragma GCC unroll 8
        for (int q = 0; q < DEEP; q++) values[q] = load(rows + q * n + j);
#pragma GCC unroll 4
        for (int i = 0; i < ROWS; i++) {
          Vector even = load(c.data + i * c.stride + j), odd = {};
#pragma GCC unroll 4
          for (int q = 0; q < DEEP; q += 2) {
            even += splat(a[i * aRow + p + q]) * values[q];
            odd += splat(a[i * aRow + p + q + 1]) * values[q + 1];
          }
          store(c.data + i * c.stride + j, even + odd);
        }
      }
      for (; j < last; j++) {
        for (int i = 0; i < ROWS; i++) {
          for (int q = 0; q < DEEP; q++) c.data[i * c.stride + j] += a[i * aRow + p + q] * rows[q * n + j];
        }
      }
    }
    for (; p < k; p++) {
      for (int i = 0; i < ROWS; i++) {
        for (int64_t j = first; j < last; j++) c.data[i * c.stride + j] += a[i * aRow + p] * b[p * n + j];
      }
    }
    if (c.epilogue.bias != nullptr || c.epilogue.activation != Activation::linear) {
      finish(c, 0, ROWS, first, last - first);
    }
  }
}

/** A few rows: reading B is the cost, so it is neither packed nor read twice. */
template <int ROWS>
void fewRows(Pool& pool, const Shape& shape, const float* a, const float* b, bool transposed, const Output& c) {
  const int64_t n = shape.n, k = shape.k;
  if (transposed) {
    const int64_t chunk = greater(8, chunkElements * 2 / (k + 1) / 8 * 8);
    parallel(pool, n, chunk, [&](int64_t begin, int64_t end, int) {
      dotRows<ROWS>(shape, a, {b, k, W}, c, begin, end);
    });
    return;
  }
  // Whole rows of B, as they lie in memory: parts of k, a fixed number of them, that are added in order.
  const int64_t parts = lesser(16, n * k / (4 * chunkElements));
  if (parts < 2) return stripRows<ROWS>(shape, a, b, c, 0, n);
  float* partial = static_cast<float*>(pool.shared(static_cast<size_t>(parts) * ROWS * n * 4));
  parallel(pool, parts, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; part++) {
      const int64_t from = k * part / parts, depth = k * (part + 1) / parts - from;
      stripRows<ROWS>({ROWS, n, depth}, a + from, b + from * n, {partial + part * ROWS * n, n}, 0, n, k);
    }
  });
  parallel(pool, n, chunkElements, [&](int64_t begin, int64_t end, int) {
    for (int i = 0; i < ROWS; i++) {
      float* to = c.data + i * c.stride;
      for (int64_t j = begin; j < end; j++) {
        float sum = c.accumulate ? to[j] : 0.0f;
        for (int64_t part = 0; part < parts; part++) sum += partial[(part * ROWS + i) * n + j];
        to[j] = sum;
      }
    }
    finish(c, 0, ROWS, begin, end - begin);
  });
}

/** Columns as lines: Lines{to, W, n · W}. */
void turnColumns(const Matrix& b, int64_t n, int64_t k, float* to) {
  for (int64_t p = 0; p < k; p++) {
    float* piece = to + p / W * n * W + p % W;
    for (int64_t j = 0; j < n; j++) piece[j * W] = b.data[p * b.rowStride + j];
  }
}

/** A few columns, fewer than lanes: along k all lanes count. B's columns lie as rows, or are turned first. */
void fewColumns(Pool& pool, const Shape& shape, const float* a, const Matrix& b, const Output& c) {
  const auto [m, n, k] = shape;
  Lines lines{b.data, b.columnStride, W};
  if (b.rowStride != 1) {
    float* turned = static_cast<float*>(pool.shared(static_cast<size_t>(n * ceilDivide(k, W) * W) * 4));
    turnColumns(b, n, k, turned);
    lines = {turned, W, n * W};
  }
  // Four rows and five columns have sums in 20 registers, of 32 with AVX-512, and read fewer columns twice.
  const bool fives = W == 16 && ceilDivide(n, 5) * 5 < ceilDivide(n, 4) * 4;
  const int64_t chunk = greater(1, chunkElements / (k * n));
  parallel(pool, ceilDivide(m, 4), chunk, [&, m = m, n = n, k = k](int64_t begin, int64_t end, int) {
    for (int64_t row = 4 * begin; row < lesser(m, 4 * end); row += 4) {
      const Shape part{lesser(4, m - row), n, k};
      const Output to{c.data + row * c.stride, c.stride, c.accumulate, c.epilogue};
      withSize<4>(part.m, [&](auto rows) {
        if (n == 1) return dotRows<rows.value, 1>(part, a + row * k, lines, to, 0, n);
        if (fives) return dotRows<rows.value, 5>(part, a + row * k, lines, to, 0, n);
        dotRows<rows.value>(part, a + row * k, lines, to, 0, n);
      });
    }
  });
}

}  // namespace

void oneProduct(Pool& pool, const Shape& shape, const float* a, bool transposeA, const float* b, bool transposeB, const Output& c) {
  const auto [m, n, k] = shape;
  if (!transposeA && m > 0 && m <= 4 && k > 0) {
    return withSize<4>(m, [&](auto rows) { fewRows<rows.value>(pool, shape, a, b, transposeB, c); });
  }
  const Matrix second = right(b, shape, transposeB);
  if (!transposeA && m >= 16 && k >= 16 * W && 3 * n <= 2 * W && n > 1) return fewColumns(pool, shape, a, second, c);
  const int64_t few = n % W;
  if (!transposeA && few > 0 && 4 * few <= W && n > W && m >= 4 * W && k >= 4 * W) {
    // A tile for these would compute as much as for a whole vector of columns.
    const int64_t whole = n - few;
    multiply(pool, {m, whole, k}, left(a, shape, transposeA), second, c);
    Output rest = c;
    rest.data += whole;
    if (rest.epilogue.bias != nullptr) rest.epilogue.bias += whole;
    return fewColumns(pool, {m, few, k}, a, {second.data + whole * second.columnStride, second.rowStride, second.columnStride}, rest);
  }
  multiply(pool, shape, left(a, shape, transposeA), second, c);
}

namespace {

/**
 * (a, b, out, batchA, batchB, batch, m, n, k, transposeA, transposeB, bias, activation, slope): out[i] = a[i mod batchA] ·
 * b[i mod batchB], each m × k and k × n after transposition.
 */
napi_value matmul(const Arguments& arguments) {
  const int64_t batchA = arguments.size(3), batchB = arguments.size(4), batch = arguments.size(5);
  Shape shape{arguments.size(6), arguments.size(7), arguments.size(8)};
  const int64_t sizesA[] = {batchA, shape.m, shape.k}, sizesB[] = {batchB, shape.k, shape.n};
  const int64_t sizesC[] = {batch, shape.m, shape.n};
  const float* a = arguments.floats(0, volume(sizesA, 3));
  const float* b = arguments.floats(1, volume(sizesB, 3));
  float* out = arguments.floats(2, volume(sizesC, 3));
  const bool transposeA = arguments.flag(9), transposeB = arguments.flag(10);
  const Epilogue epilogue = epilogueOf(arguments, 11, shape.n);
  if (batch > 0 && (batchA == 0 || batchB == 0)) {
    throw ArgumentError(ArgumentError::range, "expected batches of the sizes %lld. Received 0.",
                        static_cast<long long>(batch));
  }
  Pool& pool = arguments.pool();
  if (batch > 1 && batchA == batch && batchB == 1 && !transposeA) {
    // The same B for all: one tall product.
    shape.m *= batch;
    oneProduct(pool, shape, a, transposeA, b, transposeB, Output{out, shape.n, false, epilogue});
    return nullptr;
  }
  const auto operands = [&](int64_t each) {
    return Output{out + each * shape.m * shape.n, shape.n, false, epilogue};
  };
  // Whatever the number of threads: alone, other kernels may be chosen, which round otherwise.
  if (batch >= 8 && shape.m * shape.n * shape.k <= 256 * 256 * 256 && shape.k > 0) {
    pool.reserve(aloneBytes);
    const int64_t work = greater(1, shape.m * shape.n * shape.k);
    parallel(pool, batch, greater(1, 32 * 32 * 64 / work), [&](int64_t begin, int64_t end, int slot) {
      for (int64_t each = begin; each < end; each++) {
        multiplyAlone(shape, left(a + each % batchA * shape.m * shape.k, shape, transposeA),
                      right(b + each % batchB * shape.k * shape.n, shape, transposeB), operands(each),
                      pool.scratch(slot));
      }
    });
    return nullptr;
  }
  for (int64_t each = 0; each < batch; each++) {
    oneProduct(pool, shape, a + each % batchA * shape.m * shape.k, transposeA, b + each % batchB * shape.k * shape.n,
        transposeB, operands(each));
  }
  return nullptr;
}

}  // namespace

void addMatmul(Exports& exports) { exports.add("matmul", matmul); }

}  // namespace NACRE_ISA
}  // namespace nacre
