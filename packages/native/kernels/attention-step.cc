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

/** Keys that are taken at a time, for every head: their rows stay in the first cache meanwhile. */
constexpr int64_t stepBlock = 32;

#if defined(__AVX512F__)
/** Lanes l, l + 4, l + 8 and l + 12 together, in the order of `sumLanes`. */
NACRE_INLINE __m128 quarters(__m512 vector) {
  const __m256 halves = _mm256_add_ps(_mm512_castps512_ps256(vector), _mm512_extractf32x8_ps(vector, 1));
  return _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
}
#endif

/** The sums of four vectors' lanes. */
NACRE_INLINE void sumFour(const Vector (&sums)[4], float scale, float* out) {
#if defined(__AVX512F__)
  const __m128 a = quarters(sums[0]), b = quarters(sums[1]), c = quarters(sums[2]), d = quarters(sums[3]);
  const __m128 first = _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
  const __m128 second = _mm_add_ps(_mm_movelh_ps(c, d), _mm_movehl_ps(d, c));
  const __m128 all = _mm_add_ps(_mm_shuffle_ps(first, second, 0x88), _mm_shuffle_ps(first, second, 0xdd));
  _mm_storeu_ps(out, _mm_mul_ps(all, _mm_set1_ps(scale)));
#elif defined(__AVX__)
  const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(sums[0], sums[1]), _mm256_hadd_ps(sums[2], sums[3]));
  const __m128 all = _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
  _mm_storeu_ps(out, _mm_mul_ps(all, _mm_set1_ps(scale)));
#else
  for (int i = 0; i < 4; i++) out[i] = scale * sumLanes(sums[i]);
#endif
}

/** Asks for a share of a row of the next block: with one for each head, the whole row comes as memory has it. */
NACRE_INLINE void ask(const float* row, int64_t head, int64_t heads, int64_t elements) {
  const float* end = row + (head + 1) * elements / heads;
  for (const float* from = row + head * elements / heads; from < end; from += 16) __builtin_prefetch(from);
}

/**
 * scores[h, j] = scale · query[h] · key[j] for keys [from, to) and every head of one query: `stride` from a head's scores to the
 * next one's, which have room for three more.
 */
void scoreKeys(const Problem& p, const float* query, const float* keys, int64_t from, int64_t to, float* scores, int64_t stride) {
  const int64_t row = p.keyHeads * p.size, group = p.heads / p.keyHeads, size = p.size;
  for (int64_t block = from; block < to; block += stepBlock) {
    const int64_t end = lesser(block + stepBlock, to);
    for (int64_t h = 0; h < p.heads; h++) {
      const float *q = query + h * size, *head = keys + h / group * size;
      float* out = scores + h * stride;
      for (int64_t j = block; j < end; j += 4) {
        const float* k[4];
        for (int i = 0; i < 4; i++) k[i] = head + lesser(j + i, end - 1) * row;
        for (int64_t i = j; i < lesser(j + 4, end); i++) {
          if (i + stepBlock < to) ask(keys + (i + stepBlock) * row, h, p.heads, row);
        }
        Vector sums[4] = {};
        int64_t d = 0;
        for (; d + W <= size; d += W) {
          const Vector each = load(q + d);
#pragma GCC unroll 4
          for (int i = 0; i < 4; i++) sums[i] += each * load(k[i] + d);
        }
        if (d < size) {
          const Vector each = loadPart(q + d, size - d);
          for (int i = 0; i < 4; i++) sums[i] += each * loadPart(k[i] + d, size - d);
        }
        if (j + 4 <= end) {
          sumFour(sums, p.scale, out + j);
        } else {
          for (int64_t i = 0; i < end - j; i++) out[j + i] = p.scale * sumLanes(sums[i]);
        }
      }
    }
  }
}

