// Softmax along rows, and the cross-entropy of logits against classes with its gradient.
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** A NaN may be passed over: its exponential is one, and so is then the sum. */
NACRE_INLINE float largest(const float* x, int64_t count) {
  Vector best[4];
  for (int part = 0; part < 4; part++) best[part] = splat(-__builtin_inff());
  int64_t i = 0;
  for (; i + 4 * W <= count; i += 4 * W) {
#pragma GCC unroll 4
    for (int part = 0; part < 4; part++) best[part] = larger(load(x + i + part * W), best[part]);
  }
  for (; i + W <= count; i += W) best[0] = larger(load(x + i), best[0]);
  float result = maxLanes(larger(larger(best[0], best[1]), larger(best[2], best[3])));
  for (; i < count; i++) result = x[i] > result ? x[i] : result;
  return result;
}

/** out = exp(x - shift), and the sum of it. `out` may be x. Meanwhile asks for the row behind. */
NACRE_INLINE float exponentials(const float* x, float* out, float shift, int64_t count) {
  Vector sum = {};
  int64_t i = 0;
  for (; i + W <= count; i += W) {
    const Vector power = decay(load(x + i) - shift);
    __builtin_prefetch(x + count + i);
    store(out + i, power);
    sum += power;
  }
  float total = sumLanes(sum);
  if (i < count) {
    const Vector power = decay(loadPart(x + i, count - i) - shift);
    storePart(out + i, power, count - i);
    for (int64_t lane = 0; lane < count - i; lane++) total += power[lane];
  }
  return total;
}

NACRE_INLINE void scaleRow(float* x, float factor, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] *= factor;
}

/** (x, out, rows, width) */
napi_value softmax(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(2), arguments.size(3)};
  const auto [rows, width] = sizes;
  const int64_t elements = volume(sizes, 2);
  const float* x = arguments.floats(0, elements);
  float* out = arguments.floats(1, elements);
  Pool& pool = arguments.pool();
  const bool streamed = streamsRows(pool, elements, width);
  const int64_t chunk = streamed ? streamedRows : rowsPerChunk(4 * width);
  parallel(pool, rows, chunk, [&, width = width](int64_t begin, int64_t end, int slot) {
    if (streamed) {
      float* powers = static_cast<float*>(pool.scratch(slot));
      for (int64_t row = begin; row < end; row++) {
        const float* from = x + row * width;
        const float sum = exponentials(from, powers, largest(from, width), width);
        streamScaled(out + row * width, powers, 1.0f / sum, width);
      }
      return endStream();
    }
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * width;
      float* to = out + row * width;
      scaleRow(to, 1.0f / exponentials(from, to, largest(from, width), width), width);
    }
  });
  return nullptr;
}

/** (x, out, rows, width) */
napi_value logSoftmax(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(2), arguments.size(3)};
  const auto [rows, width] = sizes;
  const int64_t elements = volume(sizes, 2);
  const float* x = arguments.floats(0, elements);
  float* out = arguments.floats(1, elements);
  parallel(arguments.pool(), rows, rowsPerChunk(4 * width), [&, width = width](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * width;
      float* to = out + row * width;
      const float top = largest(from, width);
      const float shift = top + static_cast<float>(log(static_cast<double>(exponentials(from, to, top, width))));
      for (int64_t i = 0; i < width; i++) to[i] = from[i] - shift;
    }
  });
  return nullptr;
}

/** (dy, y, dx, rows, width): dx = y (dy - Σ dy y). */
napi_value softmaxGradient(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(3), arguments.size(4)};
  const auto [rows, width] = sizes;
  const int64_t elements = volume(sizes, 2);
  const float *dy = arguments.floats(0, elements), *y = arguments.floats(1, elements);
  float* dx = arguments.floats(2, elements);
  parallel(arguments.pool(), rows, rowsPerChunk(2 * width), [&, width = width](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float *d = dy + row * width, *p = y + row * width;
      Vector sum = {};
      int64_t i = 0;
      for (; i + W <= width; i += W) sum += load(d + i) * load(p + i);
      float dot = sumLanes(sum);
      for (; i < width; i++) dot += d[i] * p[i];
      float* to = dx + row * width;
      for (i = 0; i < width; i++) to[i] = p[i] * (d[i] - dot);
    }
  });
  return nullptr;
}

