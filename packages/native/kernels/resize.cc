// Images of [batch, height, width, channels] in another size.
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

struct Axis {
  int64_t from, to;
  float scale;
  bool centers;
  Axis(int64_t from, int64_t to, bool align, bool centers)
      : from(from),
        to(to),
        scale(static_cast<float>(align && to > 1 ? from - 1 : from) / static_cast<float>(align && to > 1 ? to - 1 : to)),
        centers(centers) {}
  float source(int64_t at) const {
    return centers ? scale * (static_cast<float>(at) + 0.5f) - 0.5f : scale * static_cast<float>(at);
  }
};

/** (x, out, batch, height, width, channels, newHeight, newWidth, align, centers) */
napi_value resizeBilinear(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(2), arguments.size(3), arguments.size(4), arguments.size(5)};
  const auto [batch, height, width, channels] = sizes;
  const int64_t newHeight = arguments.size(6), newWidth = arguments.size(7);
  const int64_t results[] = {batch, newHeight, newWidth, channels};
  const float* x = arguments.floats(0, volume(sizes, 4));
  float* out = arguments.floats(1, volume(results, 4));
  if (height == 0 || width == 0) throw ArgumentError(ArgumentError::range, "expected an image with pixels.");
  const Axis high(height, newHeight, arguments.flag(8), arguments.flag(9)), wide(width, newWidth, arguments.flag(8), arguments.flag(9));
  parallel(arguments.pool(), batch * newHeight, rowsPerChunk(4 * newWidth * channels), [&, height = height, width = width, channels = channels](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float* image = x + row / newHeight * height * width * channels;
      const float y = high.source(row % newHeight);
      const int64_t top = greater(0, static_cast<int64_t>(floorf(y))), bottom = lesser(height - 1, static_cast<int64_t>(ceilf(y)));
      const float fractionY = y - static_cast<float>(top);
      for (int64_t column = 0; column < newWidth; column++) {
        const float at = wide.source(column);
        const int64_t left = lesser(width - 1, greater(0, static_cast<int64_t>(floorf(at)))), right = lesser(width - 1, static_cast<int64_t>(ceilf(at)));
        const float fractionX = at - static_cast<float>(left);
        const int64_t upper = lesser(height - 1, top) * width, lower = greater(0, bottom) * width;
        const float *a = image + (upper + left) * channels, *b = image + (upper + greater(0, right)) * channels;
        const float *c = image + (lower + left) * channels, *d = image + (lower + greater(0, right)) * channels;
        float* to = out + (row * newWidth + column) * channels;
        for (int64_t q = 0; q < channels; q++) {
          const float first = a[q] + (b[q] - a[q]) * fractionX, second = c[q] + (d[q] - c[q]) * fractionX;
          to[q] = first + (second - first) * fractionY;
        }
      }
    }
  });
  return nullptr;
}

/** (x, out, batch, height, width, channels, newHeight, newWidth, align, centers) */
napi_value resizeNearest(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(2), arguments.size(3), arguments.size(4), arguments.size(5)};
  const auto [batch, height, width, channels] = sizes;
  const int64_t newHeight = arguments.size(6), newWidth = arguments.size(7);
  const int64_t results[] = {batch, newHeight, newWidth, channels};
  const float* x = arguments.floats(0, volume(sizes, 4));
  float* out = arguments.floats(1, volume(results, 4));
  if (height == 0 || width == 0) throw ArgumentError(ArgumentError::range, "expected an image with pixels.");
  const bool align = arguments.flag(8), centers = arguments.flag(9);
  const auto nearest = [&](int64_t at, int64_t from, int64_t to) {
    const double scale = static_cast<double>(align && to > 1 ? from - 1 : from) / static_cast<double>(align && to > 1 ? to - 1 : to);
    const double place = scale * (static_cast<double>(at) + (centers ? 0.5 : 0.0));
    return greater(0, lesser(from - 1, static_cast<int64_t>(align ? floor(place + 0.5) : floor(place))));
  };
  parallel(arguments.pool(), batch * newHeight, rowsPerChunk(newWidth * channels), [&, height = height, width = width, channels = channels](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float* line = x + (row / newHeight * height + nearest(row % newHeight, height, newHeight)) * width * channels;
      for (int64_t column = 0; column < newWidth; column++) {
        copyFloats(out + (row * newWidth + column) * channels, line + nearest(column, width, newWidth) * channels, channels);
      }
    }
  });
  return nullptr;
}

/** (dy, dx, batch, height, width, channels, newHeight, newWidth, align): dx [batch, height, width, channels]. */
napi_value resizeBilinearGradient(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(2), arguments.size(3), arguments.size(4), arguments.size(5)};
  const auto [batch, height, width, channels] = sizes;
  const int64_t newHeight = arguments.size(6), newWidth = arguments.size(7);
  const int64_t results[] = {batch, newHeight, newWidth, channels};
  const float* dy = arguments.floats(0, volume(results, 4));
  float* dx = arguments.floats(1, volume(sizes, 4));
  if (height == 0 || width == 0) throw ArgumentError(ArgumentError::range, "expected an image with pixels.");
  const Axis high(height, newHeight, arguments.flag(8), false), wide(width, newWidth, arguments.flag(8), false);
  parallel(arguments.pool(), batch, 1, [&, height = height, width = width, channels = channels](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; n++) {
      float* image = dx + n * height * width * channels;
      clearFloats(image, height * width * channels);
      for (int64_t row = 0; row < newHeight; row++) {
        const float y = high.source(row);
        const int64_t top = lesser(height - 1, static_cast<int64_t>(floorf(y))), bottom = lesser(height - 1, static_cast<int64_t>(ceilf(y)));
        const float fractionY = y - static_cast<float>(top);
        for (int64_t column = 0; column < newWidth; column++) {
          const float x = wide.source(column);
          const int64_t left = lesser(width - 1, static_cast<int64_t>(floorf(x))), right = lesser(width - 1, static_cast<int64_t>(ceilf(x)));
          const float fractionX = x - static_cast<float>(left);
          const float* from = dy + ((n * newHeight + row) * newWidth + column) * channels;
          float *a = image + (top * width + left) * channels, *b = image + (top * width + right) * channels;
          float *c = image + (bottom * width + left) * channels, *d = image + (bottom * width + right) * channels;
          for (int64_t q = 0; q < channels; q++) {
            a[q] += from[q] * (1.0f - fractionY) * (1.0f - fractionX);
            b[q] += from[q] * (1.0f - fractionY) * fractionX;
            c[q] += from[q] * fractionY * (1.0f - fractionX);
            d[q] += from[q] * fractionY * fractionX;
          }
        }
      }
    }
  });
  return nullptr;
}

}  // namespace

void addResize(Exports& exports) {
  exports.add("resizeBilinear", resizeBilinear);
  exports.add("resizeNearest", resizeNearest);
  exports.add("resizeBilinearGradient", resizeBilinearGradient);
}

}  // namespace NACRE_ISA
}  // namespace nacre
