// Reductions over one run of axes: x is [outer, count, inner], the result [outer, inner].
//
// Every sum is cut in the same places whatever the number of threads, so the result does not depend on it.
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** Elements of a row that one accumulator sums before the next begins. */
constexpr int64_t rowBlock = 8192;

#define NACRE_REDUCTION(Name, first, Combine, Each)                     \
  struct Name {                                                         \
    static constexpr float initial = first;                             \
    template <class T>                                                  \
    static NACRE_INLINE T combine(T a, T b) { return Combine; }         \
    template <class T>                                                  \
    static NACRE_INLINE T each(T x) { return Each; }                    \
  };

NACRE_REDUCTION(Sum, 0.0f, a + b, x)
NACRE_REDUCTION(SumSquares, 0.0f, a + b, x * x)
NACRE_REDUCTION(Prod, 1.0f, a * b, x)
NACRE_REDUCTION(Max, -__builtin_inff(), maximum(a, b), x)
NACRE_REDUCTION(Min, __builtin_inff(), minimum(a, b), x)

template <class Operation>
float reduceRow(const float* x, int64_t count) {
  double total = Operation::initial;
  for (int64_t from = 0; from < count; from += rowBlock) {
    const int64_t end = lesser(count, from + rowBlock);
    Vector sums[4];
    for (Vector& sum : sums) sum = splat(Operation::initial);
    int64_t i = from;
    for (; i + 4 * W <= end; i += 4 * W) {
#pragma GCC unroll 4
      for (int v = 0; v < 4; v++) sums[v] = Operation::combine(sums[v], Operation::each(load(x + i + v * W)));
    }
    for (; i + W <= end; i += W) sums[0] = Operation::combine(sums[0], Operation::each(load(x + i)));
    const Vector sum = Operation::combine(Operation::combine(sums[0], sums[1]), Operation::combine(sums[2], sums[3]));
    float block = sum[0];
    for (int lane = 1; lane < W; lane++) block = Operation::combine(block, static_cast<float>(sum[lane]));
    for (; i < end; i++) block = Operation::combine(block, Operation::each(x[i]));
    // Sums of blocks in double; for the others it makes no difference.
    if constexpr (Operation::initial == 0.0f) {
      total += block;
    } else if constexpr (Operation::initial == 1.0f) {
      total *= block;
    } else {
      total = Operation::combine(static_cast<float>(total), block);
    }
  }
  return static_cast<float>(total);
}

template <class Operation>
void reduceRows(Pool& pool, const float* x, float* out, int64_t outer, int64_t count, float scale) {
  if (outer == 1 && count > 4 * rowBlock && Operation::initial == 0.0f) {
    // One long row: its blocks are the chunks.
    const int64_t blocks = ceilDivide(count, rowBlock);
    float* partial = static_cast<float*>(pool.shared(static_cast<size_t>(blocks) * 4));
    parallel(pool, blocks, 2, [&](int64_t begin, int64_t end, int) {
      for (int64_t block = begin; block < end; block++) {
        partial[block] = reduceRow<Operation>(x + block * rowBlock, lesser(rowBlock, count - block * rowBlock));
      }
    });
    double total = 0;
    for (int64_t block = 0; block < blocks; block++) total += partial[block];
    *out = static_cast<float>(total) * scale;
    return;
  }
  parallel(pool, outer, rowsPerChunk(count), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) out[row] = reduceRow<Operation>(x + row * count, count) * scale;
  });
}

/** Adds rows [from, to) of width `inner` up to `out`, columns [begin, end). */
template <class Operation>
void reduceColumns(const float* x, float* out, int64_t inner, int64_t from, int64_t to, int64_t begin, int64_t end) {
  for (int64_t j = begin; j < end; j++) out[j] = Operation::initial;
  int64_t row = from;
  for (; row + 4 <= to; row += 4) {
    const float* a = x + row * inner;
    for (int64_t j = begin; j < end; j += W) {
      const int64_t width = end - j;
      const Vector sum = Operation::combine(
          Operation::combine(Operation::each(loadPart(a + j, width)), Operation::each(loadPart(a + inner + j, width))),
          Operation::combine(Operation::each(loadPart(a + 2 * inner + j, width)),
                             Operation::each(loadPart(a + 3 * inner + j, width))));
      storePart(out + j, Operation::combine(loadPart(out + j, width), sum), width);
    }
  }
  for (; row < to; row++) {
    for (int64_t j = begin; j < end; j++) out[j] = Operation::combine(out[j], Operation::each(x[row * inner + j]));
  }
}

