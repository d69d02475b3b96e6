// Normalisation with gradients: over rows (layer and root-mean-square norm), over columns (batch norm in training), and over
// groups of channels.
//
// Gradients of gains and biases are sums over rows: fixed parts of the rows, added in order.
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

NACRE_INLINE float rowSum(const float* x, int64_t count) {
  Vector a = {}, b = {};
  int64_t i = 0;
  for (; i + 2 * W <= count; i += 2 * W) {
    a += load(x + i);
    b += load(x + i + W);
  }
  for (; i + W <= count; i += W) a += load(x + i);
  float sum = sumLanes(a + b);
  for (; i < count; i++) sum += x[i];
  return sum;
}

/** Σ (x - shift)². Meanwhile asks for the row behind, which no prefetcher does while this one is computed from the cache. */
NACRE_INLINE float rowSquares(const float* x, float shift, int64_t count) {
  Vector a = {}, b = {};
  int64_t i = 0;
  for (; i + 2 * W <= count; i += 2 * W) {
    const Vector left = load(x + i) - shift, right = load(x + i + W) - shift;
    __builtin_prefetch(x + count + i);
    if (W == 16) __builtin_prefetch(x + count + i + W);
    a += left * left;
    b += right * right;
  }
  for (; i + W <= count; i += W) {
    const Vector value = load(x + i) - shift;
    a += value * value;
  }
  float sum = sumLanes(a + b);
  for (; i < count; i++) sum += (x[i] - shift) * (x[i] - shift);
  return sum;
}

/** (centered, x, gain, bias, out, means, scales, rows, width, epsilon): out = (x - mean) · scale · gain + bias per row, where
 * scale is 1/√(variance + ε); not centred (root mean square), the mean is 0. Gain and bias may be absent. */
napi_value normalizeRows(const Arguments& arguments) {
  const bool centered = arguments.flag(0);
  const int64_t sizes[] = {arguments.size(7), arguments.size(8)};
  const auto [rows, width] = sizes;
  const int64_t elements = volume(sizes, 2);
  const float *x = arguments.floats(1, elements), *gain = arguments.optionalFloats(2, width),
              *bias = arguments.optionalFloats(3, width);
  float *out = arguments.floats(4, elements), *means = arguments.floats(5, rows), *scales = arguments.floats(6, rows);
  const double epsilon = arguments.number(9);
  Pool& pool = arguments.pool();
  const bool streamed = streamsRows(pool, elements, width);
  const int64_t chunk = streamed ? streamedRows : rowsPerChunk(2 * width);
  parallel(pool, rows, chunk, [&, width = width](int64_t begin, int64_t end, int slot) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * width;
      float* to = streamed ? static_cast<float*>(pool.scratch(slot)) : out + row * width;
      const float mean = centered ? rowSum(from, width) / static_cast<float>(width) : 0.0f;
      const float variance = rowSquares(from, mean, width) / static_cast<float>(width);
      const float scale = static_cast<float>(1.0 / sqrt(static_cast<double>(variance) + epsilon));
      means[row] = mean;
      scales[row] = scale;
      if (gain != nullptr && bias != nullptr) {
        for (int64_t i = 0; i < width; i++) to[i] = (from[i] - mean) * scale * gain[i] + bias[i];
      } else if (gain != nullptr) {
        for (int64_t i = 0; i < width; i++) to[i] = (from[i] - mean) * scale * gain[i];
      } else {
        for (int64_t i = 0; i < width; i++) to[i] = (from[i] - mean) * scale + (bias == nullptr ? 0.0f : bias[i]);
      }
      if (streamed) streamScaled(out + row * width, to, 1.0f, width);
    }
    if (streamed) endStream();
  });
  return nullptr;
}

