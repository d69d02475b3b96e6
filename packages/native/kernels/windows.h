// Windows that slide over images [batch, height, width, channels], of convolutions and pooling alike.
#pragma once
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

struct Geometry {
  int64_t batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, kernelHeight, kernelWidth;
  int64_t strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft;

  int64_t inSize() const { return batch * inHeight * inWidth * inChannels; }
  int64_t outSize() const { return batch * outHeight * outWidth * outChannels; }
  int64_t taps() const { return kernelHeight * kernelWidth; }
  /** 1 × 1, unpadded, without a stride: a plain product. */
  bool plain() const {
    return taps() == 1 && strideHeight == 1 && strideWidth == 1 && padTop == 0 && padLeft == 0 &&
           inHeight == outHeight && inWidth == outWidth;
  }
};

constexpr int geometryFields = 15;

inline Geometry geometryOf(const Arguments& arguments, int index) {
  const int32_t* field = arguments.integers(index, geometryFields);
  Geometry g{field[0], field[1], field[2],  field[3],  field[4],  field[5],  field[6], field[7],
             field[8], field[9], field[10], field[11], field[12], field[13], field[14]};
  const int64_t in[] = {g.batch, g.inHeight, g.inWidth, g.inChannels};
  const int64_t out[] = {g.batch, g.outHeight, g.outWidth, g.outChannels};
  const int64_t filter[] = {g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels};
  volume(in, 4);
  volume(out, 4);
  volume(filter, 4);
  if (g.strideHeight < 1 || g.strideWidth < 1 || g.dilationHeight < 1 || g.dilationWidth < 1 || g.taps() > 65536) {
    throw ArgumentError(ArgumentError::range, "expected strides and dilations of at least 1.");
  }
  return g;
}

/** Range of taps that stay within an axis of `size` when the first reads at `start`. */
NACRE_INLINE void within(int64_t start, int64_t dilation, int64_t taps, int64_t size, int64_t& first, int64_t& last) {
  first = start < 0 ? ceilDivide(-start, dilation) : 0;
  last = start >= size ? 0 : lesser(taps, ceilDivide(size - start, dilation));
}

/** A window's place in an image, and which of its taps lie within. */
struct Window {
  const Geometry& g;
  int64_t startY, startX;
  int64_t firstY = 0, lastY = 0, firstX = 0, lastX = 0;

  int64_t taps() const { return greater(0, lastY - firstY) * greater(0, lastX - firstX); }
  /** work(pixel of the image, tap of the window), tap after tap. */
  template <class Work>
  NACRE_INLINE void each(const Work& work) const {
    for (int64_t ky = firstY; ky < lastY; ky++) {
      const int64_t line = (startY + ky * g.dilationHeight) * g.inWidth + startX;
      for (int64_t kx = firstX; kx < lastX; kx++) work(line + kx * g.dilationWidth, ky * g.kernelWidth + kx);
    }
  }
};

/** work(image, window, output pixel) along one row of outputs; rows and output pixels are counted through all images. */
template <class Work>
NACRE_INLINE void eachWindow(const Geometry& g, int64_t row, const Work& work) {
  Window window{g, row % g.outHeight * g.strideHeight - g.padTop, -g.padLeft};
  within(window.startY, g.dilationHeight, g.kernelHeight, g.inHeight, window.firstY, window.lastY);
  for (int64_t ox = 0; ox < g.outWidth; ox++, window.startX += g.strideWidth) {
    within(window.startX, g.dilationWidth, g.kernelWidth, g.inWidth, window.firstX, window.lastX);
    work(row / g.outHeight, window, row * g.outWidth + ox);
  }
}

/** Adds up dx from all windows: work(image, its part of dx, window, output pixel). Windows overlap, so a thread has whole images. */
template <class Work>
NACRE_INLINE void scatterWindows(Pool& pool, const Geometry& g, float* dx, const Work& work) {
  const int64_t image = g.inHeight * g.inWidth * g.inChannels;
  parallel(pool, g.batch, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t each = begin; each < end; each++) clearFloats(dx + each * image, image);
    for (int64_t row = begin * g.outHeight; row < end * g.outHeight; row++) {
      eachWindow(g, row, [&](int64_t n, const Window& window, int64_t output) { work(n, dx + n * image, window, output); });
    }
  });
}

}  // namespace NACRE_ISA
}  // namespace nacre
