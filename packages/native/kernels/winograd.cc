// 3 × 3 convolution with Winograd's algorithm, F(4 × 4, 3 × 3), as in Lavin and Gray 2016, "Fast Algorithms for Convolutional
// Neural Networks": tiles of 6 × 6 pixels become 36 values per channel, at each of which the convolution is a product of matrices,
// [tiles, in] · [in, out]. The points are 0, -1, 1, 1/2, -2 and ∞, which Barabasz et al. 2020, "Error Analysis and Improving the
// Accuracy of Winograd Convolution for Deep Neural Networks", found to round best: errors are two or three times those of direct
// sums. What is infinite becomes NaN, and reaches all of its tiles.
#include "winograd.h"

#include "gemm.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** Pixels of a tile along an axis, after and before; and how many values a transformed tile has. */
constexpr int64_t outSide = 4, inSide = 6, points = inSide * inSide;
/** What is transformed before its products stays in a cache, and its products too: so many floats, or tiles if those are more. */
constexpr int64_t floatsAtOnce = int64_t{1} << 21, leastTiles = 192;
/** Rows of a product that one thread takes at a time. */
constexpr int64_t productRows = 192;

/** Six pixels of an image in a line. */
struct ImageLine {
  static constexpr int from = inSide, to = inSide;
  static NACRE_INLINE void transform(const Vector (&d)[from], Vector (&v)[to]) {
    v[0] = d[0] + d[4] + 1.5f * (d[3] - d[1]) - 2.0f * d[2];
    v[1] = d[1] + d[4] - 2.5f * d[2] + 0.5f * d[3];
    v[2] = d[4] - d[1] + 0.5f * d[2] + 2.5f * d[3];
    v[3] = d[4] - d[2] + 2.0f * (d[3] - d[1]);
    v[4] = d[4] - d[2] + 0.5f * (d[1] - d[3]);
    v[5] = d[1] + d[5] + 1.5f * (d[4] - d[2]) - 2.0f * d[3];
  }
};

/** Three taps of a filter; or four gradients in a line, which are the filter of the filter's gradient. */
template <int TAPS>
struct FilterLine {
  static constexpr int from = TAPS, to = inSide;
  static NACRE_INLINE void transform(const Vector (&w)[from], Vector (&u)[to]) {
    Vector even = w[0] + w[2], odd = w[1], half = w[0] + 0.5f * w[1] + 0.25f * w[2], two = w[0] - 2.0f * w[1] + 4.0f * w[2];
    if constexpr (TAPS == 4) {
      odd += w[3];
      half += 0.125f * w[3];
      two -= 8.0f * w[3];
    }
    u[0] = w[0];
    u[1] = (odd - even) * (1.0f / 3.0f);
    u[2] = (odd + even) * (1.0f / 3.0f);
    u[3] = half * (-16.0f / 15.0f);
    u[4] = two * (1.0f / 15.0f);
    u[5] = w[TAPS - 1];
  }
};

/** Four pixels of a result; or three taps of a gradient. */
template <int RESULTS>
struct ResultLine {
  static constexpr int from = inSide, to = RESULTS;
  static NACRE_INLINE void transform(const Vector (&m)[from], Vector (&y)[to]) {
    const Vector sum = m[1] + m[2], difference = m[2] - m[1];
    y[0] = m[0] + sum + m[3] + m[4];
    y[1] = difference + 0.5f * m[3] - 2.0f * m[4];
    y[2] = sum + 0.25f * m[3] + 4.0f * m[4];
    if constexpr (RESULTS == 4) y[3] = difference + 0.125f * m[3] - 8.0f * m[4];
    y[RESULTS - 1] += m[5];
  }
};