/** (centered, dy, x, gain, means, scales, dx, dGain, dBias, rows, width) */
napi_value normalizeRowsGradient(const Arguments& arguments) {
  const bool centered = arguments.flag(0);
  const int64_t sizes[] = {arguments.size(9), arguments.size(10)};
  const auto [rows, width] = sizes;
  const int64_t elements = volume(sizes, 2);
  const float *dy = arguments.floats(1, elements), *x = arguments.floats(2, elements),
              *gain = arguments.optionalFloats(3, width), *means = arguments.floats(4, rows),
              *scales = arguments.floats(5, rows);
  float *dx = arguments.floats(6, elements), *dGain = arguments.floats(7, width), *dBias = arguments.floats(8, width);
  const int64_t parts = greater(1, lesser(64, elements / chunkElements));
  float* partial = static_cast<float*>(arguments.pool().shared(static_cast<size_t>(parts * 2 * width) * 4 + 4));
  parallel(arguments.pool(), parts, 1, [&, rows = rows, width = width](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; part++) {
      float *gains = partial + part * 2 * width, *biases = gains + width;
      for (int64_t i = 0; i < 2 * width; i++) gains[i] = 0.0f;
      for (int64_t row = rows * part / parts; row < rows * (part + 1) / parts; row++) {
        const float *d = dy + row * width, *from = x + row * width;
        float* to = dx + row * width;
        const float mean = means[row], scale = scales[row];
        Vector sums = {}, dots = {};
        int64_t i = 0;
        for (; i + W <= width; i += W) {
          const Vector value = (load(from + i) - mean) * scale, upstream = load(d + i);
          const Vector weighted = gain == nullptr ? upstream : upstream * load(gain + i);
          store(gains + i, load(gains + i) + upstream * value);
          store(biases + i, load(biases + i) + upstream);
          sums += weighted;
          dots += weighted * value;
        }
        float sum = sumLanes(sums), dot = sumLanes(dots);
        for (; i < width; i++) {
          const float value = (from[i] - mean) * scale, weighted = gain == nullptr ? d[i] : d[i] * gain[i];
          gains[i] += d[i] * value;
          biases[i] += d[i];
          sum += weighted;
          dot += weighted * value;
        }
        const float shift = centered ? sum / static_cast<float>(width) : 0.0f, slope = dot / static_cast<float>(width);
        if (gain == nullptr) {
          for (i = 0; i < width; i++) to[i] = scale * (d[i] - shift - (from[i] - mean) * scale * slope);
        } else {
          for (i = 0; i < width; i++) to[i] = scale * (d[i] * gain[i] - shift - (from[i] - mean) * scale * slope);
        }
      }
    }
  });
  for (int64_t i = 0; i < width; i++) {
    float gainSum = 0.0f, biasSum = 0.0f;
    for (int64_t part = 0; part < parts; part++) {
      gainSum += partial[part * 2 * width + i];
      biasSum += partial[part * 2 * width + width + i];
    }
    dGain[i] = gainSum;
    dBias[i] = biasSum;
  }
  return nullptr;
}

/** For each column: Σ over parts of rows of what `add` adds up into two rows of sums, added in order into `first`, `second`. */
template <class Add>
void columnSums(Pool& pool, int64_t rows, int64_t width, float* first, float* second, const Add& add) {
  const int64_t parts = greater(1, lesser(64, rows * width / chunkElements));
  float* partial = static_cast<float*>(pool.shared(static_cast<size_t>(parts * 2 * width) * 4 + 4));
  parallel(pool, parts, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; part++) {
      float* sums = partial + part * 2 * width;
      for (int64_t i = 0; i < 2 * width; i++) sums[i] = 0.0f;
      for (int64_t row = rows * part / parts; row < rows * (part + 1) / parts; row++) add(row, sums, sums + width);
    }
  });
  for (int64_t i = 0; i < width; i++) {
    double a = 0, b = 0;
    for (int64_t part = 0; part < parts; part++) {
      a += partial[part * 2 * width + i];
      b += partial[part * 2 * width + width + i];
    }
    first[i] = static_cast<float>(a);
    if (second != nullptr) second[i] = static_cast<float>(b);
  }
}

/** (x, gain, bias, out, means, variances, rows, width, epsilon): columns normalised by their own mean and biased variance. */
napi_value normalizeColumns(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(6), arguments.size(7)};
  const auto [rows, width] = sizes;
  const int64_t elements = volume(sizes, 2);
  const float *x = arguments.floats(0, elements), *gain = arguments.floats(1, width), *bias = arguments.floats(2, width);
  float *out = arguments.floats(3, elements), *means = arguments.floats(4, width), *variances = arguments.floats(5, width);
  const double epsilon = arguments.number(8);
  Pool& pool = arguments.pool();
  columnSums(pool, rows, width, means, nullptr, [&, width = width](int64_t row, float* sums, float*) {
    const float* from = x + row * width;
    for (int64_t i = 0; i < width; i++) sums[i] += from[i];
  });
  const float share = 1.0f / static_cast<float>(rows);
  for (int64_t i = 0; i < width; i++) means[i] *= share;
  columnSums(pool, rows, width, variances, nullptr, [&, width = width](int64_t row, float* sums, float*) {
    const float* from = x + row * width;
    for (int64_t i = 0; i < width; i++) sums[i] += (from[i] - means[i]) * (from[i] - means[i]);
  });
  float* factors = static_cast<float*>(pool.shared(static_cast<size_t>(width) * 8 + 8));
  float* offsets = factors + width;
  for (int64_t i = 0; i < width; i++) {
    variances[i] *= share;
    factors[i] = static_cast<float>(gain[i] / sqrt(static_cast<double>(variances[i]) + epsilon));
    offsets[i] = bias[i];
  }
  parallel(pool, rows, rowsPerChunk(width), [&, width = width](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * width;
      float* to = out + row * width;
      for (int64_t i = 0; i < width; i++) to[i] = (from[i] - means[i]) * factors[i] + offsets[i];
    }
  });
  return nullptr;
}