/**
 * (logits, labels, losses, normalizers, rows, classes, smoothing, ignored): per row -Σ t log softmax, where t is 1 - smoothing
 * at the label plus smoothing / classes everywhere; the log of the normaliser is kept for the gradient. Rows of the label
 * `ignored` count 0; other labels outside of the classes are refused.
 */
napi_value crossEntropy(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(4), arguments.size(5)};
  const auto [rows, classes] = sizes;
  const float* logits = arguments.floats(0, volume(sizes, 2));
  const int32_t* labels = arguments.integers(1, rows);
  float *losses = arguments.floats(2, rows), *normalizers = arguments.floats(3, rows);
  const float smoothing = arguments.real(6);
  const int64_t ignored = arguments.integer(7);
  for (int64_t row = 0; row < rows; row++) {
    if (labels[row] != ignored && (labels[row] < 0 || labels[row] >= classes)) {
      throw ArgumentError(ArgumentError::range, "expected labels from 0 to %lld. Received %d.",
                          static_cast<long long>(classes - 1), labels[row]);
    }
  }
  parallel(arguments.pool(), rows, rowsPerChunk(4 * classes), [&, classes = classes](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float* x = logits + row * classes;
      const float top = largest(x, classes);
      Vector sums = {}, plain = {};
      int64_t i = 0;
      for (; i + W <= classes; i += W) {
        const Vector value = load(x + i);
        sums += decay(value - top);
        plain += value;
      }
      float sum = sumLanes(sums), total = sumLanes(plain);
      if (i < classes) {
        const Vector power = decay(loadPart(x + i, classes - i) - top);
        for (int64_t lane = 0; lane < classes - i; lane++) sum += power[lane];
        for (; i < classes; i++) total += x[i];
      }
      const float normalizer = top + static_cast<float>(log(static_cast<double>(sum)));
      normalizers[row] = normalizer;
      if (labels[row] == ignored) {
        losses[row] = 0.0f;
        continue;
      }
      float loss = (1.0f - smoothing) * (normalizer - x[labels[row]]);
      if (smoothing > 0.0f) loss += smoothing * (normalizer - total / static_cast<float>(classes));
      losses[row] = loss;
    }
  });
  return nullptr;
}

/** (logits, labels, normalizers, factors, dLogits, rows, classes, smoothing, ignored): (softmax - t) · factor of the row. */
napi_value crossEntropyGradient(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(5), arguments.size(6)};
  const auto [rows, classes] = sizes;
  const int64_t elements = volume(sizes, 2);
  const float* logits = arguments.floats(0, elements);
  const int32_t* labels = arguments.integers(1, rows);
  const float *normalizers = arguments.floats(2, rows), *factors = arguments.floats(3, rows);
  float* out = arguments.floats(4, elements);
  const float smoothing = arguments.real(7), spread = smoothing / static_cast<float>(classes);
  const int64_t ignored = arguments.integer(8);
  parallel(arguments.pool(), rows, rowsPerChunk(4 * classes), [&, classes = classes](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float* x = logits + row * classes;
      float* to = out + row * classes;
      const bool counts = labels[row] != ignored && labels[row] >= 0 && labels[row] < classes;
      if (!counts) {
        for (int64_t i = 0; i < classes; i++) to[i] = 0.0f;
        continue;
      }
      const float factor = factors[row], shift = normalizers[row];
      for (int64_t i = 0; i < classes; i += W) {
        const Vector value = (decay(loadPart(x + i, classes - i) - shift) - spread) * factor;
        storePart(to + i, value, classes - i);
      }
      to[labels[row]] -= (1.0f - smoothing) * factor;
    }
  });
  return nullptr;
}

}  // namespace

void addSoftmax(Exports& exports) {
  exports.add("softmax", softmax);
  exports.add("logSoftmax", logSoftmax);
  exports.add("softmaxGradient", softmaxGradient);
  exports.add("crossEntropy", crossEntropy);
  exports.add("crossEntropyGradient", crossEntropyGradient);
}

}  // namespace NACRE_ISA
}  // namespace nacre
