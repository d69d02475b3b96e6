// Convolution with every lane at an image of its own. Products with few columns leave lanes idle, and gathering patches costs as much
// as multiplying them; here W images are interleaved (element by element, image after image), a line at a time, and sums run
// directly over taps and channels, whatever their number. Lines get zeros for the padding beside an image; taps above and below
// it are left out.
#include "interleaved.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** Results whose sums are in registers at once: so many pixels, or taps, of so many channels. */
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int mostPixels = 4, mostChannels = 6;
#else
constexpr int mostPixels = 3, mostChannels = 4;
#endif
/** Interleaved lines of a band of results stay in a second-level cache. */
constexpr int64_t bandFloats = int64_t{1} << 17;
/** Of a thread: lines that a row of results reads, or sums of a gradient of filters. */
constexpr int64_t mostLines = int64_t{1} << 20, mostSums = int64_t{1} << 19;
/** Fewer results of an image have too few sums to keep the multipliers busy. */
constexpr int64_t leastResults = 16;
/** Rows of results that are worth a task. */
constexpr int64_t leastRows = 4;
/** Parts of a gradient of filters that are summed apart, then in order. */
constexpr int64_t mostParts = 32;
/** Pixels of a gradient for which sums of one tile stay in registers: what they multiply stays in a first-level cache. */
constexpr int64_t pixelsAtOnce = 32;

/** to[i · W + image]: element i of the lines of `count` images, which are `stride` apart; 0 for images beyond. */
NACRE_INLINE void interleaveImages(float* to, const float* from, int64_t stride, int64_t count, int64_t length) {
  for (int64_t i = 0; i < length; i += W) {
    const int64_t rest = length - i;
    const auto put = [&](int q, Vector images) {
      if (q < rest) store(to + (i + q) * W, images);
    };
    if (rest >= W && count == W) {
      turnSquare([&](int q) { return load(from + q * stride + i); }, put);
    } else {
      turnSquare([&](int q) { return q < count ? loadPart(from + q * stride + i, rest) : Vector{}; }, put);
    }
  }
}

/** The other way round. */
NACRE_INLINE void separateImages(float* to, const float* from, int64_t stride, int64_t count, int64_t length) {
  for (int64_t i = 0; i < length; i += W) {
    const int64_t rest = length - i;
    turnSquare([&](int q) { return q < rest ? load(from + (i + q) * W) : Vector{}; },
               [&](int q, Vector line) {
                 if (q < count) storePart(to + q * stride + i, line, rest);
               });
  }
}

/** How results read interleaved lines. */
struct Lines {
  const Geometry& g;
  /** Pixels in a line: all that results read, with zeros where the image has none. */
  int64_t pixels, floats;

  explicit Lines(const Geometry& g)
      : g(g), pixels((g.outWidth - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1), floats(pixels * g.inChannels * W) {}

  /** Lines of the image that rows [first, end) of results read: from `first` on, up to `end`. */
  int64_t start(int64_t first) const { return lesser(g.inHeight, greater(0, first * g.strideHeight - g.padTop)); }
  int64_t end(int64_t end) const {
    const int64_t behind = (end - 1) * g.strideHeight - g.padTop + (g.kernelHeight - 1) * g.dilationHeight + 1;
    return lesser(g.inHeight, greater(0, behind));
  }
  /** At most, for so many rows of results. */
  int64_t most(int64_t rows) const {
    return lesser(g.inHeight, (rows - 1) * g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1);
  }

  /** Lines [first, end) of `count` images from `image` on. */
  void interleave(float* to, const float* x, int64_t image, int64_t count, int64_t first, int64_t end) const {
    const int64_t line = g.inWidth * g.inChannels, step = g.inHeight * line;
    // Pixels [left, right) of a line are the image's.
    const int64_t left = lesser(pixels, greater(0, g.padLeft)), right = greater(left, lesser(pixels, g.inWidth + g.padLeft));
    const float* from = x + image * step + (left - g.padLeft) * g.inChannels;
    const int64_t pixel = g.inChannels * W;
    for (int64_t y = first; y < end; y++, to += floats) {
      clearFloats(to, left * pixel);
      interleaveImages(to + left * pixel, from + y * line, step, count, (right - left) * g.inChannels);
      clearFloats(to + right * pixel, (pixels - right) * pixel);
    }
  }
};

/** Taps of a line whose values are neighbours: all of them, or with dilation one after another. */
struct Pieces {
  int64_t count, step, values;

