// Largest and average elements of windows, and their gradients.
#include "windows.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** (average, x, out, geometry): windows of the geometry's kernel size; padding does not count. */
napi_value pool2d(const Arguments& arguments) {
  const bool average = arguments.flag(0);
  const Geometry g = geometryOf(arguments, 3);
  if (g.inChannels != g.outChannels) throw ArgumentError(ArgumentError::range, "expected as many channels as before.");
  const float* x = arguments.floats(1, g.inSize());
  float* out = arguments.floats(2, g.outSize());
  const int64_t rows = g.batch * g.outHeight, channels = g.inChannels;
  parallel(arguments.pool(), rows, rowsPerChunk(g.outWidth * channels * g.taps()), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t n = row / g.outHeight, startY = row % g.outHeight * g.strideHeight - g.padTop;
      int64_t firstY, lastY, firstX, lastX;
      within(startY, g.dilationHeight, g.kernelHeight, g.inHeight, firstY, lastY);
      for (int64_t ox = 0; ox < g.outWidth; ox++) {
        float* to = out + (row * g.outWidth + ox) * channels;
        const int64_t startX = ox * g.strideWidth - g.padLeft;
        within(startX, g.dilationWidth, g.kernelWidth, g.inWidth, firstX, lastX);
        const Vector initial = splat(average ? 0.0f : -__builtin_inff());
        for (int64_t c = 0; c < channels; c += W) {
          Vector value = initial;
          for (int64_t ky = firstY; ky < lastY; ky++) {
            for (int64_t kx = firstX; kx < lastX; kx++) {
              const int64_t pixel = (n * g.inHeight + startY + ky * g.dilationHeight) * g.inWidth + startX + kx * g.dilationWidth;
              const Vector next = loadPart(x + pixel * channels + c, channels - c);
              value = average ? value + next : larger(next, value);
            }
          }
          storePart(to + c, value, channels - c);
        }
        if (average) {
          // A window on padding alone has no average: NaN.
          const float scale = 1.0f / static_cast<float>(greater(0, lastY - firstY) * greater(0, lastX - firstX));
          for (int64_t c = 0; c < channels; c++) to[c] *= scale;
        }
      }
    }
  });
  return nullptr;
}

/** (dy, x, dx, geometry): the gradient goes to the first of the largest in each window. */
napi_value maxPoolGradient(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  if (g.inChannels != g.outChannels) throw ArgumentError(ArgumentError::range, "expected as many channels as before.");
  const float *dy = arguments.floats(0, g.outSize()), *x = arguments.floats(1, g.inSize());
  float* dx = arguments.floats(2, g.inSize());
  const int64_t channels = g.inChannels, image = g.inHeight * g.inWidth * channels;
  parallel(arguments.pool(), g.batch, 1, [=](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; n++) {
      float* to = dx + n * image;
      const float* from = x + n * image;
      clearFloats(to, image);
      for (int64_t oy = 0; oy < g.outHeight; oy++) {
        int64_t firstY, lastY, firstX, lastX;
        const int64_t startY = oy * g.strideHeight - g.padTop;
        within(startY, g.dilationHeight, g.kernelHeight, g.inHeight, firstY, lastY);
        for (int64_t ox = 0; ox < g.outWidth; ox++) {
          const int64_t startX = ox * g.strideWidth - g.padLeft;
          within(startX, g.dilationWidth, g.kernelWidth, g.inWidth, firstX, lastX);
          const float* gradient = dy + ((n * g.outHeight + oy) * g.outWidth + ox) * channels;
          const auto each = [&](const auto& work) {
            int32_t tap = 0;
            for (int64_t ky = firstY; ky < lastY; ky++) {
              for (int64_t kx = firstX; kx < lastX; kx++) {
                work(((startY + ky * g.dilationHeight) * g.inWidth + startX + kx * g.dilationWidth) * channels, tap++);
              }
            }
          };
          for (int64_t c = 0; c < channels; c += W) {
            const int64_t width = channels - c;
            Vector best = splat(-__builtin_inff());
            Lanes place = Lanes{} - 1;
            each([&](int64_t pixel, int32_t tap) {
              const Vector value = loadPart(from + pixel + c, width);
              const Lanes above = value > best;
              best = choose(above, value, best);
              place = (above & (Lanes{} + tap)) | (~above & place);
            });
            const Lanes share = bits(loadPart(gradient + c, width));
            each([&](int64_t pixel, int32_t tap) {
              float* target = to + pixel + c;
              const Lanes here = place == Lanes{} + tap;
              storePart(target, loadPart(target, width) + fromBits(here & share), width);
            });
          }
        }
      }
    }
  });
  return nullptr;
}

/** (dy, dx, geometry): every element of a window gets its share of the whole window. */
napi_value averagePoolGradient(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 2);
  if (g.inChannels != g.outChannels) throw ArgumentError(ArgumentError::range, "expected as many channels as before.");
  const float* dy = arguments.floats(0, g.outSize());
  float* dx = arguments.floats(1, g.inSize());
  const int64_t channels = g.inChannels, image = g.inHeight * g.inWidth * channels;
  const float share = 1.0f / static_cast<float>(g.taps());
  parallel(arguments.pool(), g.batch, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; n++) {
      float* to = dx + n * image;
      clearFloats(to, image);
      for (int64_t oy = 0; oy < g.outHeight; oy++) {
        int64_t firstY, lastY, firstX, lastX;
        const int64_t startY = oy * g.strideHeight - g.padTop;
        within(startY, g.dilationHeight, g.kernelHeight, g.inHeight, firstY, lastY);
        for (int64_t ox = 0; ox < g.outWidth; ox++) {
          const int64_t startX = ox * g.strideWidth - g.padLeft;
          within(startX, g.dilationWidth, g.kernelWidth, g.inWidth, firstX, lastX);
          const float* from = dy + ((n * g.outHeight + oy) * g.outWidth + ox) * channels;
          for (int64_t ky = firstY; ky < lastY; ky++) {
            for (int64_t kx = firstX; kx < lastX; kx++) {
              float* pixel = to + ((startY + ky * g.dilationHeight) * g.inWidth + startX + kx * g.dilationWidth) * channels;
              for (int64_t c = 0; c < channels; c++) pixel[c] += from[c] * share;
            }
          }
        }
      }
    }
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
