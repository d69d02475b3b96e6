// Convolution of few channels over many images, an image per lane.
#pragma once
#include "activation.h"
#include "windows.h"

namespace nacre {
namespace NACRE_ISA {

/**
 * Whether there are images enough for the lanes, and channels too few for products of matrices to be better, at most 4,096 pairs of
 * them. Sums at each tap run over `summed` channels, and have `results`. The answer does not depend on the threads, so neither do
 * results.
 */
bool fitsInterleaved(const Geometry& geometry, int64_t summed, int64_t results);
/** Whether the filters' gradient is such a case too. */
bool fitsInterleavedFilterGradient(const Geometry& geometry);

void interleaved(Pool& pool, const Geometry& geometry, const float* x, const float* filter, float* out, const Epilogue& epilogue);
/** Without strides. */
void interleavedInputGradient(Pool& pool, const Geometry& geometry, const float* dy, const float* filter, float* dx);
void interleavedFilterGradient(Pool& pool, const Geometry& geometry, const float* x, const float* dy, float* dFilter);

}  // namespace NACRE_ISA
}  // namespace nacre
