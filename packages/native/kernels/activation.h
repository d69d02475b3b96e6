// What a product or a convolution may do to its result while that is still in registers.
#pragma once
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

/** The order is that of `activations` in src/kernels/activation.ts. */
enum class Activation : int { linear, relu, relu6, elu, sigmoid, leakyRelu, gelu, geluTanh, silu, count };

struct Epilogue {
  /** One value per column, or null. */
  const float* bias = nullptr;
  Activation activation = Activation::linear;
  /** Slope of leakyRelu below 0. */
  float slope = 0.2f;
};

/** Three arguments from `first` on: bias of n columns, activation, slope. */
inline Epilogue epilogueOf(const Arguments& arguments, int first, int64_t n) {
  const auto activation = static_cast<Activation>(arguments.integer(first + 1));
  if (activation < Activation::linear || activation >= Activation::count) {
    throw ArgumentError(ArgumentError::range, "expected a known activation.");
  }
  return {arguments.optionalFloats(first, n), activation, arguments.real(first + 2)};
}

NACRE_INLINE Vector gelu(Vector x) { return 0.5f * x * (1.0f + errorFunction(x * 0.70710678118654752f)); }
NACRE_INLINE Vector geluTanh(Vector x) {
  return 0.5f * x * (1.0f + hyperbolicTangent(0.79788456080286536f * (x + 0.044715f * x * x * x)));
}

NACRE_INLINE Vector activate(Vector x, const Epilogue& epilogue) {
  switch (epilogue.activation) {
    case Activation::relu: return maximum(x, Vector{});
    case Activation::relu6: return minimum(maximum(x, Vector{}), splat(6.0f));
    case Activation::elu: return choose(x >= 0.0f, x, choose(x != x, x, exponential(x) - 1.0f));
    case Activation::sigmoid: return logistic(x);
    case Activation::leakyRelu: return choose(x < 0.0f, x * epilogue.slope, x);
    case Activation::gelu: return gelu(x);
    case Activation::geluTanh: return geluTanh(x);
    case Activation::silu: return x * logistic(x);
    default: return x;
  }
}

}  // namespace NACRE_ISA
}  // namespace nacre
