// Products with quantised weights: 8-bit or 4-bit integers in groups along k, each with its own scale, symmetric about 0.
// Activations are quantised to 8 bits per group on the way, so the inner loop is one of integers and exact.
//
// Many rows at once are another matter: weights that are read for all of them cost little to turn, into the order of dot-bytes.h or
// back into floats, whose product has no scales to apply on the way.
#include "dot-bytes.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

#if defined(__AVX2__)

/** Eight partial sums of a row; `finish` adds them up. */
typedef __m256 Sums;
/** Integers that are kept of a group of x for 4-bit weights. */
constexpr int64_t excessSize = 8;

NACRE_INLINE __m256i unpackBytes(const int8_t* weights) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
}
/** From 0 to 15, so 8 too large. */
NACRE_INLINE __m256i unpackNibbles(const uint8_t* weights) {
  const __m256i pairs = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights)));
  return _mm256_and_si256(_mm256_srlv_epi32(pairs, _mm256_set_epi32(4, 4, 4, 4, 0, 0, 0, 0)), _mm256_set1_epi8(15));
}
/** Eight times the sums of four values each: what nibbles that are 8 too large make too much of a group. */
NACRE_INLINE void excessOf(const int8_t* values, int32_t* excess) {
  const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(8), x);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(excess), _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
NACRE_INLINE Sums addNibbles(Sums sums, __m256i weights, const int8_t* x, const int32_t* excess, float scale) {
  const __m256i values = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  const __m256i fours = _mm256_madd_epi16(_mm256_maddubs_epi16(weights, values), _mm256_set1_epi16(1));
  const __m256i exact = _mm256_sub_epi32(fours, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(excess)));
  return _mm256_fmadd_ps(_mm256_cvtepi32_ps(exact), _mm256_set1_ps(scale), sums);
}
/** sums + scale · (weights · x) of one group. A product of sizes from -127 to 127, two of which fit in 16 bits. */
NACRE_INLINE Sums addGroup(Sums sums, __m256i weights, const int8_t* x, float scale) {
  const __m256i values = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(values, weights));
  const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  return _mm256_fmadd_ps(_mm256_cvtepi32_ps(fours), _mm256_set1_ps(scale), sums);
}
NACRE_INLINE float finish(Sums sums) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#else

typedef float Sums;
constexpr int64_t excessSize = 0;
struct Group {
  int8_t values[group];
};

NACRE_INLINE Group unpackBytes(const int8_t* weights) {
  Group unpacked;
  __builtin_memcpy(unpacked.values, weights, group);
  return unpacked;
}
NACRE_INLINE Group unpackNibbles(const uint8_t* weights) {
  Group unpacked;
  for (int64_t i = 0; i < group / 2; i++) {
    unpacked.values[i] = static_cast<int8_t>((weights[i] & 15) - 8);
    unpacked.values[i + group / 2] = static_cast<int8_t>((weights[i] >> 4) - 8);
  }
  return unpacked;
}
NACRE_INLINE Sums addGroup(Sums sums, const Group& weights, const int8_t* x, float scale) {
  int32_t sum = 0;
  for (int64_t i = 0; i < group; i++) {
    sum += static_cast<int32_t>(static_cast<int16_t>(weights.values[i])) * static_cast<int32_t>(static_cast<int16_t>(x[i]));
  }
  return sums + scale * static_cast<float>(sum);
}
NACRE_INLINE void excessOf(const int8_t*, int32_t*) {}
NACRE_INLINE Sums addNibbles(Sums sums, const Group& weights, const int8_t* x, const int32_t*, float scale) {
  return addGroup(sums, weights, x, scale);
}
NACRE_INLINE float finish(Sums sums) { return sums; }

#endif

/** Weights of a row, as bytes or as nibbles. */
template <bool BYTES>
NACRE_INLINE auto unpack(const uint8_t* row, int64_t g) {
  if constexpr (BYTES) {
    return unpackBytes(reinterpret_cast<const int8_t*>(row) + g * group);
  } else {
    return unpackNibbles(row + g * group / 2);
  }
}