/** (dy, x, gain, means, variances, dx, dGain, dBias, rows, width, epsilon) */
napi_value normalizeColumnsGradient(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(8), arguments.size(9)};
  const auto [rows, width] = sizes;
  const int64_t elements = volume(sizes, 2);
  const float *dy = arguments.floats(0, elements), *x = arguments.floats(1, elements), *gain = arguments.floats(2, width),
              *means = arguments.floats(3, width), *variances = arguments.floats(4, width);
  float *dx = arguments.floats(5, elements), *dGain = arguments.floats(6, width), *dBias = arguments.floats(7, width);
  const double epsilon = arguments.number(10);
  Pool& pool = arguments.pool();
  columnSums(pool, rows, width, dGain, dBias, [&, width = width](int64_t row, float* dots, float* sums) {
    const float *d = dy + row * width, *from = x + row * width;
    for (int64_t i = 0; i < width; i++) {
      dots[i] += d[i] * (from[i] - means[i]);
      sums[i] += d[i];
    }
  });
  float* factors = static_cast<float*>(pool.shared(static_cast<size_t>(width) * 12 + 12));
  float *shifts = factors + width, *slopes = shifts + width;
  for (int64_t i = 0; i < width; i++) {
    const double scale = 1.0 / sqrt(static_cast<double>(variances[i]) + epsilon);
    slopes[i] = static_cast<float>(dGain[i] * scale * scale / static_cast<double>(rows));
    dGain[i] = static_cast<float>(dGain[i] * scale);
    factors[i] = static_cast<float>(gain[i] * scale);
    shifts[i] = dBias[i] / static_cast<float>(rows);
  }
  parallel(pool, rows, rowsPerChunk(width), [&, width = width](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float *d = dy + row * width, *from = x + row * width;
      float* to = dx + row * width;
      for (int64_t i = 0; i < width; i++) to[i] = factors[i] * (d[i] - shifts[i] - (from[i] - means[i]) * slopes[i]);
    }
  });
  return nullptr;
}

/** (x, factors, offsets, out, rows, width): x · factor + offset per column; what batch norm is outside of training. */
napi_value scaleColumns(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(4), arguments.size(5)};
  const auto [rows, width] = sizes;
  const int64_t elements = volume(sizes, 2);
  const float *x = arguments.floats(0, elements), *factors = arguments.floats(1, width), *offsets = arguments.floats(2, width);
  float* out = arguments.floats(3, elements);
  parallel(arguments.pool(), rows, rowsPerChunk(width), [&, width = width](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * width;
      float* to = out + row * width;
      for (int64_t i = 0; i < width; i++) to[i] = from[i] * factors[i] + offsets[i];
    }
  });
  return nullptr;
}

