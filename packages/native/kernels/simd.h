// Vectors of floats, written once with the compilers' vector extensions (GCC, Clang) and compiled per instruction set. Names are
// within the instruction set's namespace, and nothing here comes from `std::`: an inline function of it that two builds share
// might be linked in the version that this processor cannot run.
#pragma once
#include <cstdint>
#include <cstring>
#if defined(__SSE__)
#include <immintrin.h>
#endif

#ifndef NACRE_ISA
#error "compile with -DNACRE_ISA=..., see scripts/compile.ts"
#endif

namespace nacre {
namespace NACRE_ISA {

#if defined(__AVX512F__)
constexpr int vectorBytes = 64;
#elif defined(__AVX__)
constexpr int vectorBytes = 32;
#else
constexpr int vectorBytes = 16;
#endif

typedef float Vector __attribute__((vector_size(vectorBytes)));
typedef int32_t Lanes __attribute__((vector_size(vectorBytes)));
/** Floats in a vector. */
constexpr int W = vectorBytes / 4;

#define NACRE_INLINE inline __attribute__((always_inline))

NACRE_INLINE Vector load(const float* from) {
  Vector vector;
  __builtin_memcpy(&vector, from, vectorBytes);
  return vector;
}
NACRE_INLINE void store(float* to, Vector vector) { __builtin_memcpy(to, &vector, vectorBytes); }
#if defined(__AVX512F__)
NACRE_INLINE __mmask16 firstLanes(int64_t count) { return static_cast<__mmask16>(count <= 0 ? 0 : (1u << count) - 1); }
#elif defined(__AVX__)
constexpr int32_t laneMasks[2 * W] = {-1, -1, -1, -1, -1, -1, -1, -1};
NACRE_INLINE __m256i firstLanes(int64_t count) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(laneMasks + W - (count < 0 ? 0 : count)));
}
#endif
/** The first `count` lanes, all where it is W or more; the others are 0. */
NACRE_INLINE Vector loadPart(const float* from, int64_t count) {
  if (count >= W) return load(from);
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(firstLanes(count), from);
#elif defined(__AVX__)
  return _mm256_maskload_ps(from, firstLanes(count));
#else
  Vector vector = {};
  for (int lane = 0; lane < W; lane++) {
    if (lane < count) vector[lane] = from[lane];
  }
  return vector;
#endif
}
NACRE_INLINE void storePart(float* to, Vector vector, int64_t count) {
  if (count >= W) return store(to, vector);
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, firstLanes(count), vector);
#elif defined(__AVX__)
  // Not with a mask, which some processors store one lane at a time.
  __m128 rest = _mm256_castps256_ps128(vector);
  if ((count & 4) != 0 && count > 0) {
    _mm_storeu_ps(to, rest);
    rest = _mm256_extractf128_ps(vector, 1);
    to += 4;
  }
  if ((count & 2) != 0 && count > 0) {
    _mm_storel_pi(reinterpret_cast<__m64*>(to), rest);
    rest = _mm_movehl_ps(rest, rest);
    to += 2;
  }
  if ((count & 1) != 0 && count > 0) _mm_store_ss(to, rest);
#else
  for (int lane = 0; lane < W; lane++) {
    if (lane < count) to[lane] = vector[lane];
  }
#endif
}
/**
 * Copies past the caches, for results too large to be found there when they are read: a line that is written whole needs not be
 * read first.
 */
NACRE_INLINE void streamScaled(float* to, const float* from, float factor, int64_t count) {
  int64_t i = 0;
#if defined(__SSE2__)
  const auto one = [&] {
    const float value = from[i] * factor;
    int32_t whole;
    __builtin_memcpy(&whole, &value, 4);
    _mm_stream_si32(reinterpret_cast<int*>(to + i++), whole);
  };
  while (i < count && reinterpret_cast<uintptr_t>(to + i) % vectorBytes != 0) one();
  for (; i + W <= count; i += W) {
    const Vector value = load(from + i) * factor;
#if defined(__AVX512F__)
    _mm512_stream_ps(to + i, value);
#elif defined(__AVX__)
    _mm256_stream_ps(to + i, value);
#else
    _mm_stream_ps(to + i, value);
#endif
  }
  while (i < count) one();
#else
  for (; i < count; i++) to[i] = from[i] * factor;
#endif
}
/** After the last of them, before others may read. */
NACRE_INLINE void endStream() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}
// Subtracting 0 changes nothing, -0 included, so that only the broadcast is left.
NACRE_INLINE Vector splat(float value) { return value - Vector{}; }
NACRE_INLINE Lanes bits(Vector vector) { return reinterpret_cast<Lanes>(vector); }
NACRE_INLINE Vector fromBits(Lanes lanes) { return reinterpret_cast<Vector>(lanes); }
NACRE_INLINE Vector choose(Lanes mask, Vector yes, Vector no) { return fromBits((mask & bits(yes)) | (~mask & bits(no))); }