  explicit Pieces(const Geometry& g)
      : count(g.dilationWidth == 1 ? 1 : g.kernelWidth),
        step(g.dilationWidth * g.inChannels * W),
        values(g.dilationWidth == 1 ? g.kernelWidth * g.inChannels : g.inChannels) {}
};

/** A row of results from rows of taps [firstY, lastY), the first of which read at `line`. */
struct Row {
  const float* line;
  int64_t lineStep, pixelStep, taps;
  Pieces pieces;
  /** Of the first of these taps: a row of `channels` for each value. */
  const float* weights;
  int64_t channels;
  const Epilogue& epilogue;
  float* to;
};

template <int PIXELS, int CHANNELS>
__attribute__((noinline)) void results(const Row& row, int64_t pixel, int64_t channel) {
  Vector sums[PIXELS][CHANNELS] = {};
  const float* line = row.line + pixel * row.pixelStep;
  const float* weights = row.weights + channel;
  for (int64_t tap = 0; tap < row.taps; tap++, line += row.lineStep) {
    for (int64_t piece = 0; piece < row.pieces.count; piece++) {
      const float* value = line + piece * row.pieces.step;
      for (int64_t each = 0; each < row.pieces.values; each++, value += W, weights += row.channels) {
        Vector values[PIXELS];
#pragma GCC unroll 4
        for (int p = 0; p < PIXELS; p++) values[p] = load(value + p * row.pixelStep);
#pragma GCC unroll 6
        for (int c = 0; c < CHANNELS; c++) {
          const Vector weight = splat(weights[c]);
#pragma GCC unroll 4
          for (int p = 0; p < PIXELS; p++) sums[p][c] += values[p] * weight;
        }
      }
    }
  }
  for (int p = 0; p < PIXELS; p++) {
    float* to = row.to + ((pixel + p) * row.channels + channel) * W;
    for (int c = 0; c < CHANNELS; c++) {
      Vector value = sums[p][c];
      if (row.epilogue.bias != nullptr) value += splat(row.epilogue.bias[channel + c]);
      store(to + c * W, activate(value, row.epilogue));
    }
  }
}

/** work(first, Constant<n>) for parts of [0, count) of nearly the same size n, none larger than MOST. */
template <int MOST, class Work>
NACRE_INLINE void evenly(int64_t count, const Work& work) {
  const int64_t parts = ceilDivide(count, MOST);
  for (int64_t part = 0; part < parts; part++) {
    const int64_t first = count * part / parts;
    withSize<MOST>(count * (part + 1) / parts - first, [&](auto size) { work(first, size); });
  }
}

/** Rows of results whose lines, of images and perhaps of results, fit in `bandFloats`. */
int64_t bandRows(const Lines& lines, int64_t resultFloats) {
  int64_t rows = 1;
  while (rows < lines.g.outHeight && lines.most(rows + 1) * lines.floats + (rows + 1) * resultFloats <= bandFloats) rows++;
  return rows;
}

/** Sums over the pixels of some rows, for taps and channels that begin at `line` and `gradient`. */
struct Pixels {
  int64_t rows, width, lineStep, pixelStep, channels;
};

template <int TAPS, int CHANNELS>
__attribute__((noinline)) void gradients(const Pixels& pixels, const float* line, const float* gradient, float* to) {
  Vector sums[TAPS][CHANNELS];
  for (int t = 0; t < TAPS; t++) {
    for (int c = 0; c < CHANNELS; c++) sums[t][c] = load(to + (t * pixels.channels + c) * W);
  }
  for (int64_t y = 0; y < pixels.rows; y++, line += pixels.lineStep) {
    const float* value = line;
    for (int64_t x = 0; x < pixels.width; x++, value += pixels.pixelStep, gradient += pixels.channels * W) {
      Vector values[TAPS];
#pragma GCC unroll 4
      for (int t = 0; t < TAPS; t++) values[t] = load(value + t * W);
#pragma GCC unroll 6
      for (int c = 0; c < CHANNELS; c++) {
        const Vector each = load(gradient + c * W);
#pragma GCC unroll 4
        for (int t = 0; t < TAPS; t++) sums[t][c] += values[t] * each;
      }
    }
  }
  for (int t = 0; t < TAPS; t++) {
    for (int c = 0; c < CHANNELS; c++) store(to + (t * pixels.channels + c) * W, sums[t][c]);
  }
}

/** Adds the gradient of rows [first, end) of results to sums [tap, in, out] of W lanes. */
void addRows(const Lines& lines, const float* images, int64_t start, const float* gradient, int64_t first, int64_t end, float* sums) {
  const Geometry& g = lines.g;
  const Pieces pieces(g);
  const int64_t line = g.kernelWidth * g.inChannels;
  for (int64_t tap = 0; tap < g.kernelHeight; tap++) {
    // Rows that read within the image here.
    const int64_t up = g.padTop - tap * g.dilationHeight;
    const int64_t from = greater(first, ceilDivide(greater(0, up), g.strideHeight));
    const int64_t to = g.inHeight + up <= 0 ? from : lesser(end, (g.inHeight + up - 1) / g.strideHeight + 1);
    if (from >= to) continue;
    const Pixels pixels{to - from, g.outWidth, g.strideHeight * lines.floats, g.strideWidth * g.inChannels * W, g.outChannels};
    const float* image = images + (from * g.strideHeight - up - start) * lines.floats;
    for (int64_t piece = 0; piece < pieces.count; piece++) {
      evenly<mostPixels>(pieces.values, [&](int64_t value, auto values) {
        evenly<mostChannels>(g.outChannels, [&](int64_t channel, auto channels) {
          const float* dy = gradient + ((from - first) * g.outWidth * g.outChannels + channel) * W;
          float* place = sums + ((tap * line + piece * pieces.values + value) * g.outChannels + channel) * W;
          gradients<values.value, channels.value>(pixels, image + piece * pieces.step + value * W, dy, place);
        });
      });
    }
  }
}

}  // namespace

