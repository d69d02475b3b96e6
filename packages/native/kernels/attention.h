// What an attention needs to know, for all who compute one: tensors are [batch, time, heads, size], and several query heads may share
// one key head (grouped queries).
#pragma once
#include "philox.h"

namespace nacre {
namespace NACRE_ISA {

struct Problem {
  int64_t batch, queries, keys, heads, keyHeads, size;
  float scale;
  bool causal;
  /** Added to logits: [batch or 1, heads or 1, queries or 1, keys], steps 0 where it is 1; null where there is none. */
  const float* mask;
  int64_t maskBatch, maskHead, maskQuery;
  /** From one sequence's first key to the next one's, in keys: more than `keys` where there is room for others. */
  int64_t keyRoom;
  /** Of the weights [batch, heads, queries, keys], after the softmax; nothing unless said. */
  Drops drops{0, 0, 0, 1.0f};

  int64_t querySize() const { return batch * queries * heads * size; }
  int64_t keySize() const { return batch * keys * keyHeads * size; }
  /** The last key that a query may see, plus one: the last query sees all. */
  int64_t visible(int64_t query) const {
    if (!causal) return keys;
    const int64_t last = query + 1 + keys - queries;
    return last < 0 ? 0 : last < keys ? last : keys;
  }
  /** Where the weight of a query and a key lies among all. */
  int64_t weightPlace(int64_t n, int64_t h, int64_t query, int64_t key) const {
    return ((n * heads + h) * queries + query) * keys + key;
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

/** From (…, sizes [batch, queries, keys, heads, keyHeads, size, maskBatch, maskHeads, maskQueries], scale, causal, key, key, rate). */
NACRE_INLINE Problem problemOf(const Arguments& arguments, int sizes, int mask) {
  const int32_t* s = arguments.integers(sizes, 9);
  Problem p{s[0], s[1], s[2], s[3], s[4], s[5], arguments.real(sizes + 1), arguments.flag(sizes + 2), nullptr, 0, 0, 0, s[2],
            dropsOf(arguments, sizes + 3)};
  const int64_t queries[] = {p.batch, p.queries, p.heads, p.size}, keys[] = {p.batch, p.keys, p.keyHeads, p.size};
  volume(queries, 4);
  volume(keys, 4);
  checkHeads(p.heads, p.keyHeads);
  readMask(arguments, mask, s + 6, p);
  return p;
}

/** Blocks of queries, each with its keys in blocks. logSums [batch, heads, queries] may be null. */
void attend(Pool& pool, const Problem& p, const float* q, const float* k, const float* v, float* out, float* logSums);

}  // namespace NACRE_ISA
}  // namespace nacre