/** Scores [count] to weights that sum to 1; to 0 where a query sees no key. */
void weigh(float* scores, const float* mask, int64_t count) {
  if (mask != nullptr) {
    for (int64_t j = 0; j < count; j++) scores[j] += mask[j];
  }
  float top = -__builtin_inff();
  Vector best = splat(top);
  int64_t j = 0;
  for (; j + W <= count; j += W) best = larger(load(scores + j), best);
  for (int lane = 0; lane < W; lane++) top = best[lane] > top ? best[lane] : top;
  for (; j < count; j++) top = scores[j] > top ? scores[j] : top;
  const float shift = top == -__builtin_inff() ? 0.0f : top;
  float total = 0.0f;
  Vector totals = {};
  for (j = 0; j + W <= count; j += W) {
    const Vector power = decay(load(scores + j) - shift);
    store(scores + j, power);
    totals += power;
  }
  if (j < count) {
    const Vector power = decay(loadPart(scores + j, count - j) - shift);
    storePart(scores + j, power, count - j);
    for (int64_t lane = 0; lane < count - j; lane++) total += power[lane];
  }
  total += sumLanes(totals);
  // One with a logit that is no number gets none.
  const float factor = total > 0.0f ? 1.0f / total : (total == 0.0f ? 0.0f : __builtin_nanf(""));
  for (j = 0; j < count; j++) scores[j] *= factor;
}

/** out += Σ weight · value of VECTORS vectors from `out`'s beginning, over keys [from, to); the last vector may be a part. */
template <int VECTORS>
NACRE_INLINE void mix(const float* weights, const float* values, int64_t from, int64_t to, int64_t row, int64_t last, float* out) {
  Vector sums[VECTORS];
  for (int v = 0; v + 1 < VECTORS; v++) sums[v] = load(out + v * W);
  sums[VECTORS - 1] = loadPart(out + (VECTORS - 1) * W, last);
  for (int64_t j = from; j < to; j++) {
    const Vector weight = splat(weights[j]);
    const float* value = values + j * row;
#pragma GCC unroll 8
    for (int v = 0; v + 1 < VECTORS; v++) sums[v] += weight * load(value + v * W);
    sums[VECTORS - 1] += weight * loadPart(value + (VECTORS - 1) * W, last);
  }
  for (int v = 0; v + 1 < VECTORS; v++) store(out + v * W, sums[v]);
  storePart(out + (VECTORS - 1) * W, sums[VECTORS - 1], last);
}

/** out [heads, size] = Σ weights[h, j] · value[j] over keys [from, to). */
void mixValues(const Problem& p, const float* weights, int64_t stride, const float* values, int64_t from, int64_t to, float* out) {
  const int64_t row = p.keyHeads * p.size, group = p.heads / p.keyHeads, size = p.size;
  for (int64_t d = 0; d < p.heads * size; d++) out[d] = 0.0f;
  for (int64_t block = from; block < to; block += stepBlock) {
    const int64_t end = lesser(block + stepBlock, to);
    for (int64_t h = 0; h < p.heads; h++) {
      const float *own = weights + h * stride, *head = values + h / group * size;
      for (int64_t j = block; j < end; j++) {
        if (j + stepBlock < to) ask(values + (j + stepBlock) * row, h, p.heads, row);
      }
      float* target = out + h * size;
      int64_t d = 0;
      for (; d + 8 * W <= size; d += 8 * W) mix<8>(own, head + d, block, end, row, W, target + d);
      for (; d + 4 * W <= size; d += 4 * W) mix<4>(own, head + d, block, end, row, W, target + d);
      for (; d + 2 * W <= size; d += 2 * W) mix<2>(own, head + d, block, end, row, W, target + d);
      for (; d < size; d += W) mix<1>(own, head + d, block, end, row, lesser(W, size - d), target + d);
    }
  }
}

/**
 * One query of one sequence for all its heads: keys and values are read once, as they lie in memory, in parts of a fixed number that
 * threads share; sums over the parts are added in order.
 */
void attendOne(Pool& pool, const Problem& p, const float* query, const float* keys, const float* values, const float* mask, int64_t count,
               float* out) {
  const int64_t width = p.heads * p.size, stride = ceilDivide(count, 4) * 4;
  const int64_t parts = greater(1, lesser(8, count * p.keyHeads * p.size / chunkElements));
  float* scores = static_cast<float*>(pool.shared(static_cast<size_t>(p.heads * stride + parts * width) * 4));
  float* partial = scores + p.heads * stride;
  const auto border = [=](int64_t part) { return part == parts ? count : count * part / parts / 4 * 4; };
  parallel(pool, parts, 1, [&](int64_t begin, int64_t end, int) {
    scoreKeys(p, query, keys, border(begin), border(end), scores, stride);
  });
  parallel(pool, p.heads, greater(1, chunkElements / greater(1, 4 * count)), [&](int64_t begin, int64_t end, int) {
    for (int64_t h = begin; h < end; h++) weigh(scores + h * stride, mask == nullptr ? nullptr : mask + h * p.maskHead, count);
  });
  if (parts == 1) return mixValues(p, scores, stride, values, 0, count, out);
  parallel(pool, parts, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; part++) {
      mixValues(p, scores, stride, values, border(part), border(part + 1), partial + part * width);
    }
  });
  for (int64_t d = 0; d < width; d++) {
    float sum = partial[d];
    for (int64_t part = 1; part < parts; part++) sum += partial[part * width + d];
    out[d] = sum;
  }
}

