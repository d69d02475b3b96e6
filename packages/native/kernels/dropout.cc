// Dropout: what is dropped is drawn here, from the same stream as in JavaScript, and the gradient draws it again.
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** Counters that are hashed side by side: 4 words each. */
constexpr int lanes = 16;

/** Philox4x32-10 (Salmon et al. 2011) of the counters `block` … `block` + 15, as packages/random/src/philox.ts. words [64] */
NACRE_INLINE void philox(uint64_t block, uint32_t key0, uint32_t key1, uint32_t* words) {
  uint32_t c0[lanes], c1[lanes], c2[lanes], c3[lanes];
  for (int i = 0; i < lanes; i++) {
    c0[i] = static_cast<uint32_t>(block + i);
    c1[i] = static_cast<uint32_t>((block + i) >> 32);
    c2[i] = c3[i] = 0;
  }
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < lanes; i++) {
      const uint64_t left = static_cast<uint64_t>(c0[i]) * 0xd2511f53u, right = static_cast<uint64_t>(c2[i]) * 0xcd9e8d57u;
      c0[i] = static_cast<uint32_t>(right >> 32) ^ c1[i] ^ key0;
      c1[i] = static_cast<uint32_t>(right);
      c2[i] = static_cast<uint32_t>(left >> 32) ^ c3[i] ^ key1;
      c3[i] = static_cast<uint32_t>(left);
    }
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  for (int i = 0; i < lanes; i++) {
    words[4 * i] = c0[i];
    words[4 * i + 1] = c1[i];
    words[4 * i + 2] = c2[i];
    words[4 * i + 3] = c3[i];
  }
}

/** (x, out, key, key, rate): 0 where the stream's uniform value is below the rate, else x / (1 - rate). */
napi_value dropout(const Arguments& arguments) {
  const int64_t count = arguments.length(0);
  const float* x = arguments.floats(0, count);
  float* out = arguments.floats(1, count);
  const auto key0 = static_cast<uint32_t>(arguments.integer(2)), key1 = static_cast<uint32_t>(arguments.integer(3));
  const double rate = arguments.number(4);
  // Uniform values are multiples of 2^-24.
  const auto threshold = static_cast<uint32_t>(ceil(rate * 16777216.0));
  const auto kept = static_cast<float>(1.0 / (1.0 - rate));
  constexpr int64_t step = 4 * lanes;
  parallel(arguments.pool(), ceilDivide(count, step), chunkElements / step, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; part++) {
      uint32_t words[step];
      philox(static_cast<uint64_t>(part) * lanes, key0, key1, words);
      const int64_t from = part * step, most = lesser(step, count - from);
      for (int64_t i = 0; i < most; i++) out[from + i] = x[from + i] * ((words[i] >> 8) < threshold ? 0.0f : kept);
    }
  });
  return nullptr;
}

}  // namespace

void addDropout(Exports& exports) { exports.add("dropout", dropout); }

}  // namespace NACRE_ISA
}  // namespace nacre
