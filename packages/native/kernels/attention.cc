// Attention with its gradient, and rotary positions. What both passes share is in attention.h.
#include "attention.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** (q, k, v, out, logSums, mask, sizes, scale, causal): logSums [batch, heads, queries] are kept for the gradient. */
napi_value attention(const Arguments& arguments) {
  const Problem p = problemOf(arguments, 6, 5);
  const float *q = arguments.floats(0, p.querySize()), *k = arguments.floats(1, p.keySize()), *v = arguments.floats(2, p.keySize());
  float *out = arguments.floats(3, p.querySize()), *logSums = arguments.floats(4, p.batch * p.heads * p.queries);
  attend(arguments.pool(), p, q, k, v, out, logSums);
  return nullptr;
}

/** (dy, q, k, v, out, logSums, dq, dk, dv, mask, sizes, scale, causal): probabilities are computed again, block by block. */
napi_value attentionGradient(const Arguments& arguments) {
  const Problem p = problemOf(arguments, 10, 9);
  const float *dy = arguments.floats(0, p.querySize()), *q = arguments.floats(1, p.querySize()),
              *k = arguments.floats(2, p.keySize()), *v = arguments.floats(3, p.keySize()),
              *out = arguments.floats(4, p.querySize()), *logSums = arguments.floats(5, p.batch * p.heads * p.queries);
  float *dq = arguments.floats(6, p.querySize()), *dk = arguments.floats(7, p.keySize()), *dv = arguments.floats(8, p.keySize());
  const int64_t rowQ = p.heads * p.size, rowK = p.keyHeads * p.size, group = p.heads / p.keyHeads;
  Pool& pool = arguments.pool();
  const size_t own = static_cast<size_t>(2 * queryBlock * keyBlock) * 4;
  // Σ dy · out of every row, first: each block of keys needs them.
  float* dots = static_cast<float*>(pool.shared(static_cast<size_t>(p.batch * p.queries * p.heads) * 4 + 4));
  parallel(pool, p.batch * p.queries * p.heads, rowsPerChunk(p.size), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      float dot = 0.0f;
      const float *a = dy + row * p.size, *b = out + row * p.size;
      for (int64_t d = 0; d < p.size; d++) dot += a[d] * b[d];
      dots[row] = dot;
    }
  });
  pool.reserve(aloneBytes + own);
  parallel(pool, p.batch * p.keyHeads, 1, [&](int64_t begin, int64_t end, int slot) {
    char* scratch = static_cast<char*>(pool.scratch(slot));
    float* weights = reinterpret_cast<float*>(scratch + aloneBytes);
    float* slopes = weights + queryBlock * keyBlock;
    for (int64_t task = begin; task < end; task++) {
      const int64_t n = task / p.keyHeads, shared = task % p.keyHeads;
      const int64_t keyStart = n * p.keys * rowK + shared * p.size;
      for (int64_t i = 0; i < p.keys; i++) {
        for (int64_t d = 0; d < p.size; d++) dk[keyStart + i * rowK + d] = dv[keyStart + i * rowK + d] = 0.0f;
      }
      for (int64_t h = shared * group; h < (shared + 1) * group; h++) {
        const int64_t start = n * p.queries * rowQ + h * p.size;
        for (int64_t query = 0; query < p.queries; query += queryBlock) {
          const int64_t rows = lesser(queryBlock, p.queries - query), at = start + query * rowQ;
          for (int64_t i = 0; i < rows; i++) {
            for (int64_t d = 0; d < p.size; d++) dq[at + i * rowQ + d] = 0.0f;
          }
          const int64_t last = p.visible(query + rows - 1);
          for (int64_t key = 0; key < last; key += keyBlock) {
            const int64_t columns = lesser(keyBlock, last - key), place = keyStart + key * rowK;
            logits(p, q + start, k + keyStart, n, h, query, rows, key, columns, weights, scratch);
            // dP = dy Vᵀ
            multiplyAlone(Shape{rows, columns, p.size}, Matrix{dy + at, rowQ, 1}, Matrix{v + place, 1, rowK},
                          Output{slopes, keyBlock}, scratch);
            for (int64_t i = 0; i < rows; i++) {
              float *weight = weights + i * keyBlock, *slope = slopes + i * keyBlock;
              const float shift = logSums[(n * p.heads + h) * p.queries + query + i];
              const float dot = dots[(n * p.queries + query + i) * p.heads + h];
              // A row that saw no key has no logarithm; its weights are 0.
              const float safe = shift == -__builtin_inff() ? 0.0f : shift;
              for (int64_t j = 0; j < columns; j += W) {
                const Vector power = exponential(loadPart(weight + j, columns - j) - safe);
                storePart(weight + j, power, columns - j);
                storePart(slope + j, power * (loadPart(slope + j, columns - j) - dot) * p.scale, columns - j);
              }
            }
            multiplyAlone(Shape{columns, p.size, rows}, Matrix{weights, 1, keyBlock}, Matrix{dy + at, rowQ, 1},
                          Output{dv + place, rowK, true}, scratch);
            multiplyAlone(Shape{rows, p.size, columns}, Matrix{slopes, keyBlock, 1}, Matrix{k + place, rowK, 1},
                          Output{dq + at, rowQ, true}, scratch);
            multiplyAlone(Shape{columns, p.size, rows}, Matrix{slopes, 1, keyBlock}, Matrix{q + at, rowQ, 1},
                          Output{dk + place, rowK, true}, scratch);
          }
        }
      }
    }
  });
  return nullptr;
}