/** Along both axes. */
template <class Line>
NACRE_INLINE void transform(const Vector (&from)[Line::from][Line::from], Vector (&to)[Line::to][Line::to]) {
  Vector half[Line::from][Line::to];
#pragma GCC unroll 6
  for (int i = 0; i < Line::from; i++) Line::transform(from[i], half[i]);
#pragma GCC unroll 6
  for (int j = 0; j < Line::to; j++) {
    Vector column[Line::from], done[Line::to];
#pragma GCC unroll 6
    for (int i = 0; i < Line::from; i++) column[i] = half[i][j];
    Line::transform(column, done);
#pragma GCC unroll 6
    for (int i = 0; i < Line::to; i++) to[i][j] = done[i];
  }
}

/** Of an image. */
struct Size {
  int64_t height, width, channels;
};

/** Tiles of all images, each `outSide` further than the last; an image's first begins at (startY, startX). */
struct Tiles {
  int64_t high, wide, startY, startX;

  static Tiles of(const Size& result, int64_t startY, int64_t startX) {
    return {ceilDivide(result.height, outSide), ceilDivide(result.width, outSide), startY, startX};
  }
  void corner(int64_t tile, int64_t& n, int64_t& y, int64_t& x) const {
    x = tile % wide * outSide + startX;
    y = tile / wide % high * outSide + startY;
    n = tile / wide / high;
  }
};

/** How many tiles are transformed at once. */
int64_t tilesAtOnce(int64_t tiles, int64_t channels) {
  const int64_t most = greater(leastTiles, floatsAtOnce / (points * channels));
  return ceilDivide(tiles, ceilDivide(tiles, most));
}

/** A matrix [rows, columns] for each point; a vector lies between them, so that they do not begin in the same set of a cache. */
struct Planes {
  float* data;
  int64_t rows, columns;

  static int64_t size(int64_t rows, int64_t columns) { return points * (rows * columns + W); }
  float* plane(int64_t point) const { return data + point * (rows * columns + W); }

  NACRE_INLINE void read(Vector (&values)[inSide][inSide], int64_t offset, int64_t width) const {
#pragma GCC unroll 36
    for (int point = 0; point < points; point++) {
      values[point / inSide][point % inSide] = loadPart(plane(point) + offset, width);
    }
  }
  NACRE_INLINE void write(const Vector (&values)[inSide][inSide], int64_t offset, int64_t width) const {
#pragma GCC unroll 36
    for (int point = 0; point < points; point++) {
      storePart(plane(point) + offset, values[point / inSide][point % inSide], width);
    }
  }
};

/** Tiles [first, first + planes.rows), as many pixels wide as the lines; those outside of the images are 0. */
template <class Line>
void transformTiles(Pool& pool, const float* images, const Size& size, const Tiles& tiles, int64_t first, const Planes& planes) {
  parallel(pool, planes.rows, rowsPerChunk(points * size.channels), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      int64_t n, top, left;
      tiles.corner(first + row, n, top, left);
      for (int64_t c = 0; c < size.channels; c += W) {
        const int64_t lanes = size.channels - c;
        Vector pixels[Line::from][Line::from], values[inSide][inSide];
#pragma GCC unroll 6
        for (int i = 0; i < Line::from; i++) {
#pragma GCC unroll 6
          for (int j = 0; j < Line::from; j++) {
            const int64_t y = top + i, x = left + j;
            const bool inside = y >= 0 && y < size.height && x >= 0 && x < size.width;
            pixels[i][j] = inside ? loadPart(images + ((n * size.height + y) * size.width + x) * size.channels + c, lanes) : Vector{};
          }
        }
        transform<Line>(pixels, values);
        planes.write(values, row * size.channels + c, lanes);
      }
    }
  });
}