/** One group more; `index` counts those of x. */
template <bool BYTES, class Weights>
NACRE_INLINE Sums add(Sums sums, const Weights& weights, const RoundedRows& x, int64_t index, float scale) {
  if constexpr (BYTES) {
    return addGroup(sums, weights, x.values + index * group, scale);
  } else {
    return addNibbles(sums, weights, x.values + index * group, x.kept + index * excessSize, scale);
  }
}

/** Bytes ahead of the weights that are asked for: processors follow by themselves to the end of a page only. */
constexpr int64_t ahead = 2048;

/** ROWS outputs of one row of weights: a group is unpacked once for all. */
template <int ROWS, bool BYTES>
NACRE_INLINE void dotRow(const uint8_t* weights, const float* scales, const RoundedRows& x, int64_t row, float* out, int64_t stride) {
  // Eight groups at a time: their scales are multiplied together, and sums of two kinds do not wait for each other.
  constexpr int64_t BLOCK = 8;
  Sums even[ROWS] = {}, odd[ROWS] = {};
  const float* own = x.scales + row * x.groups;
  int64_t g = 0;
  for (; g + BLOCK <= x.groups; g += BLOCK) {
    float factors[ROWS][BLOCK];
    for (int i = 0; i < ROWS; i++) {
      for (int64_t q = 0; q < BLOCK; q++) factors[i][q] = scales[g + q] * own[i * x.groups + g + q];
    }
    __builtin_prefetch(reinterpret_cast<const char*>(scales + g) + ahead / 4);
    for (int64_t line = 0; line < BLOCK * group / (BYTES ? 1 : 2); line += 64) {
      __builtin_prefetch(weights + g * group / (BYTES ? 1 : 2) + line + ahead);
    }
#pragma GCC unroll 4
    for (int64_t q = 0; q < BLOCK; q += 2) {
      const auto first = unpack<BYTES>(weights, g + q), second = unpack<BYTES>(weights, g + q + 1);
#pragma GCC unroll 4
      for (int i = 0; i < ROWS; i++) {
        const int64_t index = (row + i) * x.groups + g + q;
        even[i] = add<BYTES>(even[i], first, x, index, factors[i][q]);
        odd[i] = add<BYTES>(odd[i], second, x, index + 1, factors[i][q + 1]);
      }
    }
  }
  for (; g < x.groups; g++) {
    const auto last = unpack<BYTES>(weights, g);
    for (int i = 0; i < ROWS; i++) {
      even[i] = add<BYTES>(even[i], last, x, (row + i) * x.groups + g, scales[g] * own[i * x.groups + g]);
    }
  }
  for (int i = 0; i < ROWS; i++) out[i * stride] = finish(even[i] + odd[i]);
}

template <bool BYTES>
void dotRows(const uint8_t* weights, const float* scales, const RoundedRows& x, int64_t rows, float* out, int64_t stride) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) dotRow<4, BYTES>(weights, scales, x, row, out + row * stride, stride);
  for (; row < rows; row++) dotRow<1, BYTES>(weights, scales, x, row, out + row * stride, stride);
}

/** From this many rows on, the product of floats is faster than row by row. */
constexpr int64_t manyRows = 64;

/** Wᵀ as floats, made while its columns are packed. */
template <bool BYTES>
struct Dequantized {
  typedef uint8_t Packed __attribute__((vector_size(W)));
  typedef int8_t SignedPacked __attribute__((vector_size(W)));
  const uint8_t* weights;
  const float* scales;
  int64_t k;

  /** Elements [p, p + W) of a row of W; p is a multiple of W. */
  NACRE_INLINE Vector values(int64_t row, int64_t p) const {
    const Vector scale = splat(scales[(row * k + p) / group]);
    if constexpr (BYTES) {
      SignedPacked bytes;
      __builtin_memcpy(&bytes, weights + row * k + p, W);
      return __builtin_convertvector(__builtin_convertvector(bytes, Lanes), Vector) * scale;
    } else {
      Packed bytes;
      const int64_t within = p % group, half = group / 2;
      __builtin_memcpy(&bytes, weights + (row * k + p - within) / 2 + within % half, W);
      const Lanes pairs = __builtin_convertvector(bytes, Lanes);
      return __builtin_convertvector((within < half ? pairs & 15 : pairs >> 4) - 8, Vector) * scale;
    }
  }
  /** Rows [from, from + depth) of NR columns from `column` on, in whole groups; columns beyond `columns` become 0. */
  void packColumns(float* to, int64_t column, int64_t columns, int64_t from, int64_t depth) const {
    for (int64_t j = 0; j < NR; j += W) {
      for (int64_t p = 0; p < depth; p += W) {
        packSquare(to + p * NR + j, [&](int64_t q) { return j + q < columns ? values(column + j + q, from + p) : Vector{}; });
      }
    }
  }
};