bool fitsInterleaved(const Geometry& g, int64_t summed, int64_t results) {
  if (g.taps() <= 1 || g.inSize() == 0 || g.outHeight * g.outWidth < leastResults) return false;
  if (g.inChannels * g.outChannels > 4096 || g.dilationHeight > 4) return false;
  // Lanes without an image must be few; and interleaving be less than the sums, or products with these results idle lanes.
  const int64_t blocks = ceilDivide(g.batch, W);
  if (4 * g.batch < 3 * blocks * W || (g.taps() * summed < 64 && results > 32)) return false;
  const Lines lines(g);
  return blocks * ceilDivide(g.outHeight, leastRows) >= 4 && lines.pixels <= mostLines &&
         (lines.most(1) + 1) * lines.pixels * greater(g.inChannels, g.outChannels) * W <= mostLines;
}

bool fitsInterleavedFilterGradient(const Geometry& g) {
  // Every part keeps sums of all lanes, and fills and adds them up.
  return fitsInterleaved(g, g.inChannels, g.outChannels) && g.outHeight * g.outWidth >= pixelsAtOnce &&
         g.taps() * g.inChannels * g.outChannels * W <= mostSums;
}

void interleaved(Pool& pool, const Geometry& g, const float* x, const float* filter, float* out, const Epilogue& epilogue) {
  const Lines lines(g);
  const Pieces pieces(g);
  const int64_t blocks = ceilDivide(g.batch, W), rowFloats = g.outWidth * g.outChannels, step = g.outHeight * rowFloats;
  // Where blocks of images do not keep the threads busy, their rows are shared out too.
  const int64_t wanted = ceilDivide(4 * pool.threads(), blocks);
  const int64_t rows = lesser(bandRows(lines, 0), greater(leastRows, ceilDivide(g.outHeight, wanted)));
  const int64_t bands = ceilDivide(g.outHeight, rows);
  const int64_t imageFloats = lines.most(rows) * lines.floats;
  pool.reserve(static_cast<size_t>(imageFloats + rowFloats * W) * 4);
  parallel(pool, blocks * bands, 1, [&](int64_t begin, int64_t finish, int slot) {
    float* images = static_cast<float*>(pool.scratch(slot));
    float* apart = images + imageFloats;
    for (int64_t task = begin; task < finish; task++) {
      const int64_t image = task / bands * W, count = lesser(W, g.batch - image);
      const int64_t first = task % bands * rows, end = lesser(g.outHeight, first + rows), start = lines.start(first);
      lines.interleave(images, x, image, count, start, lines.end(end));
      for (int64_t y = first; y < end; y++) {
        int64_t firstTap, lastTap;
        const int64_t top = y * g.strideHeight - g.padTop;
        within(top, g.dilationHeight, g.kernelHeight, g.inHeight, firstTap, lastTap);
        const Row row{images + (top + firstTap * g.dilationHeight - start) * lines.floats,
                      g.dilationHeight * lines.floats,
                      g.strideWidth * g.inChannels * W,
                      lastTap - firstTap,
                      pieces,
                      filter + firstTap * g.kernelWidth * g.inChannels * g.outChannels,
                      g.outChannels,
                      epilogue,
                      apart};
        evenly<mostChannels>(g.outChannels, [&](int64_t channel, auto channels) {
          evenly<mostPixels>(g.outWidth, [&](int64_t pixel, auto pixels) { results<pixels.value, channels.value>(row, pixel, channel); });
        });
        separateImages(out + image * step + y * rowFloats, apart, step, count, rowFloats);
      }
    }
  });
}