/** (x, gain, bias, out, means, scales, batch, positions, channels, groups, epsilon): Wu and He 2018. */
napi_value normalizeGroups(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(6), arguments.size(7), arguments.size(8)};
  const auto [batch, positions, channels] = sizes;
  const int64_t groups = arguments.size(9), elements = volume(sizes, 3);
  if (groups < 1 || channels % groups != 0) {
    throw ArgumentError(ArgumentError::range, "expected groups that divide the channels.");
  }
  const float *x = arguments.floats(0, elements), *gain = arguments.floats(1, channels), *bias = arguments.floats(2, channels);
  float *out = arguments.floats(3, elements), *means = arguments.floats(4, batch * groups), *scales = arguments.floats(5, batch * groups);
  const double epsilon = arguments.number(10);
  const int64_t width = channels / groups;
  parallel(arguments.pool(), batch * groups, rowsPerChunk(positions * width), [&, positions = positions, channels = channels](int64_t begin, int64_t end, int) {
    for (int64_t each = begin; each < end; each++) {
      const int64_t start = each / groups * positions * channels + each % groups * width;
      double sum = 0, squares = 0;
      for (int64_t p = 0; p < positions; p++) sum += rowSum(x + start + p * channels, width);
      const float mean = static_cast<float>(sum / static_cast<double>(positions * width));
      for (int64_t p = 0; p < positions; p++) squares += rowSquares(x + start + p * channels, mean, width);
      const float scale = static_cast<float>(1.0 / sqrt(squares / static_cast<double>(positions * width) + epsilon));
      means[each] = mean;
      scales[each] = scale;
      const float *g = gain + each % groups * width, *b = bias + each % groups * width;
      for (int64_t p = 0; p < positions; p++) {
        const float* from = x + start + p * channels;
        float* to = out + start + p * channels;
        for (int64_t i = 0; i < width; i++) to[i] = (from[i] - mean) * scale * g[i] + b[i];
      }
    }
  });
  return nullptr;
}

/** (dy, x, gain, means, scales, dx, dGain, dBias, batch, positions, channels, groups) */
napi_value normalizeGroupsGradient(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(8), arguments.size(9), arguments.size(10)};
  const auto [batch, positions, channels] = sizes;
  const int64_t groups = arguments.size(11), elements = volume(sizes, 3);
  if (groups < 1 || channels % groups != 0) {
    throw ArgumentError(ArgumentError::range, "expected groups that divide the channels.");
  }
  const float *dy = arguments.floats(0, elements), *x = arguments.floats(1, elements), *gain = arguments.floats(2, channels),
              *means = arguments.floats(3, batch * groups), *scales = arguments.floats(4, batch * groups);
  float *dx = arguments.floats(5, elements), *dGain = arguments.floats(6, channels), *dBias = arguments.floats(7, channels);
  const int64_t width = channels / groups;
  float* partial = static_cast<float*>(arguments.pool().shared(static_cast<size_t>(batch * 2 * channels) * 4 + 4));
  parallel(arguments.pool(), batch * groups, rowsPerChunk(2 * positions * width), [&, positions = positions, channels = channels](int64_t begin, int64_t end, int) {
    for (int64_t each = begin; each < end; each++) {
      const int64_t n = each / groups, first = each % groups * width, start = n * positions * channels + first;
      const float mean = means[each], scale = scales[each], *g = gain + first;
      float *gains = partial + n * 2 * channels + first, *biases = gains + channels;
      for (int64_t i = 0; i < width; i++) gains[i] = biases[i] = 0.0f;
      for (int64_t p = 0; p < positions; p++) {
        const float *d = dy + start + p * channels, *from = x + start + p * channels;
        for (int64_t i = 0; i < width; i++) {
          gains[i] += d[i] * (from[i] - mean) * scale;
          biases[i] += d[i];
        }
      }
      double sum = 0, dot = 0;
      for (int64_t i = 0; i < width; i++) {
        sum += biases[i] * g[i];
        dot += gains[i] * g[i];
      }
      const double count = static_cast<double>(positions * width);
      const float shift = static_cast<float>(sum / count), slope = static_cast<float>(dot / count);
      for (int64_t p = 0; p < positions; p++) {
        const float *d = dy + start + p * channels, *from = x + start + p * channels;
        float* to = dx + start + p * channels;
        for (int64_t i = 0; i < width; i++) to[i] = scale * (d[i] * g[i] - shift - (from[i] - mean) * scale * slope);
      }
    }
  });
  for (int64_t i = 0; i < channels; i++) {
    float gains = 0.0f, biases = 0.0f;
    for (int64_t n = 0; n < batch; n++) {
      gains += partial[n * 2 * channels + i];
      biases += partial[n * 2 * channels + channels + i];
    }
    dGain[i] = gains;
    dBias[i] = biases;
  }
  return nullptr;
}

}  // namespace

void addNormalize(Exports& exports) {
  exports.add("normalizeRows", normalizeRows);
  exports.add("normalizeRowsGradient", normalizeRowsGradient);
  exports.add("normalizeColumns", normalizeColumns);
  exports.add("normalizeColumnsGradient", normalizeColumnsGradient);
  exports.add("scaleColumns", scaleColumns);
  exports.add("normalizeGroups", normalizeGroups);
  exports.add("normalizeGroupsGradient", normalizeGroupsGradient);
}

}  // namespace NACRE_ISA
}  // namespace nacre
