// Updates of parameters in place, one pass over the memory each.
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/**
 * (parameter, gradient, mean, variance, rate, beta1, beta2, epsilon, decay, correction1, correction2, scale): Kingma and Ba
 * 2015, algorithm 1, with the decoupled weight decay of Loshchilov and Hutter 2019. The gradient is first multiplied by
 * `scale`; corrections are 1 - βᵗ.
 */
napi_value adam(const Arguments& arguments) {
  const int64_t count = arguments.length(0);
  float *parameter = arguments.floats(0, count), *mean = arguments.floats(2, count), *variance = arguments.floats(3, count);
  const float* gradient = arguments.floats(1, count);
  const double rate = arguments.number(4), correction1 = arguments.number(9), correction2 = arguments.number(10);
  const float beta1 = arguments.real(5), beta2 = arguments.real(6), scale = arguments.real(11);
  const float keep = static_cast<float>(1.0 - rate * arguments.number(8));
  // rate · (m / c₁) / (√v / √c₂ + ε) = (rate √c₂ / c₁) · m / (√v + √c₂ ε)
  const float step = static_cast<float>(rate * sqrt(correction2) / correction1);
  const float floor = static_cast<float>(arguments.number(7) * sqrt(correction2));
  const float rest1 = static_cast<float>(1.0 - arguments.number(5)), rest2 = static_cast<float>(1.0 - arguments.number(6));
  parallel(arguments.pool(), count, chunkElements, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i += W) {
      const int64_t width = end - i;
      const Vector g = loadPart(gradient + i, width) * scale;
      const Vector m = beta1 * loadPart(mean + i, width) + rest1 * g;
      const Vector v = beta2 * loadPart(variance + i, width) + rest2 * g * g;
      storePart(mean + i, m, width);
      storePart(variance + i, v, width);
      storePart(parameter + i, loadPart(parameter + i, width) * keep - step * m / (squareRoot(v) + floor), width);
    }
  });
  return nullptr;
}

/** (parameter, gradient, velocity, rate, momentum, nesterov, decay, scale): velocity may be absent without momentum. */
napi_value sgd(const Arguments& arguments) {
  const int64_t count = arguments.length(0);
  float *parameter = arguments.floats(0, count), *velocity = arguments.optionalFloats(2, count);
  const float* gradient = arguments.floats(1, count);
  const float rate = arguments.real(3), momentum = arguments.real(4), scale = arguments.real(7);
  const float keep = static_cast<float>(1.0 - arguments.number(3) * arguments.number(6));
  const bool nesterov = arguments.flag(5);
  parallel(arguments.pool(), count, chunkElements, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const float g = gradient[i] * scale;
      float direction = g;
      if (velocity != nullptr) {
        velocity[i] = momentum * velocity[i] + g;
        direction = nesterov ? g + momentum * velocity[i] : velocity[i];
      }
      parameter[i] = parameter[i] * keep - rate * direction;
    }
  });
  return nullptr;
}

/** (parameter, gradient, mean, rate, beta1, beta2, decay, scale): Chen et al. 2023, algorithm 2. */
napi_value lion(const Arguments& arguments) {
  const int64_t count = arguments.length(0);
  float *parameter = arguments.floats(0, count), *mean = arguments.floats(2, count);
  const float* gradient = arguments.floats(1, count);
  const float rate = arguments.real(3), beta1 = arguments.real(4), beta2 = arguments.real(5), scale = arguments.real(7);
  const float rest1 = static_cast<float>(1.0 - arguments.number(4)), rest2 = static_cast<float>(1.0 - arguments.number(5));
  const float keep = static_cast<float>(1.0 - arguments.number(3) * arguments.number(6));
  parallel(arguments.pool(), count, chunkElements, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const float g = gradient[i] * scale, direction = beta1 * mean[i] + rest1 * g;
      const float sign = direction > 0.0f ? 1.0f : direction < 0.0f ? -1.0f : 0.0f;
      mean[i] = beta2 * mean[i] + rest2 * g;
      parameter[i] = parameter[i] * keep - rate * sign;
    }
  });
  return nullptr;
}

}  // namespace

void addOptimize(Exports& exports) {
  exports.add("adam", adam);
  exports.add("sgd", sgd);
  exports.add("lion", lion);
}

}  // namespace NACRE_ISA
}  // namespace nacre
