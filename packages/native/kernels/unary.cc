// Operations on one array, element by element.
#include "activation.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

struct Settings {
  float first, second;
};

#define NACRE_OPERATION(Name, Expression)                                                          \
  struct Name {                                                                                    \
    static NACRE_INLINE Vector run(Vector x, [[maybe_unused]] const Settings& settings) { return Expression; } \
  };

/** log(1 + eˣ), as TensorFlow.js cuts it at both ends. */
NACRE_INLINE Vector softplus(Vector x) {
  const float threshold = -13.942385f;  // log(2^-23) + 2
  const Vector power = exponential(x);
  return choose(x > -threshold, x, choose(x < threshold, power, logarithm(power + 1.0f)));
}
NACRE_INLINE Vector signOf(Vector x) {
  return choose(x > 0.0f, splat(1.0f), choose(x < 0.0f, splat(-1.0f), Vector{}));
}
NACRE_OPERATION(Abs, absolute(x))
NACRE_OPERATION(Elu, choose(x >= 0.0f, x, exponential(x) - 1.0f))
NACRE_OPERATION(Erf, errorFunction(x))
NACRE_OPERATION(Exp, exponential(x))
NACRE_OPERATION(Log, logarithm(x))
NACRE_OPERATION(Neg, -x)
NACRE_OPERATION(Reciprocal, 1.0f / x)
NACRE_OPERATION(Relu, maximum(x, Vector{}))
NACRE_OPERATION(Relu6, minimum(maximum(x, Vector{}), splat(6.0f)))
NACRE_OPERATION(LeakyRelu, choose(x < 0.0f, x * settings.first, x))
NACRE_OPERATION(Rsqrt, 1.0f / squareRoot(x))
NACRE_OPERATION(Selu, choose(x >= 0.0f, x * 1.0507009873554805f, 1.7580993408473768f * (exponential(x) - 1.0f)))
NACRE_OPERATION(Sigmoid, logistic(x))
NACRE_OPERATION(Sign, signOf(x))
NACRE_OPERATION(Softplus, softplus(x))
NACRE_OPERATION(Sqrt, squareRoot(x))
NACRE_OPERATION(Square, x * x)
NACRE_OPERATION(Step, choose(x != x, x, choose(x > 0.0f, splat(1.0f), splat(settings.first))))
NACRE_OPERATION(Tanh, hyperbolicTangent(x))
NACRE_OPERATION(ClipByValue, choose(x > settings.second, splat(settings.second), choose(x < settings.first, splat(settings.first), x)))
NACRE_OPERATION(Gelu, gelu(x))
NACRE_OPERATION(GeluTanh, geluTanh(x))
NACRE_OPERATION(Silu, x * logistic(x))

#define NACRE_LANEWISE(Name, function)                                               \
  struct Name {                                                                      \
    static NACRE_INLINE float run(float x) { return static_cast<float>(function(static_cast<double>(x))); } \
  };
NACRE_LANEWISE(Acos, acos)
NACRE_LANEWISE(Acosh, acosh)
NACRE_LANEWISE(Asin, asin)
NACRE_LANEWISE(Asinh, asinh)
NACRE_LANEWISE(Atan, atan)
NACRE_LANEWISE(Atanh, atanh)
NACRE_LANEWISE(Ceil, ceil)
NACRE_LANEWISE(Cos, cos)
NACRE_LANEWISE(Cosh, cosh)
NACRE_LANEWISE(Expm1, expm1)
NACRE_LANEWISE(Floor, floor)
NACRE_LANEWISE(Log1p, log1p)
NACRE_LANEWISE(Round, nearbyint)
NACRE_LANEWISE(Sin, sin)
NACRE_LANEWISE(Sinh, sinh)
NACRE_LANEWISE(Tan, tan)

#define NACRE_VECTORS(X)                                                                                          \
  X(Abs) X(Elu) X(Erf) X(Exp) X(Log) X(Neg) X(Reciprocal) X(Relu) X(Relu6) X(LeakyRelu) X(Rsqrt) X(Selu) X(Sigmoid) \
  X(Sign) X(Softplus) X(Sqrt) X(Square) X(Step) X(Tanh) X(ClipByValue) X(Gelu) X(GeluTanh) X(Silu)
