// Attention without a matrix of all pairs, with its gradient, and rotary positions: keys are taken in blocks, and the softmax is
// corrected as its largest logit grows (Milakov and Gimelshein 2018; Dao et al. 2022). Scores of a block lie as [key, query]: queries are
// lanes, so that a softmax needs nothing across them, and rows of keys and values need not be packed.
#include "attention.h"

#include "gemm.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** Queries and keys whose scores are computed together. */
constexpr int64_t queryBlock = 64 / NR * NR, keyBlock = 64;
constexpr int64_t scoreFloats = queryBlock * keyBlock;

/** Rows of a head. */
struct Rows {
  const float* data;
  int64_t stride;
};

/** Rows that share their places in a first-level cache are copied side by side. */
Rows beside(const Rows& rows, int64_t count, int64_t size, float* room) {
  if (!sharePlaces(rows.stride) || sharePlaces(size)) return rows;
  for (int64_t i = 0; i < count; i++) copyFloats(room + i * size, rows.data + i * rows.stride, size);
  return {room, size};
}

/** `count` rows of `size` elements as columns of panels. */
void turnRows(const Rows& rows, int64_t count, int64_t size, float* to) {
  packEachPanel(Matrix{rows.data, 1, rows.stride}, to, 0, count, 0, size);
}

/** Columns [size][queryBlock], lane by lane times `factors`, as `count` rows. */
void turnBack(const float* columns, const float* factors, int64_t count, int64_t size, float* to, int64_t stride) {
  for (int64_t i = 0; i < count; i += W) {
    const Vector factor = factors == nullptr ? splat(1.0f) : load(factors + i);
    for (int64_t d = 0; d < size; d += W) {
      turnSquare([&](int q) { return d + q < size ? load(columns + (d + q) * queryBlock + i) * factor : Vector{}; },
                 [&](int q, Vector row) {
                   if (i + q < count) storePart(to + (i + q) * stride + d, row, size - d);
                 });
    }
  }
}

/** Of a head: a block of queries and one of keys. */
struct Block {
  const Problem& p;
  int64_t n, h, query, rows, key = 0, columns = 0;

  /** Keys of the block that the queries of a panel see, those from `first` on. */
  int64_t seen(int64_t first) const {
    return greater(0, lesser(columns, p.visible(query + lesser(first + NR, rows) - 1) - key));
  }
  /** Columns of the panel that are computed: whole vectors. */
  int64_t width(int64_t first) const { return lesser(NR, ceilDivide(rows - first, W) * W); }

  /** out[key, query] = rows of keys or values times turned rows of queries, or of their gradients. */
  void products(const Rows& own, const float* turned, float* out, void* scratch) const {
    for (int64_t first = 0; first < rows; first += NR) {
      const int64_t count = seen(first);
      for (int64_t from = 0; from < p.size && count > 0; from += KC) {
        const int64_t depth = lesser(KC, p.size - from);
        rowsTimesPanels(Matrix{own.data, own.stride, 1}, static_cast<float*>(scratch), 0, count, from, depth,
                        {turned + first * p.size + from * NR}, first, first + width(first), Output{out, queryBlock}, from > 0, true);
      }
    }
  }

  /** out[d, query] += Σ own[key, d] · scores[key, query]. */
  void mix(const Rows& own, const float* scores, float* out) const {
    for (int64_t first = 0; first < rows; first += NR) {
      const int64_t count = seen(first);
      if (count == 0) continue;
      blocksOf<MR, false>(p.size, width(first), count, own.data, 1, own.stride, scores + first, queryBlock, Output{out, queryBlock}, 0, first, true,
                          true, false);
    }
  }

