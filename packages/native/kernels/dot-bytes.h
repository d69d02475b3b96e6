// Products of many rows with quantised weights in integers, where a processor adds up four products of bytes in one instruction
// (AVX-512 VNNI). A panel of weights is turned once for all rows; a tile keeps whole numbers and sums in registers along k.
#pragma once
#include <cstdlib>

#include "gemm.h"

namespace nacre {
namespace NACRE_ISA {

/** Elements along k that share a scale. */
constexpr int64_t group = 32;

/** Rows of x in 8 bits per group: x ≈ scale · value. */
struct RoundedRows {
  const int8_t* values;
  const float* scales;
  /** Integers that were kept of each group, for weights that are read too large. */
  const int32_t* kept;
  int64_t groups;
};

#if defined(__AVX512F__)

/** Outputs of a panel: two vectors of whole numbers. */
constexpr int64_t panelOutputs = 2 * W;
/** Whether this processor has the instruction, beyond what the build asks for. Who names a build wants no more than that. */
inline bool dotsBytes() {
  const char* wanted = getenv("NACRE_INSTRUCTION_SET");
  if (wanted != nullptr && *wanted != 0) return false;
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni");
}

/** Weights [n, k] as bytes, or as two in a byte, i and i + 16 of a group; unsigned when they are read. */
template <bool BYTES>
struct ByteWeights {
  const uint8_t* values;
  const float* scales;
  int64_t k;
  /** How much too large they are read. */
  static constexpr int32_t offset = BYTES ? 128 : 8;

  /** What that adds to the product with a group of x, negative. */
  static void offsetOf(const int8_t* x, int32_t* to) {
    // Made unsigned, each is 128 too large.
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
    const __m256i eights = _mm256_sad_epu8(_mm256_xor_si256(bytes, _mm256_set1_epi8(static_cast<char>(0x80))), __m256i{});
    const int64_t sum = eights[0] + eights[1] + eights[2] + eights[3] - 128 * group;
    *to = -offset * static_cast<int32_t>(sum);
  }

  /** Elements [p, p + 64) of a row, or the 32 that are left. */
  NACRE_INLINE Vector line(int64_t row, int64_t p) const {
    const bool whole = p + 2 * group <= k;
    __m512i unpacked;
    if constexpr (BYTES) {
      const __m512i read = _mm512_maskz_loadu_epi32(whole ? 0xffff : 0xff, values + row * k + p);
      unpacked = _mm512_xor_si512(read, _mm512_set1_epi8(static_cast<char>(0x80)));
    } else {
      const __m256i read = _mm256_maskz_loadu_epi32(whole ? 0xff : 0x0f, values + (row * k + p) / 2);
      const __m512i twice = _mm512_permutexvar_epi64(_mm512_set_epi64(3, 2, 3, 2, 1, 0, 1, 0), _mm512_castsi256_si512(read));
      const __m512i shifts = _mm512_set_epi32(4, 4, 4, 4, 0, 0, 0, 0, 4, 4, 4, 4, 0, 0, 0, 0);
      unpacked = _mm512_and_si512(_mm512_srlv_epi32(twice, shifts), _mm512_set1_epi8(15));
    }
    return _mm512_castsi512_ps(unpacked);
  }

