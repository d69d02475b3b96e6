// Attention without a matrix of all pairs, with its gradient, and rotary positions: keys are taken in blocks, and the softmax is
// corrected as its largest logit grows (Milakov and Gimelshein 2018; Dao et al. 2022).
#include "attention.h"

#include "gemm.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

constexpr int64_t queryBlock = 64;
constexpr int64_t keyBlock = 64;

/** logits = scale · Q Kᵀ + mask for a block; -∞ for keys that a query may not see. */
void logits(const Problem& p, const float* q, const float* k, int64_t n, int64_t h, int64_t query, int64_t rows,
            int64_t key, int64_t columns, float* out, void* scratch) {
  const int64_t rowQ = p.heads * p.size, rowK = p.keyHeads * p.size;
  multiplyAlone(Shape{rows, columns, p.size}, Matrix{q + query * rowQ, rowQ, 1}, Matrix{k + key * rowK, 1, rowK},
                Output{out, keyBlock}, scratch);
  for (int64_t i = 0; i < rows; i++) {
    float* row = out + i * keyBlock;
    const int64_t seen = p.visible(query + i) - key;
    if (p.mask != nullptr) {
      const float* mask = p.mask + n * p.maskBatch + h * p.maskHead + (query + i) * p.maskQuery + key;
      for (int64_t j = 0; j < columns; j++) row[j] = row[j] * p.scale + mask[j];
    } else {
      for (int64_t j = 0; j < columns; j++) row[j] *= p.scale;
    }
    for (int64_t j = seen < 0 ? 0 : seen; j < columns; j++) row[j] = -__builtin_inff();
  }
}

}  // namespace

void attend(Pool& pool, const Problem& p, const float* q, const float* k, const float* v, float* out, float* logSums) {
  const int64_t blocks = ceilDivide(p.queries, queryBlock);
  const int64_t rowQ = p.heads * p.size, rowK = p.keyHeads * p.size;
  const size_t own = static_cast<size_t>(queryBlock * keyBlock + 2 * queryBlock) * 4;
  pool.reserve(aloneBytes + own);
  parallel(pool, p.batch * p.heads * blocks, 1, [&](int64_t begin, int64_t end, int slot) {
    char* scratch = static_cast<char*>(pool.scratch(slot));
    float* scores = reinterpret_cast<float*>(scratch + aloneBytes);
    float *tops = scores + queryBlock * keyBlock, *sums = tops + queryBlock;
    float factors[keyBlock];
    for (int64_t task = begin; task < end; task++) {
      const int64_t query = task % blocks * queryBlock, rows = lesser(queryBlock, p.queries - query);
      const int64_t h = task / blocks % p.heads, n = task / blocks / p.heads;
      const int64_t shared = h / (p.heads / p.keyHeads);
      const float* queries = q + n * p.queries * rowQ + h * p.size;
      const float* keys = k + n * p.keyRoom * rowK + shared * p.size;
      const float* values = v + n * p.keyRoom * rowK + shared * p.size;
      float* to = out + (n * p.queries + query) * rowQ + h * p.size;
      for (int64_t i = 0; i < rows; i++) {
        tops[i] = -__builtin_inff();
        sums[i] = 0.0f;
        for (int64_t d = 0; d < p.size; d++) to[i * rowQ + d] = 0.0f;
      }
      const int64_t last = p.visible(query + rows - 1);
      for (int64_t key = 0; key < last; key += keyBlock) {
        const int64_t columns = lesser(keyBlock, last - key);
        logits(p, queries, keys, n, h, query, rows, key, columns, scores, scratch);
        for (int64_t i = 0; i < rows; i++) {
          float* row = scores + i * keyBlock;
          float top = tops[i];
          Vector best = splat(top);
          int64_t j = 0;
          for (; j + W <= columns; j += W) best = larger(load(row + j), best);
          for (int lane = 0; lane < W; lane++) top = best[lane] > top ? best[lane] : top;
          for (; j < columns; j++) top = row[j] > top ? row[j] : top;
          // A row that has seen nothing yet stays empty.
          const float shift = top == -__builtin_inff() ? 0.0f : top;
          Vector sum = {};
          for (j = 0; j + W <= columns; j += W) {
            const Vector power = decay(load(row + j) - shift);
            store(row + j, power);
            sum += power;
          }
          float total = sumLanes(sum);
          if (j < columns) {
            const Vector power = decay(loadPart(row + j, columns - j) - shift);
            storePart(row + j, power, columns - j);
            for (int64_t lane = 0; lane < columns - j; lane++) total += power[lane];
          }
          const float correction = tops[i] == -__builtin_inff() ? 0.0f : decay(splat(tops[i] - shift))[0];
          sums[i] = sums[i] * correction + total;
          if (tops[i] != top) {
            for (int64_t d = 0; d < p.size; d++) to[i * rowQ + d] *= correction;
          }
          tops[i] = top;
          // The sums are of all weights, dropped or not.
          if (p.drops.threshold == 0) continue;
          p.drops.factors(factors, p.weightPlace(n, h, query + i, key), columns);
          for (j = 0; j < columns; j++) row[j] *= factors[j];
        }
        multiplyAlone(Shape{rows, p.size, columns}, Matrix{scores, keyBlock, 1}, Matrix{values + key * rowK, rowK, 1},
                      Output{to, rowQ, true}, scratch);
      }
      for (int64_t i = 0; i < rows; i++) {
        const float scale = sums[i] > 0.0f ? 1.0f / sums[i] : (sums[i] == 0.0f ? 0.0f : __builtin_nanf(""));
        for (int64_t d = 0; d < p.size; d++) to[i * rowQ + d] *= scale;
        if (logSums == nullptr) continue;
        logSums[(n * p.heads + h) * p.queries + query + i] = tops[i] + static_cast<float>(log(static_cast<double>(sums[i])));
      }
    }
  });
}