#define NACRE_LANES(X)                                                                                             \
  X(Acos) X(Acosh) X(Asin) X(Asinh) X(Atan) X(Atanh) X(Ceil) X(Cos) X(Cosh) X(Expm1) X(Floor) X(Log1p) X(Round) X(Sin) \
  X(Sinh) X(Tan)
#define NACRE_INTEGERS(X) X(Abs) X(Neg) X(Square)

enum Operation {
#define X(name) operation##name,
  NACRE_VECTORS(X) NACRE_LANES(X)
#undef X
      operations
};

template <class Operation>
void vectors(Pool& pool, const float* x, float* out, int64_t count, const Settings& settings) {
  parallel(pool, count, chunkElements, [&](int64_t begin, int64_t end, int) {
    int64_t i = begin;
    for (; i + W <= end; i += W) store(out + i, Operation::run(load(x + i), settings));
    if (i < end) storePart(out + i, Operation::run(loadPart(x + i, end - i), settings), end - i);
  });
}

template <class Operation>
void lanes(Pool& pool, const float* x, float* out, int64_t count) {
  parallel(pool, count, chunkElements / 8, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) out[i] = Operation::run(x[i]);
  });
}

NACRE_INLINE int32_t whole(uint32_t x) { return static_cast<int32_t>(x); }

void integers(Pool& pool, int64_t operation, const int32_t* x, int32_t* out, int64_t count) {
  parallel(pool, count, chunkElements, [&](int64_t begin, int64_t end, int) {
    switch (operation) {
      case operationAbs:
        for (int64_t i = begin; i < end; i++) out[i] = x[i] < 0 ? whole(0u - static_cast<uint32_t>(x[i])) : x[i];
        return;
      case operationNeg:
        for (int64_t i = begin; i < end; i++) out[i] = whole(0u - static_cast<uint32_t>(x[i]));
        return;
      default:
        for (int64_t i = begin; i < end; i++) out[i] = whole(static_cast<uint32_t>(x[i]) * static_cast<uint32_t>(x[i]));
    }
  });
}

/** (operation, x, out, first, second): `first` and `second` are a slope, or the bounds of clipping. */
napi_value unary(const Arguments& arguments) {
  const int64_t operation = arguments.integer(0), count = arguments.length(1);
  Pool& pool = arguments.pool();
  if (arguments.kind(1) == napi_int32_array) {
    if (operation != operationAbs && operation != operationNeg && operation != operationSquare) {
      throw ArgumentError(ArgumentError::type, "expected an operation for integers.");
    }
    integers(pool, operation, arguments.integers(1, count), arguments.integers(2, count), count);
    return nullptr;
  }
  const float* x = arguments.floats(1, count);
  float* out = arguments.floats(2, count);
  const Settings settings{arguments.real(3), arguments.real(4)};
  switch (operation) {
#define X(name) \
  case operation##name: vectors<name>(pool, x, out, count, settings); return nullptr;
    NACRE_VECTORS(X)
#undef X
#define X(name) \
  case operation##name: lanes<name>(pool, x, out, count); return nullptr;
    NACRE_LANES(X)
#undef X
  }
  throw ArgumentError(ArgumentError::range, "expected a known operation.");
}

/** Derivatives from dy and x that are more than a product: (operation, dy, x, dx). */
template <class Derivative>
void derive(Pool& pool, const float* dy, const float* x, float* dx, int64_t count, const Derivative& derivative) {
  parallel(pool, count, chunkElements, [&](int64_t begin, int64_t end, int) {
    int64_t i = begin;
    for (; i + W <= end; i += W) store(dx + i, load(dy + i) * derivative(load(x + i)));
    if (i < end) storePart(dx + i, loadPart(dy + i, end - i) * derivative(loadPart(x + i, end - i)), end - i);
  });
}

