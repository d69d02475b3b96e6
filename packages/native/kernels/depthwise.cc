// Depthwise 2-D convolution: each channel has filters of its own. Sums run along the channels, which lie side by side.
#include "windows.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** Channels of one pixel times one tap's filter; `multiplier` results per channel. A function of its own is the faster. */
__attribute__((noinline)) void addScaled(float* to, const float* x, const float* filter, int64_t channels, int64_t multiplier) {
  if (multiplier == 1) {
    for (int64_t c = 0; c < channels; c++) to[c] += x[c] * filter[c];
    return;
  }
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t q = 0; q < multiplier; q++) to[c * multiplier + q] += x[c] * filter[c * multiplier + q];
  }
}

int64_t multiplierOf(const Geometry& g) {
  const int64_t multiplier = g.inChannels == 0 ? 1 : g.outChannels / g.inChannels;
  if (multiplier * g.inChannels != g.outChannels) throw ArgumentError(ArgumentError::range, "expected whole multiples.");
  return multiplier;
}

/** (x, filter, out, geometry): filters [height, width, channels, multiplier]. */
napi_value depthwise(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  const float *x = arguments.floats(0, g.inSize()), *filter = arguments.floats(1, g.taps() * g.outChannels);
  float* out = arguments.floats(2, g.outSize());
  const int64_t multiplier = multiplierOf(g), image = g.inHeight * g.inWidth;
  const int64_t rows = g.batch * g.outHeight, width = g.outWidth * g.outChannels;
  parallel(arguments.pool(), rows, rowsPerChunk(width * g.taps()), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      eachWindow(g, row, [&](int64_t n, const Window& window, int64_t output) {
        float* to = out + output * g.outChannels;
        for (int64_t c = 0; c < g.outChannels; c++) to[c] = 0.0f;
        const float* from = x + n * image * g.inChannels;
        window.each([&](int64_t pixel, int64_t tap) {
          addScaled(to, from + pixel * g.inChannels, filter + tap * g.outChannels, g.inChannels, multiplier);
        });
      });
    }
  });
  return nullptr;
}

/** (dy, filter, dx, geometry) */
napi_value depthwiseInputGradient(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  const float *dy = arguments.floats(0, g.outSize()), *filter = arguments.floats(1, g.taps() * g.outChannels);
  float* dx = arguments.floats(2, g.inSize());
  const int64_t multiplier = multiplierOf(g);
  scatterWindows(arguments.pool(), g, dx, [=](int64_t, float* image, const Window& window, int64_t output) {
    const float* from = dy + output * g.outChannels;
    window.each([=](int64_t pixel, int64_t tap) {
      const float* weights = filter + tap * g.outChannels;
      float* to = image + pixel * g.inChannels;
      if (multiplier == 1) return addScaled(to, from, weights, g.inChannels, 1);
      for (int64_t c = 0; c < g.inChannels; c++) {
        for (int64_t q = 0; q < multiplier; q++) to[c] += from[c * multiplier + q] * weights[c * multiplier + q];
      }
    });
  });
  return nullptr;
}

/** (x, dy, dFilter, geometry): fixed parts of the images' rows, added in order. */
napi_value depthwiseFilterGradient(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  const float *x = arguments.floats(0, g.inSize()), *dy = arguments.floats(1, g.outSize());
  const int64_t elements = g.taps() * g.outChannels, rows = g.batch * g.outHeight;
  float* out = arguments.floats(2, elements);
  const int64_t multiplier = multiplierOf(g), image = g.inHeight * g.inWidth;
  const int64_t parts = greater(1, lesser(32, rows / 8));
  float* partial = static_cast<float*>(arguments.pool().shared(static_cast<size_t>(parts * elements) * 4 + 4));
  parallel(arguments.pool(), parts, 1, [=](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; part++) {
      float* sums = partial + part * elements;
      clearFloats(sums, elements);
      for (int64_t row = rows * part / parts; row < rows * (part + 1) / parts; row++) {
        eachWindow(g, row, [=](int64_t n, const Window& window, int64_t output) {
          const float* from = dy + output * g.outChannels;
          window.each([=](int64_t pixel, int64_t tap) {
            addScaled(sums + tap * g.outChannels, x + (n * image + pixel) * g.inChannels, from, g.inChannels, multiplier);
          });
        });
      }
    }
  });
  for (int64_t j = 0; j < elements; j++) {
    float sum = 0.0f;
    for (int64_t part = 0; part < parts; part++) sum += partial[part * elements + j];
    out[j] = sum;
  }
  return nullptr;
}

}  // namespace

void addDepthwise(Exports& exports) {
  exports.add("depthwise", depthwise);
  exports.add("depthwiseInputGradient", depthwiseInputGradient);
  exports.add("depthwiseFilterGradient", depthwiseFilterGradient);
}

}  // namespace NACRE_ISA
}  // namespace nacre