template <class Operation>
void reduce(Pool& pool, const float* x, float* out, int64_t outer, int64_t count, int64_t inner, float scale) {
  if (outer * inner == 0) return;
  if (inner == 1) return reduceRows<Operation>(pool, x, out, outer, count, scale);
  const int64_t stripe = lesser(inner, 1024), stripes = ceilDivide(inner, stripe);
  // Few columns and many rows: fixed parts of the rows, combined in order.
  int64_t parts = 1;
  if (outer * stripes < 32) parts = greater(1, lesser(64, count * stripe / (2 * chunkElements)));
  const int64_t width = outer * inner;
  float* to = parts == 1 ? out : static_cast<float*>(pool.shared(static_cast<size_t>(parts * width) * 4));
  const int64_t work = greater(1, count * stripe / parts);
  parallel(pool, outer * stripes * parts, greater(1, chunkElements / work), [&](int64_t begin, int64_t end, int) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t part = task % parts, column = task / parts % stripes * stripe, o = task / parts / stripes;
      reduceColumns<Operation>(x + o * count * inner, to + part * width + o * inner, inner, count * part / parts,
                               count * (part + 1) / parts, column, lesser(inner, column + stripe));
    }
  });
  if (parts == 1 && scale == 1.0f) return;
  parallel(pool, width, chunkElements / parts + 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t j = begin; j < end; j++) {
      float total = to[j];
      for (int64_t part = 1; part < parts; part++) total = Operation::combine(total, to[part * width + j]);
      out[j] = total * scale;
    }
  });
}

/** (kind, x, out, outer, count, inner, scale); kinds: 0 sum, 1 product, 2 maximum, 3 minimum, 4 sum of squares. */
napi_value reduceFloats(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(3), arguments.size(4), arguments.size(5)};
  const auto [outer, count, inner] = sizes;
  const float* x = arguments.floats(1, volume(sizes, 3));
  float* out = arguments.floats(2, outer * inner);
  const float scale = arguments.real(6);
  Pool& pool = arguments.pool();
  switch (arguments.integer(0)) {
    case 0: reduce<Sum>(pool, x, out, outer, count, inner, scale); return nullptr;
    case 1: reduce<Prod>(pool, x, out, outer, count, inner, scale); return nullptr;
    case 2: reduce<Max>(pool, x, out, outer, count, inner, scale); return nullptr;
    case 3: reduce<Min>(pool, x, out, outer, count, inner, scale); return nullptr;
    case 4: reduce<SumSquares>(pool, x, out, outer, count, inner, scale); return nullptr;
  }
  throw ArgumentError(ArgumentError::range, "expected a known reduction.");
}

/** (x, out, outer, count, inner): sums of integers or of bytes, as 32-bit integers that wrap around. */
napi_value sumIntegers(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(2), arguments.size(3), arguments.size(4)};
  const auto [outer, count, inner] = sizes;
  const int64_t elements = volume(sizes, 3);
  int32_t* out = arguments.integers(1, outer * inner);
  const bool bytes = arguments.kind(0) == napi_uint8_array;
  const uint8_t* small = bytes ? arguments.bytes(0, elements) : nullptr;
  const int32_t* large = bytes ? nullptr : arguments.integers(0, elements);
  parallel(arguments.pool(), outer, rowsPerChunk(count * inner), [&](int64_t begin, int64_t end, int) {
    for (int64_t o = begin; o < end; o++) {
      for (int64_t j = 0; j < inner; j++) out[o * inner + j] = 0;
      for (int64_t i = 0; i < count; i++) {
        const int64_t at = (o * count + i) * inner;
        for (int64_t j = 0; j < inner; j++) {
          const uint32_t value = bytes ? small[at + j] : static_cast<uint32_t>(large[at + j]);
          out[o * inner + j] = static_cast<int32_t>(static_cast<uint32_t>(out[o * inner + j]) + value);
        }
      }
    }
  });
  return nullptr;
}

/** (all, x, out, outer, count, inner) of bytes. */
napi_value reduceBytes(const Arguments& arguments) {
  const bool all = arguments.flag(0);
  const int64_t sizes[] = {arguments.size(3), arguments.size(4), arguments.size(5)};
  const auto [outer, count, inner] = sizes;
  const uint8_t* x = arguments.bytes(1, volume(sizes, 3));
  uint8_t* out = arguments.bytes(2, outer * inner);
  parallel(arguments.pool(), outer, rowsPerChunk(count * inner), [&](int64_t begin, int64_t end, int) {
    for (int64_t o = begin; o < end; o++) {
      for (int64_t j = 0; j < inner; j++) {
        bool result = all;
        for (int64_t i = 0; i < count && result == all; i++) result = x[(o * count + i) * inner + j] != 0;
        out[o * inner + j] = result;
      }
    }
  });
  return nullptr;
}

