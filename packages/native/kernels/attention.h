// Attention without a matrix of all pairs: keys are taken in blocks, and the softmax is corrected as its largest logit grows
// (Milakov and Gimelshein 2018; Dao et al. 2022). Tensors are [batch, time, heads, size]; several query heads may share one
// key head (grouped queries).
#pragma once
#include "gemm.h"

namespace nacre {
namespace NACRE_ISA {

constexpr int64_t queryBlock = 64;
constexpr int64_t keyBlock = 64;

struct Problem {
  int64_t batch, queries, keys, heads, keyHeads, size;
  float scale;
  bool causal;
  /** Added to logits: [batch or 1, heads or 1, queries or 1, keys], steps 0 where it is 1; null where there is none. */
  const float* mask;
  int64_t maskBatch, maskHead, maskQuery;
  /** From one sequence's first key to the next one's, in keys: more than `keys` where there is room for others. */
  int64_t keyRoom;

  int64_t querySize() const { return batch * queries * heads * size; }
  int64_t keySize() const { return batch * keys * keyHeads * size; }
  /** The last key that a query may see, plus one: the last query sees all. */
  int64_t visible(int64_t query) const {
    if (!causal) return keys;
    const int64_t last = query + 1 + keys - queries;
    return last < 0 ? 0 : last < keys ? last : keys;
  }
};

/** The mask of argument `mask`, of these three sizes and as many columns as keys; its sizes are checked. */
NACRE_INLINE void readMask(const Arguments& arguments, int mask, const int32_t* sizes, Problem& p) {
  if (arguments.absent(mask)) return;
  const int64_t shape[] = {sizes[0], sizes[1], sizes[2], p.keys};
  if ((sizes[0] != 1 && sizes[0] != p.batch) || (sizes[1] != 1 && sizes[1] != p.heads) ||
      (sizes[2] != 1 && sizes[2] != p.queries)) {
    throw ArgumentError(ArgumentError::range, "expected a mask that broadcasts to the logits.");
  }
  p.mask = arguments.floats(mask, volume(shape, 4));
  p.maskQuery = sizes[2] == 1 ? 0 : p.keys;
  p.maskHead = sizes[1] == 1 ? 0 : sizes[2] * p.keys;
  p.maskBatch = sizes[0] == 1 ? 0 : sizes[1] * sizes[2] * p.keys;
}

NACRE_INLINE void checkHeads(int64_t heads, int64_t keyHeads) {
  if (keyHeads >= 1 && heads % keyHeads == 0) return;
  throw ArgumentError(ArgumentError::range, "expected key heads that divide the %lld query heads. Received %lld.",
                      static_cast<long long>(heads), static_cast<long long>(keyHeads));
}

/** From (…, sizes [batch, queries, keys, heads, keyHeads, size, maskBatch, maskHeads, maskQueries], scale, causal). */
NACRE_INLINE Problem problemOf(const Arguments& arguments, int sizes, int mask) {
  const int32_t* s = arguments.integers(sizes, 9);
  Problem p{s[0], s[1], s[2], s[3], s[4], s[5], arguments.real(sizes + 1), arguments.flag(sizes + 2), nullptr, 0, 0, 0, s[2]};
  const int64_t queries[] = {p.batch, p.queries, p.heads, p.size}, keys[] = {p.batch, p.keys, p.keyHeads, p.size};
  volume(queries, 4);
  volume(keys, 4);
  checkHeads(p.heads, p.keyHeads);
  readMask(arguments, mask, s + 6, p);
  return p;
}

/** logits = scale · Q Kᵀ + mask for a block; -∞ for keys that a query may not see. */
inline void logits(const Problem& p, const float* q, const float* k, int64_t n, int64_t h, int64_t query, int64_t rows,
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

/** Blocks of queries, each with its keys in blocks. logSums [batch, heads, queries] may be null. */
inline void attend(Pool& pool, const Problem& p, const float* q, const float* k, const float* v, float* out, float* logSums) {
  const int64_t blocks = ceilDivide(p.queries, queryBlock);
  const int64_t rowQ = p.heads * p.size, rowK = p.keyHeads * p.size;
  const size_t own = static_cast<size_t>(queryBlock * keyBlock + 2 * queryBlock) * 4;
  pool.reserve(aloneBytes + own);
  parallel(pool, p.batch * p.heads * blocks, 1, [&](int64_t begin, int64_t end, int slot) {
    char* scratch = static_cast<char*>(pool.scratch(slot));
    float* scores = reinterpret_cast<float*>(scratch + aloneBytes);
    float *tops = scores + queryBlock * keyBlock, *sums = tops + queryBlock;
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
            const Vector power = exponential(load(row + j) - shift);
            store(row + j, power);
            sum += power;
          }
          float total = sumLanes(sum);
          if (j < columns) {
            const Vector power = exponential(loadPart(row + j, columns - j) - shift);
            storePart(row + j, power, columns - j);
            for (int64_t lane = 0; lane < columns - j; lane++) total += power[lane];
          }
          const float correction = tops[i] == -__builtin_inff() ? 0.0f : exponential(splat(tops[i] - shift))[0];
          sums[i] = sums[i] * correction + total;
          if (tops[i] != top) {
            for (int64_t d = 0; d < p.size; d++) to[i * rowQ + d] *= correction;
          }
          tops[i] = top;
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

}  // namespace NACRE_ISA
}  // namespace nacre