  /** out[key, d] += Σ scores[key, query] · own[query, d]. */
  void gather(const Rows& own, const float* scores, float* out, int64_t stride, void* scratch) const {
    // Keys that only later panels see have fewer queries.
    int64_t done = 0;
    for (int64_t first = 0; first < rows; first += NR) {
      const int64_t count = seen(first);
      if (count <= done) continue;
      multiplyAlone(Shape{count - done, p.size, rows - first}, Matrix{scores + done * queryBlock + first, queryBlock, 1},
                    Matrix{own.data + first * own.stride, own.stride, 1}, Output{out + done * stride, stride, true}, scratch);
      done = count;
    }
  }

  /** What ofQuery(i, row) writes, a row [columns] of each query, as [key, query]. */
  template <class Write>
  void byKey(float* to, const Write& ofQuery) const {
    for (int64_t i = 0; i < rows; i += W) {
      alignas(vectorBytes) float lines[W][keyBlock];
      for (int64_t q = 0; q < lesser(W, rows - i); q++) ofQuery(i + q, lines[q]);
      for (int64_t j = 0; j < columns; j += W) {
        turnSquare([&](int q) { return q < rows - i ? load(lines[q] + j) : Vector{}; },
                   [&](int q, Vector key) { store(to + (j + q) * queryBlock + i, key); });
      }
    }
  }
};

/** Logits of a block, of which `products` made the scores. */
struct Logits {
  const Block& block;
  const float* scores;
  /** The mask's part as [key, query], or one for all queries. */
  const float* each = nullptr;
  const float* same = nullptr;

  /** `room` [key, query] takes the mask's part. */
  Logits(const Block& block, const float* scores, float* room) : block(block), scores(scores) {
    const Problem& p = block.p;
    if (p.mask == nullptr) return;
    const float* mask = p.mask + block.n * p.maskBatch + block.h * p.maskHead + block.key;
    if (p.maskQuery == 0) {
      same = mask;
      return;
    }
    block.byKey(room, [&](int64_t i, float* to) { copyFloats(to, mask + (block.query + i) * p.maskQuery, block.columns); });
    each = room;
  }

  /** work(j, logits of key j for the queries from `first` on), for keys that one of them sees; -∞ for those that do not. */
  template <class Work>
  NACRE_INLINE void eachKey(int64_t first, int64_t count, const Work& work) const {
    const Problem& p = block.p;
    // The last key that the first lane sees, and each of the others one more: the last query sees all.
    const int64_t own = block.query + first + p.keys - p.queries - block.key;
    const int64_t all = p.causal ? greater(0, lesser(count, own + 1)) : count;
    int64_t j = 0;
    for (; j < all; j++) work(j, value(j, first));
    for (; j < count; j++) {
      const Lanes hidden = Lanes{} + static_cast<int32_t>(j - own) > laneIndices();
      work(j, choose(hidden, splat(-__builtin_inff()), value(j, first)));
    }
  }

 private:
  NACRE_INLINE Vector value(int64_t j, int64_t first) const {
    const Vector scaled = load(scores + j * queryBlock + first) * block.p.scale;
    if (each != nullptr) return scaled + load(each + j * queryBlock + first);
    return same != nullptr ? scaled + splat(same[j]) : scaled;
  }
};

}  // namespace