NACRE_INLINE int32_t largestLane(Lanes lanes) {
#if defined(__AVX512F__)
  return _mm512_reduce_max_epi32(reinterpret_cast<__m512i>(lanes));
#else
  int32_t best = lanes[0];
  for (int lane = 1; lane < W; lane++) best = lanes[lane] > best ? lanes[lane] : best;
  return best;
#endif
}

/**
 * To the nearest of 255 multiples of each group's scale; a group with NaN or infinity gets a scale that makes its row NaN.
 */
void roundRow(const float* x, int8_t* values, float* scales, int64_t groups) {
  typedef int8_t Bytes __attribute__((vector_size(W)));
  for (int64_t g = 0; g < groups; g++) {
    const float* from = x + g * group;
    // Without their signs, floats are in the order of their bits, and NaN is the largest.
    Lanes tops = bits(absolute(load(from)));
    for (int64_t i = W; i < group; i += W) {
      const Lanes sizes = bits(absolute(load(from + i)));
      tops = tops > sizes ? tops : sizes;
    }
    const int32_t largest = largestLane(tops);
    float top;
    __builtin_memcpy(&top, &largest, 4);
    const float inverse = top > 0.0f ? 127.0f / top : 0.0f;
    scales[g] = top / 127.0f;
    for (int64_t i = 0; i < group; i += W) {
      const Lanes whole = __builtin_convertvector(roundNear(load(from + i) * inverse), Lanes);
      const Bytes bytes = __builtin_convertvector(whole, Bytes);
      __builtin_memcpy(values + g * group + i, &bytes, W);
    }
  }
}

/** All rows of x in memory that threads share; keep(values, kept) sets the `count` integers that are kept of each group. */
template <class Keep>
RoundedRows roundRows(Pool& pool, const float* x, int64_t m, int64_t k, int64_t count, const Keep& keep) {
  const int64_t groups = k / group, all = m * groups;
  float* scales = static_cast<float*>(pool.shared(static_cast<size_t>(4 * all * (1 + count) + m * k)));
  int32_t* kept = reinterpret_cast<int32_t*>(scales + all);
  int8_t* values = reinterpret_cast<int8_t*>(kept + all * count);
  parallel(pool, m, rowsPerChunk(k), [=](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      roundRow(x + row * k, values + row * k, scales + row * groups, groups);
      for (int64_t g = row * groups; count > 0 && g < (row + 1) * groups; g++) keep(values + g * group, kept + g * count);
    }
  });
  return {values, scales, kept, groups};
}

/** out [m, n] = x · Wᵀ in the way that is best for so many rows. */
template <bool BYTES>
void multiplyQuantized(Pool& pool, const Shape& shape, const float* x, const uint8_t* weights, const float* scales, float* out) {
  const auto [m, n, k] = shape;
#if defined(__AVX512F__)
  /** From this many rows on, weights are turned for tiles of whole numbers, where the processor has the instruction. */
  constexpr int64_t leastTileRows = 5;
  static const bool dots = dotsBytes();
  if (dots && m >= leastTileRows && n > 0 && k > 0) {
    const ByteWeights<BYTES> turned{weights, scales, k};
    return multiplyBytes(pool, shape, roundRows(pool, x, m, k, 1, turned.offsetOf), turned, out);
  }
#endif
  if (m >= manyRows) return multiply(pool, shape, Matrix{x, k, 1}, Dequantized<BYTES>{weights, scales, k}, {out, n});
  const RoundedRows rounded = roundRows(pool, x, m, k, BYTES ? 0 : excessSize, excessOf);
  const int64_t bytesPerRow = BYTES ? k : k / 2;
  parallel(pool, n, greater(1, chunkElements * 2 / greater(1, k)), [=, m = m, n = n](int64_t begin, int64_t end, int) {
    for (int64_t j = begin; j < end; j++) {
      dotRows<BYTES>(weights + j * bytesPerRow, scales + j * rounded.groups, rounded, m, out + j, n);
    }
  });
}