/**
 * (x, cosines, sines, out, batch, time, heads, size, turned, interleaved, inverse): rotary position embedding (Su et al. 2021,
 * equation 34) of the first `turned` elements of every head; tables are [time, turned / 2]. Pairs are (i, i + turned / 2), or
 * neighbours where interleaved; the inverse rotation is the gradient.
 */
napi_value rotary(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(4), arguments.size(5), arguments.size(6), arguments.size(7)};
  const auto [batch, time, heads, size] = sizes;
  const int64_t elements = volume(sizes, 4), turned = arguments.size(8), half = turned / 2;
  if (turned > size || turned % 2 != 0) throw ArgumentError(ArgumentError::range, "expected an even number of elements to turn.");
  const float *x = arguments.floats(0, elements), *cosines = arguments.floats(1, time * half), *sines = arguments.floats(2, time * half);
  float* out = arguments.floats(3, elements);
  const bool interleaved = arguments.flag(9);
  const float sign = arguments.flag(10) ? -1.0f : 1.0f;
  parallel(arguments.pool(), batch * time, rowsPerChunk(heads * size), [&, time = time, heads = heads, size = size](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float *c = cosines + row % time * half, *s = sines + row % time * half;
      for (int64_t h = 0; h < heads; h++) {
        const float* from = x + (row * heads + h) * size;
        float* to = out + (row * heads + h) * size;
        if (interleaved) {
          for (int64_t i = 0; i < half; i++) {
            const float a = from[2 * i], b = from[2 * i + 1];
            to[2 * i] = a * c[i] - sign * b * s[i];
            to[2 * i + 1] = b * c[i] + sign * a * s[i];
          }
        } else {
          for (int64_t i = 0; i < half; i++) {
            const float a = from[i], b = from[i + half];
            to[i] = a * c[i] - sign * b * s[i];
            to[i + half] = b * c[i] + sign * a * s[i];
          }
        }
        for (int64_t i = turned; i < size; i++) to[i] = from[i];
      }
    }
  });
  return nullptr;
}

}  // namespace

void addAttention(Exports& exports) {
  exports.add("attention", attention);
  exports.add("attentionGradient", attentionGradient);
  exports.add("rotary", rotary);
}

}  // namespace NACRE_ISA
}  // namespace nacre