void attend(Pool& pool, const Problem& p, const float* q, const float* k, const float* v, float* out, float* logSums) {
  if (p.querySize() == 0) return;
  const int64_t blocks = ceilDivide(p.queries, queryBlock);
  const int64_t rowQ = p.heads * p.size, rowK = p.keyHeads * p.size;
  const int64_t own = 2 * scoreFloats + 2 * queryBlock + (2 * queryBlock + keyBlock) * p.size;
  pool.reserve(aloneBytes + static_cast<size_t>(own) * 4);
  parallel(pool, p.batch * p.heads * blocks, 1, [&](int64_t begin, int64_t end, int slot) {
    char* scratch = static_cast<char*>(pool.scratch(slot));
    float* scores = reinterpret_cast<float*>(scratch + aloneBytes);
    float *room = scores + scoreFloats, *tops = room + scoreFloats, *sums = tops + queryBlock;
    float *queries = sums + queryBlock, *mixed = queries + queryBlock * p.size, *copies = mixed + queryBlock * p.size;
    for (int64_t task = begin; task < end; task++) {
      const int64_t query = task % blocks * queryBlock;
      Block block{p, task / blocks / p.heads, task / blocks % p.heads, query, lesser(queryBlock, p.queries - query)};
      const int64_t n = block.n, h = block.h, rows = block.rows, shared = h / (p.heads / p.keyHeads) * p.size;
      const int64_t place = (n * p.queries + query) * rowQ + h * p.size;
      turnRows({q + place, rowQ}, rows, p.size, queries);
      clearFloats(mixed, queryBlock * p.size);
      clearFloats(sums, queryBlock);
      for (int64_t i = 0; i < queryBlock; i++) tops[i] = -__builtin_inff();
      const int64_t last = p.visible(query + rows - 1);
      for (int64_t key = 0; key < last; key += keyBlock) {
        block.key = key;
        block.columns = lesser(keyBlock, last - key);
        const int64_t from = (n * p.keyRoom + key) * rowK + shared;
        block.products(beside({k + from, rowK}, block.columns, p.size, copies), queries, scores, scratch);
        const Logits logits(block, scores, room);
        for (int64_t first = 0; first < rows; first += W) {
          const int64_t count = block.seen(first / NR * NR);
          if (count == 0) continue;
          const Vector before = load(tops + first);
          Vector top = before, total = {};
          logits.eachKey(first, count, [&](int64_t, Vector value) { top = larger(value, top); });
          // A query that has seen nothing yet stays empty.
          const Vector shift = choose(top == -__builtin_inff(), Vector{}, top);
          logits.eachKey(first, count, [&](int64_t j, Vector value) {
            const Vector power = decay(value - shift);
            store(scores + j * queryBlock + first, power);
            total += power;
          });
          const Vector correction = choose(before == -__builtin_inff(), Vector{}, decay(before - shift));
          store(sums + first, load(sums + first) * correction + total);
          store(tops + first, top);
          for (int64_t d = 0; d < p.size && key > 0; d++) {
            store(mixed + d * queryBlock + first, load(mixed + d * queryBlock + first) * correction);
          }
        }
        if (p.drops.threshold > 0) {
          // The sums are of all weights, dropped or not.
          block.byKey(room, [&](int64_t i, float* to) { p.drops.factors(to, p.weightPlace(n, h, query + i, key), block.columns); });
          for (int64_t i = 0; i < block.columns * queryBlock; i += W) store(scores + i, load(scores + i) * load(room + i));
        }
        block.mix(beside({v + from, rowK}, block.columns, p.size, copies), scores, mixed);
      }
      for (int64_t i = 0; i < rows; i += W) {
        const Vector sum = load(sums + i);
        if (logSums != nullptr) storePart(logSums + (n * p.heads + h) * p.queries + query + i, load(tops + i) + logarithm(sum), rows - i);
        store(sums + i, choose(sum > 0.0f, 1.0f / sum, choose(sum == 0.0f, Vector{}, splat(__builtin_nanf("")))));
      }
      turnBack(mixed, sums, rows, p.size, out + place, rowQ);
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
  if (p.querySize() == 0) {
    clearFloats(dk, p.keySize());
    clearFloats(dv, p.keySize());
    return nullptr;
  }
  Pool& pool = arguments.pool();
  const int64_t own = 4 * scoreFloats + 2 * queryBlock + (5 * queryBlock + 2 * keyBlock) * p.size;
  pool.reserve(aloneBytes + static_cast<size_t>(own) * 4);
  parallel(pool, p.batch * p.keyHeads, 1, [&](int64_t begin, int64_t end, int slot) {
    char* scratch = static_cast<char*>(pool.scratch(slot));
    float* weights = reinterpret_cast<float*>(scratch + aloneBytes);
    float *slopes = weights + scoreFloats, *room = slopes + scoreFloats, *factors = room + scoreFloats;
    float *dots = factors + scoreFloats, *shifts = dots + queryBlock;
    float *queries = shifts + queryBlock, *gradients = queries + queryBlock * p.size, *mixed = gradients + queryBlock * p.size;
    float *queryCopies = mixed + queryBlock * p.size, *gradientCopies = queryCopies + queryBlock * p.size;
    float *keyCopies = gradientCopies + queryBlock * p.size, *valueCopies = keyCopies + keyBlock * p.size;
    for (int64_t i = 0; i < scoreFloats; i++) factors[i] = 1.0f;
    for (int64_t task = begin; task < end; task++) {
      const int64_t n = task / p.keyHeads, shared = task % p.keyHeads, keyStart = n * p.keys * rowK + shared * p.size;
      for (int64_t i = 0; i < p.keys; i++) {
        clearFloats(dk + keyStart + i * rowK, p.size);
        clearFloats(dv + keyStart + i * rowK, p.size);
      }
      for (int64_t h = shared * group; h < (shared + 1) * group; h++) {
        for (int64_t query = 0; query < p.queries; query += queryBlock) {
          Block block{p, n, h, query, lesser(queryBlock, p.queries - query)};
          const int64_t rows = block.rows, at = (n * p.queries + query) * rowQ + h * p.size;
          const Rows ownQueries = beside({q + at, rowQ}, rows, p.size, queryCopies);
          const Rows ownGradients = beside({dy + at, rowQ}, rows, p.size, gradientCopies);
          turnRows(ownQueries, rows, p.size, queries);
          turnRows(ownGradients, rows, p.size, gradients);
          clearFloats(mixed, queryBlock * p.size);
          for (int64_t i = 0; i < rows; i++) {
            Vector sum = {};
            for (int64_t d = 0; d < p.size; d += W) {
              sum += loadPart(dy + at + i * rowQ + d, p.size - d) * loadPart(out + at + i * rowQ + d, p.size - d);
            }
            dots[i] = sumLanes(sum);
            // A query that saw no key has no logarithm; its weights are 0.
            const float shift = logSums[(n * p.heads + h) * p.queries + query + i];
            shifts[i] = shift == -__builtin_inff() ? 0.0f : shift;
          }
          for (int64_t i = rows; i < queryBlock; i++) dots[i] = shifts[i] = 0.0f;
          const int64_t last = p.visible(query + rows - 1);
          for (int64_t key = 0; key < last; key += keyBlock) {
            block.key = key;
            block.columns = lesser(keyBlock, last - key);
            const int64_t place = keyStart + key * rowK;
            const Rows keys = beside({k + place, rowK}, block.columns, p.size, keyCopies);
            block.products(keys, queries, weights, scratch);
            // The gradient of each weight as it was mixed: dy Vᵀ.
            block.products(beside({v + place, rowK}, block.columns, p.size, valueCopies), gradients, slopes, scratch);
            if (p.drops.threshold > 0) {
              block.byKey(factors, [&](int64_t i, float* to) { p.drops.factors(to, p.weightPlace(n, h, query + i, key), block.columns); });
            }
            const Logits logits(block, weights, room);
            for (int64_t first = 0; first < rows; first += W) {
              const Vector shift = load(shifts + first), dot = load(dots + first);
              logits.eachKey(first, block.seen(first / NR * NR), [&](int64_t j, Vector value) {
                const int64_t here = j * queryBlock + first;
                const Vector power = decay(value - shift), factor = load(factors + here);
                store(weights + here, power * factor);
                store(slopes + here, power * (load(slopes + here) * factor - dot) * p.scale);
              });
            }
            block.gather(ownGradients, weights, dv + place, rowK, scratch);
            block.gather(ownQueries, slopes, dk + place, rowK, scratch);
            block.mix(keys, slopes, mixed);
          }
          turnBack(mixed, nullptr, rows, p.size, dq + at, rowQ);
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