/** Filters [3, 3, in, out] as planes [in, out]; `turned` by half a turn. */
void transformFilters(Pool& pool, const float* filter, bool turned, const Planes& planes) {
  const int64_t inputs = planes.rows, outputs = planes.columns;
  parallel(pool, inputs, rowsPerChunk(points * outputs), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      for (int64_t k = 0; k < outputs; k += W) {
        Vector taps[3][3], values[inSide][inSide];
#pragma GCC unroll 9
        for (int tap = 0; tap < 9; tap++) {
          taps[tap / 3][tap % 3] = loadPart(filter + ((turned ? 8 - tap : tap) * inputs + row) * outputs + k, outputs - k);
        }
        transform<FilterLine<3>>(taps, values);
        planes.write(values, row * outputs + k, outputs - k);
      }
    }
  });
}

/** Results of tiles [first, first + planes.rows), with bias and activation. */
void writeTiles(Pool& pool, const Planes& planes, const Tiles& tiles, int64_t first, float* out, const Size& size,
                const Epilogue& epilogue) {
  parallel(pool, planes.rows, rowsPerChunk(points * size.channels), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      int64_t n, y, x;
      tiles.corner(first + row, n, y, x);
      const int64_t high = lesser(outSide, size.height - y), wide = lesser(outSide, size.width - x);
      for (int64_t k = 0; k < size.channels; k += W) {
        const int64_t lanes = size.channels - k;
        Vector values[inSide][inSide], pixels[outSide][outSide];
        planes.read(values, row * size.channels + k, lanes);
        transform<ResultLine<4>>(values, pixels);
        const Vector bias = epilogue.bias == nullptr ? Vector{} : loadPart(epilogue.bias + k, lanes);
        for (int64_t i = 0; i < high; i++) {
          float* line = out + (((n * size.height + y + i) * size.width) + x) * size.channels + k;
          for (int64_t j = 0; j < wide; j++) {
            storePart(line + j * size.channels, activate(pixels[i][j] + bias, epilogue), lanes);
          }
        }
      }
    }
  });
}

/** out = images ∗ filters [3, 3, in, out]; with filters turned, it is images of `out` channels that are convolved. */
void convolve(Pool& pool, int64_t batch, const float* images, const Size& from, float* out, const Size& to, int64_t padTop,
              int64_t padLeft, const float* filter, bool turned, const Epilogue& epilogue) {
  const Tiles tiles = Tiles::of(to, -padTop, -padLeft), places = Tiles::of(to, 0, 0);
  const int64_t all = batch * tiles.high * tiles.wide;
  if (all == 0) return;
  const int64_t most = tilesAtOnce(all, from.channels + to.channels);
  const int64_t filterFloats = Planes::size(from.channels, to.channels), imageFloats = Planes::size(most, from.channels);
  const int64_t floats = filterFloats + imageFloats + Planes::size(most, to.channels);
  float* scratch = static_cast<float*>(pool.shared(static_cast<size_t>(floats) * 4));
  const Planes filters = turned ? Planes{scratch, to.channels, from.channels} : Planes{scratch, from.channels, to.channels};
  transformFilters(pool, filter, turned, filters);
  pool.reserve(aloneBytes);
  for (int64_t first = 0; first < all; first += most) {
    const int64_t rows = lesser(most, all - first), parts = ceilDivide(rows, productRows);
    const Planes transformed{scratch + filterFloats, rows, from.channels};
    const Planes products{transformed.data + imageFloats, rows, to.channels};
    transformTiles<ImageLine>(pool, images, from, tiles, first, transformed);
    parallel(pool, points * parts, 1, [&](int64_t begin, int64_t end, int slot) {
      for (int64_t each = begin; each < end; each++) {
        const int64_t point = each / parts, row = each % parts * productRows;
        const float* plane = filters.plane(point);
        multiplyAlone(Shape{lesser(productRows, rows - row), to.channels, from.channels},
                      Matrix{transformed.plane(point) + row * from.channels, from.channels, 1},
                      turned ? Matrix{plane, 1, from.channels} : Matrix{plane, to.channels, 1},
                      Output{products.plane(point) + row * to.channels, to.channels}, pool.scratch(slot));
      }
    });
    writeTiles(pool, products, places, first, out, to, epilogue);
  }
}

