// Convolution with 3 × 3 filters in a quarter of the multiplications.
#pragma once
#include "activation.h"
#include "windows.h"

namespace nacre {
namespace NACRE_ISA {

/** Whether a convolution is of the kind, and large enough for the transforms to pay. */
bool fitsWinograd(const Geometry& geometry);

void winograd(Pool& pool, const Geometry& geometry, const float* x, const float* filter, float* out, const Epilogue& epilogue);
void winogradInputGradient(Pool& pool, const Geometry& geometry, const float* dy, const float* filter, float* dx);
void winogradFilterGradient(Pool& pool, const Geometry& geometry, const float* x, const float* dy, float* dFilter);

}  // namespace NACRE_ISA
}  // namespace nacre
