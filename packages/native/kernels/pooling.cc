// Largest and average elements of windows, and their gradients.
#include "windows.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

Geometry poolingOf(const Arguments& arguments, int index) {
  const Geometry g = geometryOf(arguments, index);
  if (g.inChannels != g.outChannels) throw ArgumentError(ArgumentError::range, "expected as many channels as before.");
  return g;
}

/** (average, x, out, geometry): windows of the geometry's kernel size; padding does not count. */
napi_value pool2d(const Arguments& arguments) {
  const bool average = arguments.flag(0);
  const Geometry g = poolingOf(arguments, 3);
  const float* x = arguments.floats(1, g.inSize());
  float* out = arguments.floats(2, g.outSize());
  const int64_t rows = g.batch * g.outHeight, channels = g.inChannels, image = g.inHeight * g.inWidth * channels;
  parallel(arguments.pool(), rows, rowsPerChunk(g.outWidth * channels * g.taps()), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      eachWindow(g, row, [&](int64_t n, const Window& window, int64_t output) {
        float* to = out + output * channels;
        const float* from = x + n * image;
        const Vector initial = splat(average ? 0.0f : -__builtin_inff());
        for (int64_t c = 0; c < channels; c += W) {
          Vector value = initial;
          window.each([&](int64_t pixel, int64_t) {
            const Vector next = loadPart(from + pixel * channels + c, channels - c);
            value = average ? value + next : larger(next, value);
          });
          storePart(to + c, value, channels - c);
        }
        if (average) {
          // A window on padding alone has no average: NaN.
          const float scale = 1.0f / static_cast<float>(window.taps());
          for (int64_t c = 0; c < channels; c++) to[c] *= scale;
        }
      });
    }
  });
  return nullptr;
}

/** (dy, x, dx, geometry): the gradient goes to the first of the largest in each window. */
napi_value maxPoolGradient(const Arguments& arguments) {
  const Geometry g = poolingOf(arguments, 3);
  const float *dy = arguments.floats(0, g.outSize()), *x = arguments.floats(1, g.inSize());
  float* dx = arguments.floats(2, g.inSize());
  const int64_t channels = g.inChannels, image = g.inHeight * g.inWidth * channels;
  scatterWindows(arguments.pool(), g, dx, [&](int64_t n, float* to, const Window& window, int64_t output) {
    const float *from = x + n * image, *gradient = dy + output * channels;
    for (int64_t c = 0; c < channels; c += W) {
      const int64_t width = channels - c;
      Vector best = splat(-__builtin_inff());
      Lanes place = Lanes{} - 1;
      window.each([&](int64_t pixel, int64_t tap) {
        const Vector value = loadPart(from + pixel * channels + c, width);
        const Lanes above = value > best;
        best = choose(above, value, best);
        place = (above & (Lanes{} + static_cast<int32_t>(tap))) | (~above & place);
      });
      const Lanes share = bits(loadPart(gradient + c, width));
      window.each([&](int64_t pixel, int64_t tap) {
        float* target = to + pixel * channels + c;
        const Lanes here = place == Lanes{} + static_cast<int32_t>(tap);
        storePart(target, loadPart(target, width) + fromBits(here & share), width);
      });
    }
  });
  return nullptr;
}

/** (dy, dx, geometry): every element of a window gets its share of the whole window. */
napi_value averagePoolGradient(const Arguments& arguments) {
  const Geometry g = poolingOf(arguments, 2);
  const float* dy = arguments.floats(0, g.outSize());
  float* dx = arguments.floats(1, g.inSize());
  const int64_t channels = g.inChannels;
  const float share = 1.0f / static_cast<float>(g.taps());
  scatterWindows(arguments.pool(), g, dx, [&](int64_t, float* to, const Window& window, int64_t output) {
    const float* from = dy + output * channels;
    window.each([&](int64_t pixel, int64_t) {
      for (int64_t c = 0; c < channels; c++) to[pixel * channels + c] += from[c] * share;
    });
  });
  return nullptr;
}

}  // namespace

void addPooling(Exports& exports) {
  exports.add("pool2d", pool2d);
  exports.add("maxPoolGradient", maxPoolGradient);
  exports.add("averagePoolGradient", averagePoolGradient);
}

}  // namespace NACRE_ISA
}  // namespace nacre