void interleavedInputGradient(Pool& pool, const Geometry& g, const float* dy, const float* filter, float* dx) {
  // A convolution of the other one's results, with the filter's taps in reverse and its channels exchanged.
  Geometry turned = g;
  turned.inHeight = g.outHeight, turned.inWidth = g.outWidth, turned.inChannels = g.outChannels;
  turned.outHeight = g.inHeight, turned.outWidth = g.inWidth, turned.outChannels = g.inChannels;
  turned.padTop = (g.kernelHeight - 1) * g.dilationHeight - g.padTop;
  turned.padLeft = (g.kernelWidth - 1) * g.dilationWidth - g.padLeft;
  const int64_t size = g.inChannels * g.outChannels;
  float* weights = static_cast<float*>(pool.shared(static_cast<size_t>(g.taps() * size) * 4));
  for (int64_t tap = 0; tap < g.taps(); tap++) {
    const float* from = filter + (g.taps() - 1 - tap) * size;
    for (int64_t o = 0; o < g.outChannels; o++) {
      for (int64_t i = 0; i < g.inChannels; i++) weights[tap * size + o * g.inChannels + i] = from[i * g.outChannels + o];
    }
  }
  interleaved(pool, turned, dy, weights, dx, Epilogue{});
}

void interleavedFilterGradient(Pool& pool, const Geometry& g, const float* x, const float* dy, float* dFilter) {
  const Lines lines(g);
  const int64_t elements = g.taps() * g.inChannels * g.outChannels;
  const int64_t rowFloats = g.outWidth * g.outChannels, step = g.outHeight * rowFloats;
  // Which parts there are does not depend on the threads.
  const int64_t blocks = ceilDivide(g.batch, W), rows = lesser(bandRows(lines, rowFloats * W), ceilDivide(g.outHeight, ceilDivide(mostParts / 2, blocks)));
  const int64_t bands = ceilDivide(g.outHeight, rows), units = blocks * bands, parts = lesser(mostParts, units);
  const int64_t atOnce = greater(1, pixelsAtOnce / g.outWidth);
  const int64_t imageFloats = lines.most(rows) * lines.floats, gradientFloats = rows * rowFloats * W, sumFloats = ceilDivide(elements, W) * W * W;
  pool.reserve(static_cast<size_t>(imageFloats + gradientFloats + sumFloats) * 4);
  float* partial = static_cast<float*>(pool.shared(static_cast<size_t>(parts * elements) * 4));
  parallel(pool, parts, 1, [&](int64_t begin, int64_t finish, int slot) {
    float* images = static_cast<float*>(pool.scratch(slot));
    float* gradient = images + imageFloats;
    float* sums = gradient + gradientFloats;
    for (int64_t part = begin; part < finish; part++) {
      clearFloats(sums, sumFloats);
      for (int64_t unit = units * part / parts; unit < units * (part + 1) / parts; unit++) {
        const int64_t image = unit / bands * W, count = lesser(W, g.batch - image);
        const int64_t first = unit % bands * rows, end = lesser(g.outHeight, first + rows), start = lines.start(first);
        lines.interleave(images, x, image, count, start, lines.end(end));
        for (int64_t y = first; y < end; y++) {
          interleaveImages(gradient + (y - first) * rowFloats * W, dy + image * step + y * rowFloats, step, count, rowFloats);
        }
        for (int64_t y = first; y < end; y += atOnce) {
          addRows(lines, images, start, gradient + (y - first) * rowFloats * W, y, lesser(end, y + atOnce), sums);
        }
      }
      for (int64_t i = 0; i < elements; i += W) {
        Vector square[W];
        for (int q = 0; q < W; q++) square[q] = load(sums + (i + q) * W);
        transposeSquare(square);
        for (int q = 1; q < W; q++) square[0] += square[q];
        storePart(partial + part * elements + i, square[0], elements - i);
      }
    }
  });
  for (int64_t i = 0; i < elements; i += W) {
    Vector sum = {};
    for (int64_t part = 0; part < parts; part++) sum += loadPart(partial + part * elements + i, elements - i);
    storePart(dFilter + i, sum, elements - i);
  }
}

}  // namespace NACRE_ISA
}  // namespace nacre
