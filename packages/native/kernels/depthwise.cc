// Depthwise 2-D convolution: each channel has filters of its own. Sums run along the channels, which lie side by side.
#include "windows.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** Channels of one pixel times one tap's filter; `multiplier` results per channel. */
NACRE_INLINE void addScaled(float* to, const float* x, const float* filter, int64_t channels, int64_t multiplier) {
  if (multiplier == 1) {
    for (int64_t c = 0; c < channels; c++) to[c] += x[c] * filter[c];
    return;
  }
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t q = 0; q < multiplier; q++) to[c * multiplier + q] += x[c] * filter[c * multiplier + q];
  }
}

/** (x, filter, out, geometry): filters [height, width, channels, multiplier]. */
napi_value depthwise(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  const int64_t multiplier = g.inChannels == 0 ? 1 : g.outChannels / g.inChannels;
  const float *x = arguments.floats(0, g.inSize()), *filter = arguments.floats(1, g.taps() * g.outChannels);
  float* out = arguments.floats(2, g.outSize());
  if (multiplier * g.inChannels != g.outChannels) throw ArgumentError(ArgumentError::range, "expected whole multiples.");
  const int64_t rows = g.batch * g.outHeight, width = g.outWidth * g.outChannels;
  parallel(arguments.pool(), rows, rowsPerChunk(width * g.taps()), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t n = row / g.outHeight, startY = row % g.outHeight * g.strideHeight - g.padTop;
      int64_t firstY, lastY, firstX, lastX;
      within(startY, g.dilationHeight, g.kernelHeight, g.inHeight, firstY, lastY);
      for (int64_t ox = 0; ox < g.outWidth; ox++) {
        float* to = out + row * width + ox * g.outChannels;
        for (int64_t c = 0; c < g.outChannels; c++) to[c] = 0.0f;
        const int64_t startX = ox * g.strideWidth - g.padLeft;
        within(startX, g.dilationWidth, g.kernelWidth, g.inWidth, firstX, lastX);
        for (int64_t ky = firstY; ky < lastY; ky++) {
          for (int64_t kx = firstX; kx < lastX; kx++) {
            const int64_t pixel = (n * g.inHeight + startY + ky * g.dilationHeight) * g.inWidth + startX + kx * g.dilationWidth;
            addScaled(to, x + pixel * g.inChannels, filter + (ky * g.kernelWidth + kx) * g.outChannels, g.inChannels, multiplier);
          }
        }
      }
    }
  });
  return nullptr;
}

/** (dy, filter, dx, geometry) */
napi_value depthwiseInputGradient(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  const int64_t multiplier = g.inChannels == 0 ? 1 : g.outChannels / g.inChannels;
  const float *dy = arguments.floats(0, g.outSize()), *filter = arguments.floats(1, g.taps() * g.outChannels);
  float* dx = arguments.floats(2, g.inSize());
  if (multiplier * g.inChannels != g.outChannels) throw ArgumentError(ArgumentError::range, "expected whole multiples.");
  parallel(arguments.pool(), g.batch, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; n++) {
      const int64_t image = g.inHeight * g.inWidth * g.inChannels;
      clearFloats(dx + n * image, image);
      for (int64_t oy = 0; oy < g.outHeight; oy++) {
        int64_t firstY, lastY, firstX, lastX;
        const int64_t startY = oy * g.strideHeight - g.padTop;
        within(startY, g.dilationHeight, g.kernelHeight, g.inHeight, firstY, lastY);
        for (int64_t ox = 0; ox < g.outWidth; ox++) {
          const float* from = dy + ((n * g.outHeight + oy) * g.outWidth + ox) * g.outChannels;
          const int64_t startX = ox * g.strideWidth - g.padLeft;
          within(startX, g.dilationWidth, g.kernelWidth, g.inWidth, firstX, lastX);
          for (int64_t ky = firstY; ky < lastY; ky++) {
            for (int64_t kx = firstX; kx < lastX; kx++) {
              const int64_t pixel = (n * g.inHeight + startY + ky * g.dilationHeight) * g.inWidth + startX + kx * g.dilationWidth;
              const float* weights = filter + (ky * g.kernelWidth + kx) * g.outChannels;
              float* to = dx + pixel * g.inChannels;
              if (multiplier == 1) {
                for (int64_t c = 0; c < g.inChannels; c++) to[c] += from[c] * weights[c];
              } else {
                for (int64_t c = 0; c < g.inChannels; c++) {
                  for (int64_t q = 0; q < multiplier; q++) to[c] += from[c * multiplier + q] * weights[c * multiplier + q];
                }
              }
            }
          }
        }
      }
    }
  });
  return nullptr;
}

/** (x, dy, dFilter, geometry): fixed parts of the images' rows, added in order. */
napi_value depthwiseFilterGradient(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  const int64_t multiplier = g.inChannels == 0 ? 1 : g.outChannels / g.inChannels;
  const float *x = arguments.floats(0, g.inSize()), *dy = arguments.floats(1, g.outSize());
  const int64_t elements = g.taps() * g.outChannels, rows = g.batch * g.outHeight;
  float* out = arguments.floats(2, elements);
  if (multiplier * g.inChannels != g.outChannels) throw ArgumentError(ArgumentError::range, "expected whole multiples.");
  const int64_t parts = greater(1, lesser(32, rows / 8));
  float* partial = static_cast<float*>(arguments.pool().shared(static_cast<size_t>(parts * elements) * 4 + 4));
  parallel(arguments.pool(), parts, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; part++) {
      float* sums = partial + part * elements;
      for (int64_t j = 0; j < elements; j++) sums[j] = 0.0f;
      for (int64_t row = rows * part / parts; row < rows * (part + 1) / parts; row++) {
        const int64_t n = row / g.outHeight, startY = row % g.outHeight * g.strideHeight - g.padTop;
        int64_t firstY, lastY, firstX, lastX;
        within(startY, g.dilationHeight, g.kernelHeight, g.inHeight, firstY, lastY);
        for (int64_t ox = 0; ox < g.outWidth; ox++) {
          const float* from = dy + (row * g.outWidth + ox) * g.outChannels;
          const int64_t startX = ox * g.strideWidth - g.padLeft;
          within(startX, g.dilationWidth, g.kernelWidth, g.inWidth, firstX, lastX);
          for (int64_t ky = firstY; ky < lastY; ky++) {
            for (int64_t kx = firstX; kx < lastX; kx++) {
              const int64_t pixel = (n * g.inHeight + startY + ky * g.dilationHeight) * g.inWidth + startX + kx * g.dilationWidth;
              float* to = sums + (ky * g.kernelWidth + kx) * g.outChannels;
              const float* value = x + pixel * g.inChannels;
              if (multiplier == 1) {
                for (int64_t c = 0; c < g.inChannels; c++) to[c] += value[c] * from[c];
              } else {
                for (int64_t c = 0; c < g.inChannels; c++) {
                  for (int64_t q = 0; q < multiplier; q++) to[c * multiplier + q] += value[c] * from[c * multiplier + q];
                }
              }
            }
          }
        }
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
