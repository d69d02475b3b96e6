// Attention of new tokens over the keys and values of those before them, which lie in arrays with room for more: the new rows are
// written in place, and nothing that is there is copied.
#include "attention.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** Up to this many queries of a sequence, logits are dot products in a row instead of products of blocks. */
constexpr int64_t fewQueries = 4;

/** Turns the first 2 · half elements of each head, pairs (i, i + half), and copies the others; out may be x. */
NACRE_INLINE void turn(const float* x, float* out, int64_t heads, int64_t size, int64_t half, const float* cosines, const float* sines) {
  for (int64_t h = 0; h < heads; h++) {
    const float* from = x + h * size;
    float* to = out + h * size;
    for (int64_t i = 0; i < half; i++) {
      const float a = from[i], b = from[i + half];
      to[i] = a * cosines[i] - b * sines[i];
      to[i + half] = b * cosines[i] + a * sines[i];
    }
    for (int64_t i = 2 * half; i < size; i++) to[i] = from[i];
  }
}

/** Dot products of one query with `count` keys, `row` elements apart, times `scale`. */
NACRE_INLINE void dots(const float* query, const float* keys, int64_t count, int64_t row, int64_t size, float scale, float* out) {
  constexpr int KEYS = 4;
  for (int64_t j = 0; j < count; j += KEYS) {
    const float* from[KEYS];
    for (int i = 0; i < KEYS; i++) from[i] = keys + lesser(j + i, count - 1) * row;
    Vector sums[KEYS] = {};
    int64_t d = 0;
    for (; d + W <= size; d += W) {
      const Vector q = load(query + d);
#pragma GCC unroll 4
      for (int i = 0; i < KEYS; i++) sums[i] += q * load(from[i] + d);
    }
    if (d < size) {
      const Vector q = loadPart(query + d, size - d);
      for (int i = 0; i < KEYS; i++) sums[i] += q * loadPart(from[i] + d, size - d);
    }
    for (int64_t i = 0; i < KEYS && j + i < count; i++) out[j + i] = scale * sumLanes(sums[i]);
  }
}

/** out = Σ weight · value of VECTORS vectors from element `at`; the last may be a part. */
template <int VECTORS>
NACRE_INLINE void mix(const float* weights, const float* values, int64_t count, int64_t row, int64_t at, int64_t size, float scale, float* out) {
  Vector sums[VECTORS] = {};
  const int64_t last = size - at - (VECTORS - 1) * W;
  for (int64_t j = 0; j < count; j++) {
    const Vector weight = splat(weights[j]);
    const float* from = values + j * row + at;
#pragma GCC unroll 8
    for (int v = 0; v + 1 < VECTORS; v++) sums[v] += weight * load(from + v * W);
    sums[VECTORS - 1] += weight * loadPart(from + (VECTORS - 1) * W, last);
  }
  for (int v = 0; v + 1 < VECTORS; v++) store(out + at + v * W, scale * sums[v]);
  storePart(out + at + (VECTORS - 1) * W, scale * sums[VECTORS - 1], last);
}

/** One head of one query over `count` keys; `scores` has room for them and a vector more. */
void attendOne(const float* query, const float* keys, const float* values, const float* mask, int64_t count, int64_t row, int64_t size,
               float scale, float* scores, float* out) {
  dots(query, keys, count, row, size, scale, scores);
  if (mask != nullptr) {
    for (int64_t j = 0; j < count; j++) scores[j] += mask[j];
  }
  float top = -__builtin_inff();
  for (int64_t j = 0; j < count; j++) top = scores[j] > top ? scores[j] : top;
  const float shift = top == -__builtin_inff() ? 0.0f : top;
  float total = 0.0f;
  Vector totals = {};
  for (int64_t j = 0; j < count; j += W) {
    const int64_t width = lesser(W, count - j);
    const Vector power = exponential(loadPart(scores + j, width) - shift);
    storePart(scores + j, power, width);
    if (width == W) totals += power;
    else for (int64_t lane = 0; lane < width; lane++) total += power[lane];
  }
  total += sumLanes(totals);
  // A query that sees no key gets 0; one with a logit that is no number gets none.
  const float factor = total > 0.0f ? 1.0f / total : (total == 0.0f ? 0.0f : __builtin_nanf(""));
  for (int64_t at = 0; at < size;) {
    const int64_t vectors = ceilDivide(size - at, W);
    if (vectors >= 8) {
      mix<8>(scores, values, count, row, at, lesser(size, at + 8 * W), factor, out);
      at += 8 * W;
    } else if (vectors >= 4) {
      mix<4>(scores, values, count, row, at, lesser(size, at + 4 * W), factor, out);
      at += 4 * W;
    } else {
      mix<1>(scores, values, count, row, at, lesser(size, at + W), factor, out);
      at += W;
    }
  }
}

