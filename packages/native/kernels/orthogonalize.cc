// The orthogonal matrix nearest to one, roughly: what Muon makes of a momentum.
#include "gemm.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** `visit(i, j)` for the places above the diagonal of n × n, in squares whose lines stay in the first cache. */
template <class Visit>
void eachAbove(Pool& pool, int64_t n, const Visit& visit) {
  constexpr int64_t side = 16;
  const int64_t squares = ceilDivide(n, side);
  parallel(pool, squares, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      for (int64_t column = row; column < squares; column++) {
        for (int64_t i = row * side; i < lesser(n, (row + 1) * side); i++) {
          for (int64_t j = greater(i + 1, column * side); j < lesser(n, (column + 1) * side); j++) visit(i, j);
        }
      }
    }
  });
}

/** to = from / max(‖from‖, 1e-7), its squares summed in parts of fixed size; `partial` has room for one of each chunk. */
void normalize(Pool& pool, const float* from, float* to, int64_t count, double* partial) {
  parallel(pool, ceilDivide(count, chunkElements), 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t chunk = begin; chunk < end; chunk++) {
      double sum = 0.0;
      for (int64_t i = chunk * chunkElements; i < lesser(count, (chunk + 1) * chunkElements); i++) {
        sum += static_cast<double>(from[i]) * from[i];
      }
      partial[chunk] = sum;
    }
  });
  double sum = 0.0;
  for (int64_t chunk = 0; chunk < ceilDivide(count, chunkElements); chunk++) sum += partial[chunk];
  const double norm = sqrt(sum);
  // A NaN goes through.
  const float factor = static_cast<float>(1.0 / (norm < 1e-7 ? 1e-7 : norm));
  parallel(pool, count, chunkElements, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) to[i] = from[i] * factor;
  });
}

/**
 * (matrix, out, scratch, rows, columns, iterations): Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural
 * networks". Of X / ‖X‖, `iterations` times, X ← (a I + b G + c G²) X with G = X Xᵀ; where X is tall, X (a I + b G + c G²) with
 * G = Xᵀ X, which is the same and smaller. G and G² are symmetric: what lies below their diagonals is copied, not computed.
 * Scratch: 2 n² + rows · columns floats, n the lesser of both.
 */
napi_value orthogonalize(const Arguments& arguments) {
  constexpr float a = 3.4445f, b = -4.775f, c = 2.0315f;
  const int64_t rows = arguments.size(3), columns = arguments.size(4), iterations = arguments.size(5);
  const int64_t sizes[] = {rows, columns}, count = volume(sizes, 2), n = lesser(rows, columns);
  const int64_t square[] = {n, n}, area = volume(square, 2);
  const float* matrix = arguments.floats(0, count);
  float *out = arguments.floats(1, count), *gram = arguments.floats(2, 2 * area + count);
  if (count == 0) return nullptr;
  float *polynomial = gram + area, *other = polynomial + area;
  Pool& pool = arguments.pool();
  // The last iteration has to end in `out`.
  float *x = iterations % 2 == 0 ? out : other, *next = iterations % 2 == 0 ? other : out;
  normalize(pool, matrix, x, count,
            static_cast<double*>(pool.shared(static_cast<size_t>(ceilDivide(count, chunkElements)) * sizeof(double))));
  const bool tall = rows > columns;
  for (int64_t iteration = 0; iteration < iterations; iteration++) {
    const Matrix upright{x, columns, 1}, turned{x, 1, columns};
    multiply(pool, {n, n, tall ? rows : columns}, tall ? turned : upright, tall ? upright : turned,
             Output{gram, n, false, {}, true});
    eachAbove(pool, n, [&](int64_t i, int64_t j) { gram[j * n + i] = gram[i * n + j]; });
    multiply(pool, {n, n, n}, Matrix{gram, n, 1}, Matrix{gram, n, 1}, Output{polynomial, n, false, {}, true});
    eachAbove(pool, n, [&](int64_t i, int64_t j) {
      polynomial[i * n + j] = polynomial[j * n + i] = b * gram[i * n + j] + c * polynomial[i * n + j];
    });
    for (int64_t i = 0; i < n; i++) {
      float& place = polynomial[i * n + i];
      place = a + (b * gram[i * n + i] + c * place);
    }
    const Matrix factor{polynomial, n, 1};
    multiply(pool, {rows, columns, n}, tall ? upright : factor, tall ? factor : upright, Output{next, columns});
    float* const done = next;
    next = x;
    x = done;
  }
  return nullptr;
}

}  // namespace

void addOrthogonalize(Exports& exports) { exports.add("orthogonalize", orthogonalize); }

}  // namespace NACRE_ISA
}  // namespace nacre
