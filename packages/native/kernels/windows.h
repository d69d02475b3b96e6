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

}  // namespace NACRE_ISA
}  // namespace nacre