/**
 * (q, k, v, cosines, sines, keys, values, out, mask, sizes, scale, causal): puts k and v [batch, queries, keyHeads, size] behind the
 * `count` rows from row `first` of keys and values [batch, room, keyHeads, size], and attends from q [batch, queries, heads, size],
 * which is changed, over those rows and the new ones. q and k are turned by their angles [queries, turned / 2] where these are there.
 * sizes: [batch, queries, heads, keyHeads, size, room, first, count, turned, maskBatch, maskHeads, maskQueries].
 */
napi_value attentionStep(const Arguments& arguments) {
  const int32_t* s = arguments.integers(9, 12);
  const int64_t room = s[5], first = s[6], count = s[7], half = s[8] / 2;
  Problem p{s[0], s[1], count + s[1], s[2], s[3], s[4], arguments.real(10), arguments.flag(11), nullptr, 0, 0, 0, room};
  const int64_t sizesQ[] = {p.batch, p.queries, p.heads, p.size}, sizesK[] = {p.batch, p.queries, p.keyHeads, p.size};
  const int64_t sizesRoom[] = {p.batch, room, p.keyHeads, p.size}, sizesAngles[] = {p.queries, half};
  checkHeads(p.heads, p.keyHeads);
  if (first < 0 || count < 0 || first + count + p.queries > room) {
    throw ArgumentError(ArgumentError::range, "expected room for %lld rows behind %lld from row %lld. Received room for %lld.",
                        static_cast<long long>(p.queries), static_cast<long long>(count), static_cast<long long>(first),
                        static_cast<long long>(room));
  }
  if (2 * half > p.size) throw ArgumentError(ArgumentError::range, "expected at most %lld elements to turn.", static_cast<long long>(p.size));
  float* q = arguments.floats(0, volume(sizesQ, 4));
  const float *k = arguments.floats(1, volume(sizesK, 4)), *v = arguments.floats(2, volume(sizesK, 4));
  const float *cosines = arguments.optionalFloats(3, volume(sizesAngles, 2)), *sines = arguments.optionalFloats(4, volume(sizesAngles, 2));
  float *keys = arguments.floats(5, volume(sizesRoom, 4)), *values = arguments.floats(6, volume(sizesRoom, 4));
  float* out = arguments.floats(7, volume(sizesQ, 4));
  readMask(arguments, 8, s + 9, p);
  const int64_t rowQ = p.heads * p.size, rowK = p.keyHeads * p.size;
  const int64_t turned = cosines == nullptr || sines == nullptr ? 0 : half;
  Pool& pool = arguments.pool();
  parallel(pool, p.batch * p.queries, rowsPerChunk(rowQ + 2 * rowK), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t n = row / p.queries, i = row % p.queries, place = (n * room + first + count + i) * rowK;
      if (turned > 0) turn(q + row * rowQ, q + row * rowQ, p.heads, p.size, turned, cosines + i * half, sines + i * half);
      turn(k + row * rowK, keys + place, p.keyHeads, p.size, turned, cosines + i * half, sines + i * half);
      __builtin_memcpy(values + place, v + row * rowK, static_cast<size_t>(rowK) * 4);
    }
  });
  keys += first * rowK;
  values += first * rowK;
  if (p.queries > fewQueries) {
    attend(pool, p, q, keys, values, out, nullptr);
    return nullptr;
  }
  pool.reserve(static_cast<size_t>(p.keys + W) * 4);
  const int64_t group = p.heads / p.keyHeads;
  const int64_t chunk = greater(1, chunkElements / (greater(1, p.keys) * greater(1, p.size)));
  parallel(pool, p.batch * p.heads * p.queries, chunk, [&](int64_t begin, int64_t end, int slot) {
    float* scores = static_cast<float*>(pool.scratch(slot));
    for (int64_t task = begin; task < end; task++) {
      const int64_t i = task % p.queries, h = task / p.queries % p.heads, n = task / p.queries / p.heads;
      const float* mask = p.mask == nullptr ? nullptr : p.mask + n * p.maskBatch + h * p.maskHead + i * p.maskQuery;
      const int64_t place = n * room * rowK + h / group * p.size, own = (n * p.queries + i) * rowQ + h * p.size;
      attendOne(q + own, keys + place, values + place, mask, p.visible(i), rowK, p.size, p.scale, scores, out + own);
    }
  });
  return nullptr;
}

}  // namespace

void addAttentionStep(Exports& exports) { exports.add("attentionStep", attentionStep); }

}  // namespace NACRE_ISA
}  // namespace nacre