/** (smallest, x, out, outer, count, inner): the first position of the largest or smallest; NaN is never larger. */
napi_value argument(const Arguments& arguments) {
  const bool smallest = arguments.flag(0);
  const int64_t sizes[] = {arguments.size(3), arguments.size(4), arguments.size(5)};
  const auto [outer, count, inner] = sizes;
  const float* x = arguments.floats(1, volume(sizes, 3));
  int32_t* out = arguments.integers(2, outer * inner);
  parallel(arguments.pool(), outer * inner, rowsPerChunk(count), [&](int64_t begin, int64_t end, int) {
    for (int64_t each = begin; each < end; each++) {
      const float* from = x + each / inner * count * inner + each % inner;
      float best = count > 0 ? from[0] : 0.0f;
      int64_t place = 0;
      for (int64_t i = 1; i < count; i++) {
        const float value = from[i * inner];
        if (smallest ? value < best : value > best) {
          best = value;
          place = i;
        }
      }
      out[each] = static_cast<int32_t>(place);
    }
  });
  return nullptr;
}

/** (product, x, out, outer, count, inner, exclusive, reverse): running sums or products. */
napi_value cumulative(const Arguments& arguments) {
  const bool product = arguments.flag(0), exclusive = arguments.flag(6), reverse = arguments.flag(7);
  const int64_t sizes[] = {arguments.size(3), arguments.size(4), arguments.size(5)};
  const auto [outer, count, inner] = sizes;
  const int64_t elements = volume(sizes, 3);
  const float* x = arguments.floats(1, elements);
  float* out = arguments.floats(2, elements);
  parallel(arguments.pool(), outer * inner, rowsPerChunk(count), [&](int64_t begin, int64_t end, int) {
    for (int64_t each = begin; each < end; each++) {
      const int64_t start = each / inner * count * inner + each % inner;
      // Rounded at every step, as an array of floats is.
      float total = product ? 1.0f : 0.0f;
      for (int64_t step = 0; step < count; step++) {
        const int64_t at = start + (reverse ? count - 1 - step : step) * inner;
        const float value = x[at], next = product ? total * value : total + value;
        out[at] = exclusive ? total : next;
        total = next;
      }
    }
  });
  return nullptr;
}

/** (x, values, indices, rows, width, k): the k largest of each row, largest first, the earlier of equals first. */
napi_value topK(const Arguments& arguments) {
  const int64_t rows = arguments.size(3), width = arguments.size(4), k = arguments.size(5);
  const int64_t sizes[] = {rows, width}, results[] = {rows, k};
  const float* x = arguments.floats(0, volume(sizes, 2));
  float* values = arguments.floats(1, volume(results, 2));
  int32_t* indices = arguments.integers(2, rows * k);
  if (k > width) throw ArgumentError(ArgumentError::range, "expected k of at most the row's length.");
  if (k == 0) return nullptr;
  parallel(arguments.pool(), rows, rowsPerChunk(width * 4), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      // A heap of the best k so far, the worst of them on top.
      float* heap = values + row * k;
      int32_t* places = indices + row * k;
      const float* from = x + row * width;
      const auto worse = [&](int64_t a, int64_t b) {
        return heap[a] < heap[b] || (heap[a] == heap[b] && places[a] > places[b]);
      };
      const auto swap = [&](int64_t a, int64_t b) {
        const float value = heap[a];
        heap[a] = heap[b];
        heap[b] = value;
        const int32_t place = places[a];
        places[a] = places[b];
        places[b] = place;
      };
      const auto sink = [&](int64_t at, int64_t size) {
        while (true) {
          int64_t least = at;
          for (int64_t child = 2 * at + 1; child <= 2 * at + 2 && child < size; child++) {
            if (worse(child, least)) least = child;
          }
          if (least == at) return;
          swap(at, least);
          at = least;
        }
      };
      for (int64_t i = 0; i < k; i++) {
        heap[i] = from[i];
        places[i] = static_cast<int32_t>(i);
      }
      for (int64_t i = k / 2 - 1; i >= 0; i--) sink(i, k);
      for (int64_t i = k; i < width; i++) {
        if (!(from[i] > heap[0])) continue;
        heap[0] = from[i];
        places[0] = static_cast<int32_t>(i);
        sink(0, k);
      }
      for (int64_t size = k - 1; size > 0; size--) {
        swap(0, size);
        sink(0, size);
      }
    }
  });
  return nullptr;
}

}  // namespace

void addReduce(Exports& exports) {
  exports.add("reduce", reduceFloats);
  exports.add("sumIntegers", sumIntegers);
  exports.add("reduceBytes", reduceBytes);
  exports.add("argument", argument);
  exports.add("cumulative", cumulative);
  exports.add("topK", topK);
}

}  // namespace NACRE_ISA
}  // namespace nacre