/** (x, weights, scales, out, m, n, k, bits): out [m, n] = x [m, k] · Wᵀ, W of [n, k] with k a multiple of 32. */
napi_value quantizedMatmul(const Arguments& arguments) {
  const int64_t m = arguments.size(4), n = arguments.size(5), k = arguments.size(6), bits = arguments.integer(7);
  if (k % group != 0) throw ArgumentError(ArgumentError::range, "expected k to be a multiple of %d.", static_cast<int>(group));
  if (bits != 8 && bits != 4) throw ArgumentError(ArgumentError::range, "expected 8 or 4 bits.");
  const int64_t sizesX[] = {m, k}, sizesW[] = {n, k}, sizesO[] = {m, n};
  const float *x = arguments.floats(0, volume(sizesX, 2)), *scales = arguments.floats(2, n * (k / group));
  const int64_t count = volume(sizesW, 2);
  const uint8_t* weights = bits == 8 ? reinterpret_cast<const uint8_t*>(arguments.signedBytes(1, count))
                                     : arguments.bytes(1, count / 2);
  float* out = arguments.floats(3, volume(sizesO, 2));
  if (bits == 8) {
    multiplyQuantized<true>(arguments.pool(), {m, n, k}, x, weights, scales, out);
  } else {
    multiplyQuantized<false>(arguments.pool(), {m, n, k}, x, weights, scales, out);
  }
  return nullptr;
}

/** (weights, values, scales, n, k, bits): rounds weights [n, k] to integers per group of 32. */
napi_value quantize(const Arguments& arguments) {
  const int64_t n = arguments.size(3), k = arguments.size(4), bits = arguments.integer(5);
  if (k % group != 0) throw ArgumentError(ArgumentError::range, "expected k to be a multiple of %d.", static_cast<int>(group));
  if (bits != 8 && bits != 4) throw ArgumentError(ArgumentError::range, "expected 8 or 4 bits.");
  const int64_t sizes[] = {n, k}, groups = n * (k / group);
  const int64_t count = volume(sizes, 2);
  const float* weights = arguments.floats(0, count);
  int8_t* bytes = bits == 8 ? arguments.signedBytes(1, count) : nullptr;
  uint8_t* nibbles = bits == 4 ? arguments.bytes(1, count / 2) : nullptr;
  float* scales = arguments.floats(2, groups);
  parallel(arguments.pool(), groups, chunkElements / group, [&](int64_t begin, int64_t end, int) {
    for (int64_t g = begin; g < end; g++) {
      const float* from = weights + g * group;
      // The element farthest from 0, with its sign: 4 bits reach to -8 but only to 7.
      float far = 0.0f;
      for (int64_t i = 0; i < group; i++) far = fabsf(from[i]) > fabsf(far) ? from[i] : far;
      const float scale = bits == 8 ? fabsf(far) / 127.0f : far / -8.0f;
      const float inverse = scale != 0.0f ? 1.0f / scale : 0.0f;
      scales[g] = scale;
      if (bits == 8) {
        for (int64_t i = 0; i < group; i++) bytes[g * group + i] = static_cast<int8_t>(nearbyintf(from[i] * inverse));
        continue;
      }
      const auto nibble = [&](float value) {
        const float rounded = nearbyintf(value * inverse) + 8.0f;
        return static_cast<uint8_t>(rounded < 0.0f ? 0.0f : rounded > 15.0f ? 15.0f : rounded);
      };
      for (int64_t i = 0; i < group / 2; i++) {
        nibbles[g * group / 2 + i] = static_cast<uint8_t>(nibble(from[i]) | nibble(from[i + group / 2]) << 4);
      }
    }
  });
  return nullptr;
}

}  // namespace

void addQuantized(Exports& exports) {
  exports.add("quantizedMatmul", quantizedMatmul);
  exports.add("quantize", quantize);
}

}  // namespace NACRE_ISA
}  // namespace nacre
