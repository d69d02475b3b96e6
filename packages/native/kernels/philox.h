// Random words as JavaScript draws them: word n of a stream follows from its key and n alone.
#pragma once
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

typedef uint32_t Words __attribute__((vector_size(vectorBytes)));
typedef uint64_t Wide __attribute__((vector_size(vectorBytes)));
/** 64-bit lanes of a vector: one counter in each. */
constexpr int wideLanes = vectorBytes / 8;

/** Words that are drawn at once. */
constexpr int philoxWords = 64;
static_assert(philoxWords % (8 * wideLanes) == 0, "two vectors of counters fill whole parts of the words");

/** The products of the lower halves of lanes. */
NACRE_INLINE Wide multiplyLower(Wide a, Wide b) {
#if defined(__AVX512F__)
  return reinterpret_cast<Wide>(_mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<Wide>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<Wide>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

/** 0, 1, 2 … */
template <int... Lane>
NACRE_INLINE Wide laneNumbers(LaneList<Lane...>) {
  return Wide{Lane...};
}

/** The lanes of both in turns: the first half of them, or the second. */
template <int... Lane>
NACRE_INLINE Wide interleave(Wide a, Wide b, int half, LaneList<Lane...>) {
  return half == 0 ? __builtin_shufflevector(a, b, ((Lane & 1) * wideLanes + Lane / 2)...)
                   : __builtin_shufflevector(a, b, ((Lane & 1) * wideLanes + (wideLanes + Lane) / 2)...);
}

/** Philox4x32-10 (Salmon et al. 2011) of the counters `block` … `block` + 15, as packages/random/src/philox.ts. words [64] */
NACRE_INLINE void philox(uint64_t block, uint32_t key0, uint32_t key1, uint32_t* words) {
  constexpr int together = 2;
  const Wide left = Wide{} + 0xd2511f53u, right = Wide{} + 0xcd9e8d57u;
  for (int done = 0; done < philoxWords; done += 4 * together * wideLanes) {
    // What is above 32 bits in a lane is never read.
    Wide c0[together], c1[together], c2[together] = {}, c3[together] = {};
    for (int part = 0; part < together; part++) {
      c0[part] = laneNumbers(typename LanesUpTo<wideLanes>::Type{}) + (block + static_cast<uint64_t>(done / 4 + part * wideLanes));
      c1[part] = c0[part] >> 32;
    }
    uint32_t k0 = key0, k1 = key1;
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
#pragma GCC unroll 2
      for (int part = 0; part < together; part++) {
        const Wide a = multiplyLower(c0[part], left), b = multiplyLower(c2[part], right);
        c0[part] = (b >> 32) ^ c1[part] ^ (Wide{} + k0);
        c1[part] = b;
        c2[part] = (a >> 32) ^ c3[part] ^ (Wide{} + k1);
        c3[part] = a;
      }
      k0 += 0x9e3779b9u;
      k1 += 0xbb67ae85u;
    }
    for (int part = 0; part < together; part++) {
      const Wide first = (c0[part] & 0xffffffffu) | c1[part] << 32, second = (c2[part] & 0xffffffffu) | c3[part] << 32;
      for (int half = 0; half < 2; half++) {
        const Wide inOrder = interleave(first, second, half, typename LanesUpTo<wideLanes>::Type{});
        __builtin_memcpy(words + done + (2 * part + half) * 2 * wideLanes, &inOrder, vectorBytes);
      }
    }
  }
}

/** Which values are dropped, in the order in which a tensor holds them: those whose uniform value is below the rate. */
struct Drops {
  uint32_t key0, key1;
  /** Of uniform values, which are multiples of 2^-24; 0 drops nothing. */
  uint32_t threshold;
  /** 1 / (1 - rate). */
  float kept;

  /** What each of `count` values is multiplied by, the first of which is the tensor's value `at`: 0 or 1 / (1 - rate). */
  NACRE_INLINE void factors(float* out, int64_t at, int64_t count) const {
    for (int64_t done = 0; done < count;) {
      const int64_t place = at + done, skipped = place % philoxWords, most = lesser(philoxWords - skipped, count - done);
      float all[philoxWords];
      blockFactors(static_cast<uint64_t>(place / philoxWords), all);
      memcpy(out + done, all + skipped, static_cast<size_t>(most) * 4);
      done += most;
    }
  }

  /** Of the 64 values from 64 · block on. */
  NACRE_INLINE void blockFactors(uint64_t block, float* out) const {
    uint32_t words[philoxWords];
    philox(block * (philoxWords / 4), key0, key1, words);
    for (int i = 0; i < philoxWords; i += W) {
      Words word;
      __builtin_memcpy(&word, words + i, vectorBytes);
      const Lanes stays = reinterpret_cast<Lanes>((word >> 8) >= threshold);
      store(out + i, reinterpret_cast<Vector>(stays & reinterpret_cast<Lanes>(splat(kept))));
    }
  }
};

/** From (…, key, key, rate). */
NACRE_INLINE Drops dropsOf(const Arguments& arguments, int key) {
  const double rate = arguments.number(key + 2);
  if (!(rate >= 0 && rate < 1)) throw ArgumentError(ArgumentError::range, "expected a rate in [0, 1). Received %g.", rate);
  return {static_cast<uint32_t>(arguments.integer(key)), static_cast<uint32_t>(arguments.integer(key + 1)),
          static_cast<uint32_t>(ceil(rate * 16777216.0)), static_cast<float>(1.0 / (1.0 - rate))};
}

}  // namespace NACRE_ISA
}  // namespace nacre