/** The larger; NaN where either is NaN. */
NACRE_INLINE Vector maximum(Vector a, Vector b) { return choose(a != a, a, choose(a > b, a, b)); }
NACRE_INLINE Vector minimum(Vector a, Vector b) { return choose(a != a, a, choose(a < b, a, b)); }
NACRE_INLINE float maximum(float a, float b) { return a != a ? a : (a > b ? a : b); }
NACRE_INLINE float minimum(float a, float b) { return a != a ? a : (a < b ? a : b); }
/** `b` where either is NaN. On x86 one instruction, which compilers do not find by themselves. */
#if defined(__AVX512F__)
NACRE_INLINE Vector larger(Vector a, Vector b) { return _mm512_max_ps(a, b); }
NACRE_INLINE Vector smaller(Vector a, Vector b) { return _mm512_min_ps(a, b); }
#elif defined(__AVX__)
NACRE_INLINE Vector larger(Vector a, Vector b) { return _mm256_max_ps(a, b); }
NACRE_INLINE Vector smaller(Vector a, Vector b) { return _mm256_min_ps(a, b); }
#elif defined(__SSE__)
NACRE_INLINE Vector larger(Vector a, Vector b) { return _mm_max_ps(a, b); }
NACRE_INLINE Vector smaller(Vector a, Vector b) { return _mm_min_ps(a, b); }
#else
NACRE_INLINE Vector larger(Vector a, Vector b) { return a > b ? a : b; }
NACRE_INLINE Vector smaller(Vector a, Vector b) { return a < b ? a : b; }
#endif
NACRE_INLINE Vector absolute(Vector x) { return fromBits(bits(x) & 0x7fffffff); }

NACRE_INLINE float sumLanes(Vector vector) {
  float parts[W];
  store(parts, vector);
  for (int half = W / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; lane++) parts[lane] += parts[lane + half];
  }
  return parts[0];
}
NACRE_INLINE float maxLanes(Vector vector) {
  float best = vector[0];
  for (int lane = 1; lane < W; lane++) best = vector[lane] > best || vector[lane] != vector[lane] ? vector[lane] : best;
  return best;
}

template <int... Lane>
struct LaneList {};
template <int Count, int... Lane>
struct LanesUpTo : LanesUpTo<Count - 1, Count - 1, Lane...> {};
template <int... Lane>
struct LanesUpTo<0, Lane...> {
  using Type = LaneList<Lane...>;
};

template <int... Lane>
NACRE_INLINE Lanes laneIndicesOf(LaneList<Lane...>) {
  return Lanes{Lane...};
}
/** 0, 1, 2 … */
NACRE_INLINE Lanes laneIndices() { return laneIndicesOf(typename LanesUpTo<W>::Type{}); }

/** Exchanges blocks of `Step` lanes between two rows of a square. */
template <int Step, int... Lane>
NACRE_INLINE void exchange(Vector& a, Vector& b, LaneList<Lane...>) {
  const Vector upper = __builtin_shufflevector(a, b, ((Lane & Step) != 0 ? W + Lane - Step : Lane)...);
  b = __builtin_shufflevector(a, b, ((Lane & Step) != 0 ? W + Lane : Lane + Step)...);
  a = upper;
}

template <int Step>
NACRE_INLINE void exchangeAll(Vector (&rows)[W]) {
  if constexpr (Step < W) {
#pragma GCC unroll 16
    for (int i = 0; i < W; i++) {
      if ((i & Step) == 0) exchange<Step>(rows[i], rows[i + Step], typename LanesUpTo<W>::Type{});
    }
    exchangeAll<Step * 2>(rows);
  }
}

/** Rows become columns. */
NACRE_INLINE void transposeSquare(Vector (&rows)[W]) { exchangeAll<1>(rows); }

/** row(q) gives rows 0 to W - 1 of a square, put(q, column) takes its columns. */
template <class Row, class Put>
NACRE_INLINE void turnSquare(const Row& row, const Put& put) {
  Vector square[W];
#pragma GCC unroll 16
  for (int q = 0; q < W; q++) square[q] = row(q);
  transposeSquare(square);
#pragma GCC unroll 16
  for (int q = 0; q < W; q++) put(q, square[q]);
}

/** To the nearest integer, ties to even, for |x| < 2^22. */
NACRE_INLINE Vector roundNear(Vector x) {
  const float magic = 12582912.0f;  // 1.5 · 2^23
  return (x + magic) - magic;
}

#if defined(__AVX512F__)
/**
 * eˣ for x from -104 to 88.8 as 2^(n / 16) eʳ: the sixteenths of a power of 2 are in a register, r is within ln 2 / 32 and takes three
 * terms. `exact`: whether r is x - n ln 2 / 16 to the last digit, or to |x| 3e-9.
 */