Size inputSize(const Geometry& g) { return {g.inHeight, g.inWidth, g.inChannels}; }
Size outputSize(const Geometry& g) { return {g.outHeight, g.outWidth, g.outChannels}; }

}  // namespace

bool fitsWinograd(const Geometry& g) {
  const Tiles tiles = Tiles::of(outputSize(g), 0, 0);
  const int64_t each = tiles.high * tiles.wide;
  return g.kernelHeight == 3 && g.kernelWidth == 3 && g.strideHeight == 1 && g.strideWidth == 1 && g.dilationHeight == 1 &&
         g.dilationWidth == 1 &&
         // Few channels are less work than their transforms; transformed filters take four times the memory of filters, which few
         // tiles do not repay; and tiles are computed whole.
         g.inChannels >= 32 && g.outChannels >= 32 &&
         g.inChannels * g.outChannels <= (int64_t{1} << 20) && g.batch * each >= 24 && g.outHeight * g.outWidth >= 8 * each;
}

void winograd(Pool& pool, const Geometry& g, const float* x, const float* filter, float* out, const Epilogue& epilogue) {
  convolve(pool, g.batch, x, inputSize(g), out, outputSize(g), g.padTop, g.padLeft, filter, false, epilogue);
}

void winogradInputGradient(Pool& pool, const Geometry& g, const float* dy, const float* filter, float* dx) {
  convolve(pool, g.batch, dy, outputSize(g), dx, inputSize(g), 2 - g.padTop, 2 - g.padLeft, filter, true, {});
}

/** F(3 × 3, 4 × 4): tiles of x convolved with tiles of dy. Sums over all tiles are transformed once, at the end. */
void winogradFilterGradient(Pool& pool, const Geometry& g, const float* x, const float* dy, float* dFilter) {
  const int64_t inputs = g.inChannels, outputs = g.outChannels;
  const Tiles tiles = Tiles::of(outputSize(g), -g.padTop, -g.padLeft), places = Tiles::of(outputSize(g), 0, 0);
  const int64_t all = g.batch * tiles.high * tiles.wide, most = tilesAtOnce(all, inputs + outputs);
  const int64_t sumFloats = Planes::size(inputs, outputs), leftFloats = Planes::size(most, inputs);
  const int64_t floats = sumFloats + leftFloats + Planes::size(most, outputs);
  const Planes sums{static_cast<float*>(pool.shared(static_cast<size_t>(floats) * 4)), inputs, outputs};
  pool.reserve(aloneBytes);
  for (int64_t first = 0; first < all; first += most) {
    const int64_t rows = lesser(most, all - first);
    const Planes left{sums.data + sumFloats, rows, inputs}, right{left.data + leftFloats, rows, outputs};
    transformTiles<ImageLine>(pool, x, inputSize(g), tiles, first, left);
    transformTiles<FilterLine<4>>(pool, dy, outputSize(g), places, first, right);
    parallel(pool, points, 1, [&](int64_t begin, int64_t end, int slot) {
      for (int64_t point = begin; point < end; point++) {
        multiplyAlone(Shape{inputs, outputs, rows}, Matrix{left.plane(point), 1, inputs}, Matrix{right.plane(point), outputs, 1},
                      Output{sums.plane(point), outputs, first > 0}, pool.scratch(slot));
      }
    });
  }
  parallel(pool, inputs, rowsPerChunk(points * outputs), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      for (int64_t k = 0; k < outputs; k += W) {
        Vector values[inSide][inSide], taps[3][3];
        sums.read(values, row * outputs + k, outputs - k);
        transform<ResultLine<3>>(values, taps);
#pragma GCC unroll 9
        for (int tap = 0; tap < 9; tap++) {
          storePart(dFilter + (tap * inputs + row) * outputs + k, taps[tap / 3][tap % 3], outputs - k);
        }
      }
    }
  });
}

}  // namespace NACRE_ISA
}  // namespace nacre