  /** Outputs [first, first + count): for each four of k, four bytes of each; `to` has 32 · k bytes. */
  void packValues(uint8_t* to, int64_t first, int64_t count) const {
    for (int64_t j = 0; j < panelOutputs; j += W) {
      for (int64_t p = 0; p < k; p += 4 * W) {
        uint8_t* place = to + p * panelOutputs + j * 4;
        const int64_t steps = lesser(W, (k - p) / 4);
        turnSquare([&](int q) { return j + q < count ? line(first + j + q, p) : Vector{}; },
                   [&](int q, Vector column) {
                     if (q < steps) store(reinterpret_cast<float*>(place + q * 4 * panelOutputs), column);
                   });
      }
    }
  }
  /** [groups, 32] */
  void packScales(float* to, int64_t first, int64_t count) const {
    const int64_t groups = k / group;
    for (int64_t j = 0; j < panelOutputs; j++) {
      for (int64_t g = 0; g < groups; g++) to[g * panelOutputs + j] = j < count ? scales[(first + j) * groups + g] : 0.0f;
    }
  }
};

/** out [ROWS, columns] = x · panelᵀ; of x are kept its `offsetOf`. */
template <int ROWS>
__attribute__((target("avx512vnni"), noinline)) void dotTile(const RoundedRows& x, int64_t row, const uint8_t* panel,
                                                             const float* scales, float* out, int64_t stride,
                                                             int64_t columns) {
  const int64_t groups = x.groups, k = groups * group;
  const int8_t* values = x.values + row * k;
  __m512 sums[ROWS][2];
  for (int i = 0; i < ROWS; i++) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  for (int64_t g = 0; g < groups; g++) {
    __m512i whole[ROWS][2];
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) {
      whole[i][0] = whole[i][1] = _mm512_set1_epi32(x.kept[(row + i) * groups + g]);
    }
    const uint8_t* weights = panel + g * group * panelOutputs;
#pragma GCC unroll 8
    for (int64_t q = 0; q < group / 4; q++) {
      const __m512i first = _mm512_loadu_si512(weights + q * 4 * panelOutputs);
      const __m512i second = _mm512_loadu_si512(weights + q * 4 * panelOutputs + 4 * W);
#pragma GCC unroll 8
      for (int i = 0; i < ROWS; i++) {
        int32_t four;
        __builtin_memcpy(&four, values + i * k + g * group + q * 4, 4);
        const __m512i fours = _mm512_set1_epi32(four);
        whole[i][0] = _mm512_dpbusd_epi32(whole[i][0], first, fours);
        whole[i][1] = _mm512_dpbusd_epi32(whole[i][1], second, fours);
      }
    }
    const __m512 firstScales = _mm512_loadu_ps(scales + g * panelOutputs);
    const __m512 secondScales = _mm512_loadu_ps(scales + g * panelOutputs + W);
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) {
      const __m512 own = _mm512_set1_ps(x.scales[(row + i) * groups + g]);
      sums[i][0] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole[i][0]), _mm512_mul_ps(own, firstScales), sums[i][0]);
      sums[i][1] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole[i][1]), _mm512_mul_ps(own, secondScales), sums[i][1]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++) {
    _mm512_mask_storeu_ps(out + i * stride, firstLanes(lesser(W, columns)), sums[i][0]);
    if (columns > W) _mm512_mask_storeu_ps(out + i * stride + W, firstLanes(columns - W), sums[i][1]);
  }
}

/** out [m, n] = x · Wᵀ; the same bits for any number of threads. */
template <bool BYTES>
void multiplyBytes(Pool& pool, const Shape& shape, const RoundedRows& x, const ByteWeights<BYTES>& weights, float* out) {
  const auto [m, n, k] = shape;
  constexpr int64_t tileRows = 6;
  const int64_t panels = ceilDivide(n, panelOutputs), threads = pool.threads();
  // Few panels are turned several times, for parts of the rows.
  const int64_t parts = lesser(ceilDivide(4 * threads, panels), ceilDivide(m, 8 * tileRows));
  const int64_t partRows = ceilDivide(ceilDivide(m, parts), tileRows) * tileRows;
  pool.reserve(static_cast<size_t>(panelOutputs * k) + static_cast<size_t>(panelOutputs * x.groups) * 4);
  const int64_t chunk = parts > 1 ? 1 : greater(1, 2 * chunkElements / (panelOutputs * k));
  parallel(pool, panels * parts, chunk, [&, m = m, n = n, k = k](int64_t begin, int64_t end, int slot) {
    uint8_t* packed = static_cast<uint8_t*>(pool.scratch(slot));
    float* scales = reinterpret_cast<float*>(packed + panelOutputs * k);
    for (int64_t each = begin; each < end; each++) {
      const int64_t first = each / parts * panelOutputs, columns = lesser(panelOutputs, n - first);
      const int64_t from = each % parts * partRows, last = lesser(m, from + partRows);
      if (from >= last) continue;
      weights.packValues(packed, first, columns);
      weights.packScales(scales, first, columns);
      for (int64_t row = from; row < last; row += tileRows) {
        withSize<tileRows>(lesser(tileRows, last - row), [&](auto rows) {
          dotTile<rows.value>(x, row, packed, scales, out + row * n + first, n, columns);
        });
      }
    }
  });
}

#endif

}  // namespace NACRE_ISA
}  // namespace nacre