napi_value activationGradient(const Arguments& arguments) {
  const int64_t count = arguments.length(1);
  const float *dy = arguments.floats(1, count), *x = arguments.floats(2, count);
  float* dx = arguments.floats(3, count);
  Pool& pool = arguments.pool();
  switch (arguments.integer(0)) {
    case operationGelu:
      derive(pool, dy, x, dx, count, [](Vector v) {
        return 0.5f * (1.0f + errorFunction(v * 0.70710678118654752f)) +
               v * 0.39894228040143268f * exponential(-0.5f * v * v);
      });
      return nullptr;
    case operationGeluTanh:
      derive(pool, dy, x, dx, count, [](Vector v) {
        const Vector t = hyperbolicTangent(0.79788456080286536f * (v + 0.044715f * v * v * v));
        const Vector inner = 0.79788456080286536f * (1.0f + 3.0f * 0.044715f * v * v);
        return 0.5f * (1.0f + t) + 0.5f * v * (1.0f - t * t) * inner;
      });
      return nullptr;
    case operationSilu:
      derive(pool, dy, x, dx, count, [](Vector v) {
        const Vector s = logistic(v);
        return s * (1.0f + v * (1.0f - s));
      });
      return nullptr;
  }
  throw ArgumentError(ArgumentError::range, "expected an operation with a derivative.");
}

/** SwiGLU (Shazeer 2020): silu(gate) · up, and its two derivatives. */
napi_value swiglu(const Arguments& arguments) {
  const int64_t count = arguments.length(0);
  const float *gate = arguments.floats(0, count), *up = arguments.floats(1, count);
  float* out = arguments.floats(2, count);
  parallel(arguments.pool(), count, chunkElements, [&](int64_t begin, int64_t end, int) {
    int64_t i = begin;
    for (; i + W <= end; i += W) {
      const Vector g = load(gate + i);
      store(out + i, g * logistic(g) * load(up + i));
    }
    if (i < end) {
      const Vector g = loadPart(gate + i, end - i);
      storePart(out + i, g * logistic(g) * loadPart(up + i, end - i), end - i);
    }
  });
  return nullptr;
}

/** (dy, gate, up, dGate, dUp) */
napi_value swigluGradient(const Arguments& arguments) {
  const int64_t count = arguments.length(0);
  const float *dy = arguments.floats(0, count), *gate = arguments.floats(1, count), *up = arguments.floats(2, count);
  float *dGate = arguments.floats(3, count), *dUp = arguments.floats(4, count);
  parallel(arguments.pool(), count, chunkElements, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i += W) {
      const int64_t width = lesser(W, end - i);
      const Vector g = loadPart(gate + i, width), s = logistic(g), d = loadPart(dy + i, width);
      storePart(dGate + i, d * loadPart(up + i, width) * s * (1.0f + g * (1.0f - s)), width);
      storePart(dUp + i, d * g * s, width);
    }
  });
  return nullptr;
}

/** (x, out, kind): 0 is finite, 1 is infinite, 2 is not a number; 3: not, for bytes. */
napi_value classify(const Arguments& arguments) {
  const int64_t count = arguments.length(0), kind = arguments.integer(2);
  uint8_t* out = arguments.bytes(1, count);
  if (kind == 3) {
    const uint8_t* x = arguments.bytes(0, count);
    parallel(arguments.pool(), count, chunkElements, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) out[i] = x[i] == 0;
    });
    return nullptr;
  }
  const float* x = arguments.floats(0, count);
  parallel(arguments.pool(), count, chunkElements, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const bool nan = x[i] != x[i], finite = x[i] - x[i] == 0.0f;
      out[i] = kind == 0 ? finite : kind == 1 ? !finite && !nan : nan;
    }
  });
  return nullptr;
}

}  // namespace

void addUnary(Exports& exports) {
  exports.add("unary", unary);
  exports.add("activationGradient", activationGradient);
  exports.add("swiglu", swiglu);
  exports.add("swigluGradient", swigluGradient);
  exports.add("classify", classify);
#define X(name) #name " "
  exports.text("unaryOperations", NACRE_VECTORS(X) NACRE_LANES(X));
#undef X
}

}  // namespace NACRE_ISA
}  // namespace nacre