template <bool exact>
NACRE_INLINE Vector exponentialBetween(Vector x) {
  alignas(vectorBytes) static constexpr float sixteenths[] = {
      1.0f,         1.04427373f, 1.09050775f, 1.13878858f, 1.18920708f, 1.24185777f, 1.29683959f, 1.35425556f,
      1.41421354f,  1.47682619f, 1.54221082f, 1.61049032f, 1.68179286f, 1.75625217f, 1.8340081f,  1.91520655f};
  const Vector wholes = splat(12582912.0f);  // 1.5 · 2²³: floats from here on are whole numbers, the last four bits n modulo 16
  const Vector shifted = x * 23.0831206542234f + wholes;
  const Vector n = shifted - wholes;
  Vector r = x - n * 0.043321698904037476f;
  if (exact) r = r + n * 1.1904089520e-10f;
  const Vector p = (r * 1.6666667163e-1f + 0.5f) * r + 1.0f;
  const Vector power = _mm512_permutexvar_ps(reinterpret_cast<__m512i>(shifted), _mm512_load_ps(sixteenths));
  return _mm512_scalef_ps(power * (p * r) + power, n * 0.0625f);
}
#endif

/** eˣ within 2 units in the last place, subnormal results and infinities included; NaN stays. Otherwise Cephes' polynomial. */
NACRE_INLINE Vector exponential(Vector x) {
  // In this order a NaN stays: `larger` and `smaller` give their second.
  const Vector clamped = smaller(splat(88.8f), larger(splat(-104.0f), x));
#if defined(__AVX512F__)
  return exponentialBetween<true>(clamped);
#else
  const Vector n = roundNear(clamped * 1.44269504088896341f);
  Vector r = clamped - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  Vector p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2ⁿ in two halves: n reaches from -150 to 128.
  const Lanes whole = __builtin_convertvector(n, Lanes);
  const Lanes half = whole >> 1;
  const Vector first = fromBits((half + 127) << 23);
  const Vector second = fromBits((whole - half + 127) << 23);
  return p * first * second;
#endif
}

/** eˣ for x ≤ 0, as `exponential` from -20 on, and below within 5 units in the last place; NaN stays. */
NACRE_INLINE Vector decay(Vector x) {
#if defined(__AVX512F__)
  return exponentialBetween<false>(larger(splat(-104.0f), x));
#else
  return exponential(x);
#endif
}

/** Natural logarithm within 2 units in the last place; log 0 = -∞, of negatives NaN. Cephes' polynomial. */
NACRE_INLINE Vector logarithm(Vector x) {
  const Lanes tiny = x < 1.17549435e-38f;
  Vector value = choose(tiny, x * 8388608.0f, x);
  Lanes whole = bits(value);
  Lanes exponent = ((whole >> 23) & 0xff) - 126;
  Vector m = fromBits((whole & 0x007fffff) | 0x3f000000);
  Vector e = __builtin_convertvector(exponent, Vector) - choose(tiny, splat(23.0f), splat(0.0f));
  const Lanes low = m < 0.707106781186547524f;
  e = e - choose(low, splat(1.0f), splat(0.0f));
  m = choose(low, m + m, m) - 1.0f;
  const Vector z = m * m;
  Vector p = splat(7.0376836292e-2f);
  p = p * m + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  Vector y = p * m * z;
  y = y + e * -2.12194440e-4f;
  y = y - z * 0.5f;
  Vector result = m + y + e * 0.693359375f;
  const float infinity = __builtin_inff();
  result = choose(x == 0.0f, splat(-infinity), result);
  result = choose(x == infinity, x, result);
  return choose(~(x >= 0.0f), splat(__builtin_nanf("")), result);
}

NACRE_INLINE Vector logistic(Vector x) { return 1.0f / (1.0f + exponential(-x)); }

NACRE_INLINE Vector hyperbolicTangent(Vector x) {
  const Vector a = absolute(x);
  // Near 0 the quotient would lose digits: a polynomial (Cephes).
  const Vector z = x * x;
  Vector p = splat(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  const Vector small = p * z * x + x;
  const Vector large = 1.0f - 2.0f / (exponential(smaller(a, splat(20.0f)) * 2.0f) + 1.0f);
  const Vector result = choose(a < 0.625f, small, choose(x < 0.0f, -large, large));
  return choose(x != x, x, result);
}

/** Abramowitz and Stegun 1964, formula 7.1.26: |error| ≤ 1.5e-7, what TensorFlow.js computes. */
NACRE_INLINE Vector errorFunction(Vector x) {
  const Vector a = absolute(x);
  const Vector t = 1.0f / (1.0f + 0.3275911f * a);
  Vector p = splat(1.061405429f);
  p = p * t + -1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t + -0.284496736f;
  p = p * t + 0.254829592f;
  const Vector y = 1.0f - p * t * exponential(-a * a);
  return choose(x != x, x, choose(x < 0.0f, -y, y));
}

NACRE_INLINE Vector squareRoot(Vector x) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(x);
#elif defined(__AVX__)
  return _mm256_sqrt_ps(x);
#else
  Vector root;
  for (int lane = 0; lane < W; lane++) root[lane] = __builtin_sqrtf(x[lane]);
  return root;
#endif
}

}  // namespace NACRE_ISA
}  // namespace nacre
