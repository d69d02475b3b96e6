// Operations on two arrays, element by element, with broadcasting. The loops are plain: compilers make vectors of them.
#include "elementwise.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

#define NACRE_OPERATION(Name, Expression)                                   \
  struct Name {                                                             \
    template <class T>                                                      \
    static NACRE_INLINE auto run(T a, T b) { return Expression; }           \
  };

// JavaScript's integers wrap around.
template <class T> NACRE_INLINE T plus(T a, T b) { return a + b; }
template <> NACRE_INLINE int32_t plus(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b)); }
template <class T> NACRE_INLINE T minus(T a, T b) { return a - b; }
template <> NACRE_INLINE int32_t minus(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b)); }
template <class T> NACRE_INLINE T times(T a, T b) { return a * b; }
template <> NACRE_INLINE int32_t times(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b)); }

/** The remainder has the divisor's sign, as in Python. */
NACRE_INLINE float modulo(float a, float b) {
  const double rest = fmod(a, b);
  return static_cast<float>((a < 0 && b < 0) || (a >= 0 && b >= 0) ? rest : fmod(rest + b, b));
}

NACRE_OPERATION(Add, plus(a, b))
NACRE_OPERATION(Sub, minus(a, b))
NACRE_OPERATION(Multiply, times(a, b))
NACRE_OPERATION(RealDiv, a / b)
NACRE_OPERATION(Maximum, a != a ? a : (a > b ? a : b))
NACRE_OPERATION(Minimum, a != a ? a : (a < b ? a : b))
NACRE_OPERATION(SquaredDifference, times(minus(a, b), minus(a, b)))
NACRE_OPERATION(Mod, modulo(a, b))
NACRE_OPERATION(Pow, static_cast<float>(pow(static_cast<double>(a), static_cast<double>(b))))
NACRE_OPERATION(Atan2, static_cast<float>(atan2(static_cast<double>(a), static_cast<double>(b))))
NACRE_OPERATION(Prelu, a < 0 ? b * a : a)
/** dy and y = elu(x): dy where y ≥ 0, else dy (y + 1). */
NACRE_OPERATION(EluGrad, b >= 0 ? a : a * (b + 1))
/** dy where y > 0, else 0: the gradient of relu from its output (or input). */
NACRE_OPERATION(ReluGrad, b > 0 ? a : (b != b ? b * a : T{}))
NACRE_OPERATION(Equal, static_cast<uint8_t>(a == b))
NACRE_OPERATION(NotEqual, static_cast<uint8_t>(a != b))
NACRE_OPERATION(Greater, static_cast<uint8_t>(a > b))
NACRE_OPERATION(GreaterEqual, static_cast<uint8_t>(a >= b))
NACRE_OPERATION(Less, static_cast<uint8_t>(a < b))
NACRE_OPERATION(LessEqual, static_cast<uint8_t>(a <= b))
NACRE_OPERATION(LogicalAnd, static_cast<uint8_t>(a && b))
NACRE_OPERATION(LogicalOr, static_cast<uint8_t>(a || b))

#define NACRE_ARITHMETIC(X) X(Add) X(Sub) X(Multiply) X(Maximum) X(Minimum) X(SquaredDifference)
#define NACRE_FLOATING(X) X(RealDiv) X(Mod) X(Pow) X(Atan2) X(Prelu) X(EluGrad) X(ReluGrad)
#define NACRE_COMPARISON(X) \
  X(Equal) X(NotEqual) X(Greater) X(GreaterEqual) X(Less) X(LessEqual) X(LogicalAnd) X(LogicalOr)

enum Operation {
#define X(name) operation##name,
  NACRE_ARITHMETIC(X) NACRE_FLOATING(X) NACRE_COMPARISON(X)
#undef X
      operations
};

template <class Operation, class T, class R>
void rows(Pool& pool, const Broadcast& shape, const T* a, const T* b, R* out) {
  const int64_t stepA = shape.left[0], stepB = shape.right[0];
  shape.each(pool, [&](int64_t fromA, int64_t fromB, int64_t to, int64_t count) {
    const T *left = a + fromA, *right = b + fromB;
    R* result = out + to;
    if (stepA == 1 && stepB == 1) {
      for (int64_t i = 0; i < count; i++) result[i] = Operation::run(left[i], right[i]);
    } else if (stepA == 1 && stepB == 0) {
      const T value = *right;
      for (int64_t i = 0; i < count; i++) result[i] = Operation::run(left[i], value);
    } else if (stepA == 0 && stepB == 1) {
      const T value = *left;
      for (int64_t i = 0; i < count; i++) result[i] = Operation::run(value, right[i]);
    } else {
      for (int64_t i = 0; i < count; i++) result[i] = Operation::run(left[i * stepA], right[i * stepB]);
    }
  });
}

/** (operation, a, b, out, shapes): the element types choose the loop. */
napi_value binary(const Arguments& arguments) {
  const int64_t operation = arguments.integer(0);
  const int64_t length = arguments.length(4);
  const Broadcast shape(arguments.integers(4, length), length);
  Pool& pool = arguments.pool();
  const napi_typedarray_type type = arguments.kind(1);
  if (type == napi_float32_array) {
    const float *a = arguments.floats(1, shape.leftElements), *b = arguments.floats(2, shape.rightElements);
    switch (operation) {
#define X(name) \
  case operation##name: rows<name>(pool, shape, a, b, arguments.floats(3, shape.elements)); return nullptr;
      NACRE_ARITHMETIC(X) NACRE_FLOATING(X)
#undef X
#define X(name) \
  case operation##name: rows<name>(pool, shape, a, b, arguments.bytes(3, shape.elements)); return nullptr;
          NACRE_COMPARISON(X)
#undef X
    }
  } else if (type == napi_int32_array) {
    const int32_t *a = arguments.integers(1, shape.leftElements), *b = arguments.integers(2, shape.rightElements);
    switch (operation) {
#define X(name) \
  case operation##name: rows<name>(pool, shape, a, b, arguments.integers(3, shape.elements)); return nullptr;
      NACRE_ARITHMETIC(X)
#undef X
#define X(name) \
  case operation##name: rows<name>(pool, shape, a, b, arguments.bytes(3, shape.elements)); return nullptr;
      NACRE_COMPARISON(X)
#undef X
    }
  } else if (type == napi_uint8_array) {
    const uint8_t *a = arguments.bytes(1, shape.leftElements), *b = arguments.bytes(2, shape.rightElements);
    switch (operation) {
#define X(name) \
  case operation##name: rows<name>(pool, shape, a, b, arguments.bytes(3, shape.elements)); return nullptr;
      NACRE_COMPARISON(X)
#undef X
    }
  }
  throw ArgumentError(ArgumentError::type, "expected an operation for these element types.");
}

}  // namespace

void addBinary(Exports& exports) {
  exports.add("binary", binary);
#define X(name) #name " "
  exports.text("binaryOperations", NACRE_ARITHMETIC(X) NACRE_FLOATING(X) NACRE_COMPARISON(X));
#undef X
}

}  // namespace NACRE_ISA
}  // namespace nacre
