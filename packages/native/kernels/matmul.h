// A product of two matrices by whichever kernel is best for its shape.
#pragma once
#include "gemm.h"

namespace nacre {
namespace NACRE_ISA {

/** C = A · B, A of [m, k] and B of [k, n] after transposition: all rows in one piece. */
void oneProduct(Pool& pool, const Shape& shape, const float* a, bool transposeA, const float* b, bool transposeB, const Output& c);

}  // namespace NACRE_ISA
}  // namespace nacre
