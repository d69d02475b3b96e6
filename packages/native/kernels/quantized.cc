// Products with quantised weights: 8-bit or 4-bit integers in groups along k, each with its own scale, symmetric about 0.
// Activations are quantised to 8 bits per group on the way, so the inner loop is one of integers and exact.
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

constexpr int64_t group = 32;

/** Σ a · b of one group of 8-bit weights and 16-bit activations. */
NACRE_INLINE int32_t dotBytes(const int8_t* weights, const int16_t* x) {
  int32_t sum = 0;
  for (int64_t i = 0; i < group; i++) sum += static_cast<int32_t>(static_cast<int16_t>(weights[i])) * static_cast<int32_t>(x[i]);
  return sum;
}

/** The same of 4-bit weights: byte i holds elements i (low) and i + 16 (high) of the group, offset by 8. */
NACRE_INLINE int32_t dotNibbles(const uint8_t* weights, const int16_t* x) {
  int32_t sum = 0;
  for (int64_t i = 0; i < group / 2; i++) {
    sum += static_cast<int32_t>(static_cast<int16_t>((weights[i] & 15) - 8)) * static_cast<int32_t>(x[i]);
  }
  for (int64_t i = 0; i < group / 2; i++) {
    sum += static_cast<int32_t>(static_cast<int16_t>((weights[i] >> 4) - 8)) * static_cast<int32_t>(x[i + group / 2]);
  }
  return sum;
}

/** Rounds rows of x to 8 bits per group: x ≈ scale · integer. */
void quantizeActivations(const float* x, int16_t* values, float* scales, int64_t groups) {
  for (int64_t g = 0; g < groups; g++) {
    float top = 0.0f;
    for (int64_t i = 0; i < group; i++) {
      const float size = fabsf(x[g * group + i]);
      top = size > top ? size : top;
    }
    const float scale = top / 127.0f, inverse = top > 0.0f ? 127.0f / top : 0.0f;
    scales[g] = scale;
    for (int64_t i = 0; i < group; i++) values[g * group + i] = static_cast<int16_t>(nearbyintf(x[g * group + i] * inverse));
  }
}

/** (x, weights, scales, out, m, n, k, bits): out [m, n] = x [m, k] · Wᵀ, W of [n, k] with k a multiple of 32. */
napi_value quantizedMatmul(const Arguments& arguments) {
  const int64_t m = arguments.size(4), n = arguments.size(5), k = arguments.size(6), bits = arguments.integer(7);
  if (k % group != 0) throw ArgumentError(ArgumentError::range, "expected k to be a multiple of %d.", static_cast<int>(group));
  if (bits != 8 && bits != 4) throw ArgumentError(ArgumentError::range, "expected 8 or 4 bits.");
  const int64_t groups = k / group;
  const int64_t sizesX[] = {m, k}, sizesW[] = {n, k}, sizesO[] = {m, n};
  const float *x = arguments.floats(0, volume(sizesX, 2)), *scales = arguments.floats(2, n * groups);
  const int64_t weightCount = volume(sizesW, 2);
  const int8_t* bytes = bits == 8 ? arguments.signedBytes(1, weightCount) : nullptr;
  const uint8_t* nibbles = bits == 4 ? arguments.bytes(1, weightCount / 2) : nullptr;
  float* out = arguments.floats(3, volume(sizesO, 2));
  Pool& pool = arguments.pool();
  int16_t* values = static_cast<int16_t*>(pool.shared(static_cast<size_t>(m * k) * 2 + static_cast<size_t>(m * groups) * 4 + 64));
  float* own = reinterpret_cast<float*>(values + m * k);
  parallel(pool, m, rowsPerChunk(k), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) quantizeActivations(x + row * k, values + row * k, own + row * groups, groups);
  });
  const int64_t chunk = greater(1, chunkElements * 2 / greater(1, k));
  parallel(pool, n, chunk, [&](int64_t begin, int64_t end, int) {
    for (int64_t j = begin; j < end; j++) {
      const float* scale = scales + j * groups;
      for (int64_t i = 0; i < m; i++) {
        const int16_t* activations = values + i * k;
        const float* rowScale = own + i * groups;
        float sums[4] = {};
        if (bits == 8) {
          const int8_t* weights = bytes + j * k;
          int64_t g = 0;
          for (; g + 4 <= groups; g += 4) {
#pragma GCC unroll 4
            for (int q = 0; q < 4; q++) {
              sums[q] += scale[g + q] * rowScale[g + q] *
                         static_cast<float>(dotBytes(weights + (g + q) * group, activations + (g + q) * group));
            }
          }
          for (; g < groups; g++) {
            sums[0] += scale[g] * rowScale[g] * static_cast<float>(dotBytes(weights + g * group, activations + g * group));
          }
        } else {
          const uint8_t* weights = nibbles + j * k / 2;
          int64_t g = 0;
          for (; g + 4 <= groups; g += 4) {
#pragma GCC unroll 4
            for (int q = 0; q < 4; q++) {
              sums[q] += scale[g + q] * rowScale[g + q] *
                         static_cast<float>(dotNibbles(weights + (g + q) * group / 2, activations + (g + q) * group));
            }
          }
          for (; g < groups; g++) {
            sums[0] += scale[g] * rowScale[g] * static_cast<float>(dotNibbles(weights + g * group / 2, activations + g * group));
          }
        }
        out[i * n + j] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
      }
    }
  });
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