namespace {

/** (q, k, v, out, logSums, mask, sizes, scale, causal, key, key, rate): logSums [batch, heads, queries] are kept for the gradient. */
napi_value attention(const Arguments& arguments) {
  const Problem p = problemOf(arguments, 6, 5);
  const float *q = arguments.floats(0, p.querySize()), *k = arguments.floats(1, p.keySize()), *v = arguments.floats(2, p.keySize());
  float *out = arguments.floats(3, p.querySize()), *logSums = arguments.floats(4, p.batch * p.heads * p.queries);
  attend(arguments.pool(), p, q, k, v, out, logSums);
  return nullptr;
}

/**
 * (dy, q, k, v, out, logSums, dq, dk, dv, mask, sizes, scale, causal, key, key, rate): probabilities, and which of them were dropped,
 * are computed again, block by block.
 */
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
    float factors[keyBlock];
    for (float& factor : factors) factor = 1.0f;
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
            // The gradient of each weight as it was mixed: dy Vᵀ.
            multiplyAlone(Shape{rows, columns, p.size}, Matrix{dy + at, rowQ, 1}, Matrix{v + place, 1, rowK},
                          Output{slopes, keyBlock}, scratch);
            for (int64_t i = 0; i < rows; i++) {
              float *weight = weights + i * keyBlock, *slope = slopes + i * keyBlock;
              const float shift = logSums[(n * p.heads + h) * p.queries + query + i];
              const float dot = dots[(n * p.queries + query + i) * p.heads + h];
              // A row that saw no key has no logarithm; its weights are 0.
              const float safe = shift == -__builtin_inff() ? 0.0f : shift;
              if (p.drops.threshold > 0) p.drops.factors(factors, p.weightPlace(n, h, query + i, key), columns);
              for (int64_t j = 0; j < columns; j += W) {
                const Vector power = decay(loadPart(weight + j, columns - j) - safe), factor = load(factors + j);
                storePart(weight + j, power * factor, columns - j);
                storePart(slope + j, power * (loadPart(slope + j, columns - j) * factor - dot) * p.scale, columns - j);
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