/**
 * (q, k, v, cosines, sines, keys, values, out, mask, sizes, scale, causal): puts k and v [batch, queries, keyHeads, size] behind the
 * `count` rows from row `first` of keys and values [batch, room, keyHeads, size], and attends from q [batch, queries, heads, size],
 * which is changed, over those rows and the new ones; where there is no k, over those rows alone. q and k are turned by their angles [queries, turned / 2] where these are there.
 * sizes: [batch, queries, heads, keyHeads, size, room, first, count, turned, maskBatch, maskHeads, maskQueries].
 */
napi_value attentionStep(const Arguments& arguments) {
  const int32_t* s = arguments.integers(9, 12);
  const int64_t room = s[5], first = s[6], count = s[7], half = s[8] / 2;
  const int64_t added = arguments.absent(1) ? 0 : s[1];
  Problem p{s[0], s[1], count + added, s[2], s[3], s[4], arguments.real(10), arguments.flag(11), nullptr, 0, 0, 0, room};
  const int64_t sizesQ[] = {p.batch, p.queries, p.heads, p.size}, sizesK[] = {p.batch, p.queries, p.keyHeads, p.size};
  const int64_t sizesRoom[] = {p.batch, room, p.keyHeads, p.size}, sizesAngles[] = {p.queries, half};
  checkHeads(p.heads, p.keyHeads);
  if (first < 0 || count < 0 || first + count + added > room) {
    throw ArgumentError(ArgumentError::range, "expected room for %lld rows behind %lld from row %lld. Received room for %lld.",
                        static_cast<long long>(added), static_cast<long long>(count), static_cast<long long>(first),
                        static_cast<long long>(room));
  }
  if (2 * half > p.size) throw ArgumentError(ArgumentError::range, "expected at most %lld elements to turn.", static_cast<long long>(p.size));
  float* q = arguments.floats(0, volume(sizesQ, 4));
  const float *k = arguments.optionalFloats(1, volume(sizesK, 4)), *v = added == 0 ? nullptr : arguments.floats(2, volume(sizesK, 4));
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
      if (k == nullptr) continue;
      turn(k + row * rowK, keys + place, p.keyHeads, p.size, turned, cosines + i * half, sines + i * half);
      copyFloats(values + place, v + row * rowK, rowK);
    }
  });
  keys += first * rowK;
  values += first * rowK;
  if (p.queries > fewQueries) {
    attend(pool, p, q, keys, values, out, nullptr);
    return nullptr;
  }
  const auto maskOf = [&](int64_t n, int64_t i) {
    return p.mask == nullptr ? nullptr : p.mask + n * p.maskBatch + i * p.maskQuery;
  };
  if (p.batch * p.queries == 1) {
    attendOne(pool, p, q, keys, values, maskOf(0, 0), p.visible(0), out);
    return nullptr;
  }
  // Threads take whole queries.
  const int64_t stride = ceilDivide(p.keys, 4) * 4;
  pool.reserve(static_cast<size_t>(p.heads * stride + 1) * 4);
  const int64_t work = greater(1, p.keys * rowQ);
  parallel(pool, p.batch * p.queries, greater(1, chunkElements / work), [&](int64_t begin, int64_t end, int slot) {
    float* scores = static_cast<float*>(pool.scratch(slot));
    for (int64_t task = begin; task < end; task++) {
      const int64_t n = task / p.queries, i = task % p.queries, place = n * room * rowK, own = task * rowQ, seen = p.visible(i);
      const float* mask = maskOf(n, i);
      scoreKeys(p, q + own, keys + place, 0, seen, scores, stride);
      for (int64_t h = 0; h < p.heads; h++) weigh(scores + h * stride, mask == nullptr ? nullptr : mask + h * p.maskHead, seen);
      mixValues(p, scores, stride, values + place, 0, seen, out + own);
    }
  });
  return nullptr;
}

}  // namespace

void addAttentionStep(Exports& exports) { exports.add("attentionStep", attentionStep); }

}  // namespace NACRE_ISA
}  // namespace nacre
