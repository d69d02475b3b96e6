// 2-D convolution of [batch, height, width, channels] as a product: patches are gathered while they are packed (im2col that is
// never written out). Both gradients are the same product with other patches. Two kinds have better ways: winograd.h, interleaved.h.
#include "gemm.h"
#include "interleaved.h"
#include "windows.h"
#include "winograd.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** Where a filter's tap reads, relative to a patch's corner, and which of the filter's taps it is. */
struct Tap {
  int64_t y, x, index;
};

/** Neighbouring taps, whose pixels are neighbours in memory: columns [first, first + taps · channels) of the patches. */
struct Segment {
  int64_t y, x, taps, first;
};

/** A row of patches may leave the image: what it reads then is put together here. */
constexpr int64_t edgeFloats = 512;

/** Rows are patches of an image, columns (tap, channel). */
struct Patches {
  const float* image;
  int64_t height, width, channels;
  /** Patches per image, and how far apart their corners are. */
  int64_t rowsHigh, rowsWide, stepY, stepX, startY, startX;
  const Segment* segments;
  int64_t segmentCount;
  /** As many zeros as there are channels. */
  const float* zeros;
  static constexpr bool direct = false;

  void corner(int64_t row, int64_t& n, int64_t& y, int64_t& x) const {
    x = row % rowsWide * stepX + startX;
    y = row / rowsWide % rowsHigh * stepY + startY;
    n = row / rowsWide / rowsHigh;
  }

  /** A segment of the patch whose corner is at (y, x): in the image, or put together in `edge`. */
  NACRE_INLINE const float* read(const Segment& segment, int64_t n, int64_t y, int64_t x, float* edge) const {
    const int64_t line = y + segment.y, from = x + segment.x;
    const bool inside = line >= 0 && line < height;
    if (inside && from >= 0 && from + segment.taps <= width) {
      return image + ((n * height + line) * width + from) * channels;
    }
    if (segment.taps == 1) return zeros;
    for (int64_t tap = 0; tap < segment.taps; tap++) {
      const bool here = inside && from + tap >= 0 && from + tap < width;
      const float* pixel = here ? image + ((n * height + line) * width + from + tap) * channels : zeros;
      for (int64_t c = 0; c < channels; c++) edge[tap * channels + c] = pixel[c];
    }
    return edge;
  }

  const Segment* segmentAt(int64_t column) const {
    const Segment* segment = segments;
    while (column >= segment->first + segment->taps * channels) segment++;
    return segment;
  }

  /** From the corner of one patch to that of the next. */
  NACRE_INLINE void advance(int64_t& n, int64_t& y, int64_t& x) const {
    x += stepX;
    if (x < rowsWide * stepX + startX) return;
    x = startX;
    y += stepY;
    if (y < rowsHigh * stepY + startY) return;
    y = startY;
    n++;
  }

  void packRows(float* to, int64_t row, int64_t rows, int64_t from, int64_t depth) const {
    int64_t n[MR], y[MR], x[MR];
    corner(row, n[0], y[0], x[0]);
    for (int64_t i = 1; i < rows; i++) {
      n[i] = n[i - 1], y[i] = y[i - 1], x[i] = x[i - 1];
      advance(n[i], y[i], x[i]);
    }
    if (channels == 1 && stepX == 1 && rows == MR && x[MR - 1] == x[0] + MR - 1) {
      if (packLine(to, n[0], y[0], x[0], from, depth)) return;
    }
    const float* lines[MR];
    float edges[MR][edgeFloats];
    int64_t p = 0;
    for (const Segment* segment = segmentAt(from); p < depth; segment++) {
      const int64_t skipped = from + p - segment->first;
      const int64_t run = lesser(depth - p, segment->taps * channels - skipped);
      for (int64_t i = 0; i < rows; i++) lines[i] = read(*segment, n[i], y[i], x[i], edges[i]) + skipped;
      interleave(to + p * rows, lines, rows, run);
      p += run;
    }
  }

  /** Patches of one channel beside each other in a line: what a tap reads of all of them is a run. False at the border. */
  NACRE_INLINE bool packLine(float* to, int64_t n, int64_t y, int64_t x, int64_t from, int64_t depth) const {
    int64_t left = 0, right = 0, above = 0, below = 0;
    const Segment* const start = segmentAt(from);
    for (const Segment* segment = start; segment < segments + segmentCount; segment++) {
      left = lesser(left, segment->x), right = greater(right, segment->x + segment->taps);
      above = lesser(above, segment->y), below = greater(below, segment->y);
      if (segment->first + segment->taps >= from + depth) break;
    }
    // Whole vectors are read, so a vector must fit behind the last tap.
    if (x + left < 0 || x + right + MR + W > width || y + above < 0 || y + below >= height) return false;
    const float* corner = image + (n * height + y) * width + x;
    int64_t p = 0;
    for (const Segment* segment = start; p < depth; segment++) {
      const int64_t skipped = from + p - segment->first, run = lesser(depth - p, segment->taps - skipped);
      const float* source = corner + segment->y * width + segment->x + skipped;
      for (int64_t tap = 0; tap < run; tap++, p++) {
        // In ascending order: what reaches into the next element's place is written over by it.
        for (int64_t v = 0; v < MR; v += W) store(to + p * MR + v, load(source + tap + v));
      }
    }
    return true;
  }

  void packColumns(float* to, int64_t column, int64_t columns, int64_t from, int64_t depth) const {
    int64_t n, y, x;
    corner(from, n, y, x);
    const Segment* const start = segmentAt(column);
    float edge[edgeFloats];
    for (int64_t p = 0; p < depth; p++) {
      float* line = to + p * NR;
      int64_t j = 0;
      for (const Segment* segment = start; j < columns; segment++) {
        const int64_t skipped = column + j - segment->first;
        const int64_t run = lesser(columns - j, segment->taps * channels - skipped);
        const float* source = read(*segment, n, y, x, edge) + skipped;
        if (run == NR) {
#pragma GCC unroll 4
          for (int v = 0; v < NV; v++) store(line + v * W, load(source + v * W));
        } else {
          for (int64_t c = 0; c < run; c++) line[j + c] = source[c];
        }
        j += run;
      }
      for (; j < NR; j++) line[j] = 0.0f;
      advance(n, y, x);
    }
  }
};

/** The same from one patch on. */
struct PatchesFrom {
  const Patches& patches;
  int64_t first;

  void packColumns(float* to, int64_t column, int64_t columns, int64_t from, int64_t depth) const {
    patches.packColumns(to, column, columns, first + from, depth);
  }
};

/** Filters [tap, in, out] as a matrix of rows (tap, out) and columns in. */
struct FiltersTransposed {
  const float* filter;
  int64_t inChannels, outChannels;
  const Tap* taps;

  void packColumns(float* to, int64_t column, int64_t columns, int64_t from, int64_t depth) const {
    for (int64_t p = 0; p < depth; p++) {
      const int64_t tap = (from + p) / outChannels, channel = (from + p) % outChannels;
      const float* source = filter + (taps[tap].index * inChannels + column) * outChannels + channel;
      for (int64_t j = 0; j < NR; j++) to[p * NR + j] = j < columns ? source[j * outChannels] : 0.0f;
    }
  }
};

/** Floats that live as long as the call. */
struct Floats {
  float* data;
  explicit Floats(int64_t count) : data(new float[static_cast<size_t>(count)]) {}
  ~Floats() { delete[] data; }
  Floats(const Floats&) = delete;
};

/** Taps, segments and zeros in memory that lives as long as the call. */
struct Workspace {
  Tap* taps;
  Segment* segments;
  float* zeros;
  int64_t tapCount = 0, segmentCount = 0, channels;

  Workspace(int64_t most, int64_t channels)
      : taps(new Tap[static_cast<size_t>(most)]),
        segments(new Segment[static_cast<size_t>(most)]),
        zeros(new float[static_cast<size_t>(channels)]()),
        channels(channels) {}
  ~Workspace() {
    delete[] taps;
    delete[] segments;
    delete[] zeros;
  }
  Workspace(const Workspace&) = delete;

  void clear() { tapCount = segmentCount = 0; }
  void add(const Tap& tap) {
    Segment* last = segmentCount == 0 ? nullptr : segments + segmentCount - 1;
    if (last != nullptr && last->y == tap.y && last->x + last->taps == tap.x && (last->taps + 1) * channels <= edgeFloats) {
      last->taps++;
    } else {
      segments[segmentCount++] = {tap.y, tap.x, 1, tapCount * channels};
    }
    taps[tapCount++] = tap;
  }
};

Patches inputPatches(const Geometry& g, const float* x, Workspace& work) {
  for (int64_t tap = 0; tap < g.taps(); tap++) {
    work.add({tap / g.kernelWidth * g.dilationHeight, tap % g.kernelWidth * g.dilationWidth, tap});
  }
  return {x,           g.inHeight,    g.inWidth, g.inChannels, g.outHeight,   g.outWidth,        g.strideHeight,
          g.strideWidth, -g.padTop, -g.padLeft, work.segments, work.segmentCount, work.zeros};
}

/** (x, filter, out, geometry, bias, activation, slope) */
napi_value convolve(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  const float *x = arguments.floats(0, g.inSize()), *filter = arguments.floats(1, g.taps() * g.inChannels * g.outChannels);
  float* out = arguments.floats(2, g.outSize());
  const Epilogue epilogue = epilogueOf(arguments, 4, g.outChannels);
  const Shape shape{g.batch * g.outHeight * g.outWidth, g.outChannels, g.taps() * g.inChannels};
  const Matrix filters{filter, g.outChannels, 1};
  const Output output{out, g.outChannels, false, epilogue};
  if (g.plain()) {
    multiply(arguments.pool(), shape, Matrix{x, g.inChannels, 1}, filters, output);
    return nullptr;
  }
  if (fitsWinograd(g)) {
    winograd(arguments.pool(), g, x, filter, out, epilogue);
    return nullptr;
  }
  if (fitsInterleaved(g, g.inChannels, g.outChannels)) {
    interleaved(arguments.pool(), g, x, filter, out, epilogue);
    return nullptr;
  }
  Workspace work(g.taps(), g.inChannels);
  multiply(arguments.pool(), shape, inputPatches(g, x, work), filters, output);
  return nullptr;
}

/** (dy, filter, dx, geometry) */
napi_value convolveInputGradient(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  const float *dy = arguments.floats(0, g.outSize()), *filter = arguments.floats(1, g.taps() * g.inChannels * g.outChannels);
  float* dx = arguments.floats(2, g.inSize());
  Pool& pool = arguments.pool();
  if (g.plain()) {
    const Shape shape{g.batch * g.inHeight * g.inWidth, g.inChannels, g.outChannels};
    multiply(pool, shape, Matrix{dy, g.outChannels, 1}, Matrix{filter, 1, g.outChannels}, Output{dx, g.inChannels});
    return nullptr;
  }
  if (fitsWinograd(g)) {
    winogradInputGradient(pool, g, dy, filter, dx);
    return nullptr;
  }
  if (g.strideHeight == 1 && g.strideWidth == 1 && fitsInterleaved(g, g.outChannels, g.inChannels)) {
    interleavedInputGradient(pool, g, dy, filter, dx);
    return nullptr;
  }
  Workspace work(g.taps(), g.outChannels);
  // Pixels whose place modulo the stride is the same are reached by the same taps.
  for (int64_t phaseY = 0; phaseY < g.strideHeight; phaseY++) {
    for (int64_t phaseX = 0; phaseX < g.strideWidth; phaseX++) {
      const int64_t high = ceilDivide(g.inHeight - phaseY, g.strideHeight), wide = ceilDivide(g.inWidth - phaseX, g.strideWidth);
      if (high <= 0 || wide <= 0) continue;
      work.clear();
      for (int64_t tap = 0; tap < g.taps(); tap++) {
        const int64_t y = phaseY + g.padTop - tap / g.kernelWidth * g.dilationHeight;
        const int64_t x = phaseX + g.padLeft - tap % g.kernelWidth * g.dilationWidth;
        if (y % g.strideHeight == 0 && x % g.strideWidth == 0) {
          work.add({y / g.strideHeight, x / g.strideWidth, tap});
        }
      }
      const Patches patches{dy, g.outHeight, g.outWidth, g.outChannels, high, wide, 1, 1, 0, 0, work.segments, work.segmentCount, work.zeros};
      const FiltersTransposed filters{filter, g.inChannels, g.outChannels, work.taps};
      const Shape shape{g.batch * high * wide, g.inChannels, work.tapCount * g.outChannels};
      if (g.strideHeight == 1 && g.strideWidth == 1) {
        multiply(pool, shape, patches, filters, Output{dx, g.inChannels});
        continue;
      }
      // Rows of one phase are not neighbours: they are computed apart and spread.
      const Floats spread(shape.m * shape.n);
      float* apart = spread.data;
      multiply(pool, shape, patches, filters, Output{apart, g.inChannels});
      parallel(pool, g.batch * high, rowsPerChunk(wide * g.inChannels), [&](int64_t begin, int64_t end, int) {
        for (int64_t row = begin; row < end; row++) {
          const int64_t n = row / high, y = row % high * g.strideHeight + phaseY;
          for (int64_t q = 0; q < wide; q++) {
            float* to = dx + ((n * g.inHeight + y) * g.inWidth + q * g.strideWidth + phaseX) * g.inChannels;
            copyFloats(to, apart + (row * wide + q) * g.inChannels, g.inChannels);
          }
        }
      });
    }
  }
  return nullptr;
}

/**
 * (x, dy, dFilter, geometry): computed with the filters as rows, so that patches are packed by whole runs of channels, and
 * turned at the end. Fixed parts of the patches are added in order.
 */
napi_value convolveFilterGradient(const Arguments& arguments) {
  const Geometry g = geometryOf(arguments, 3);
  const float *x = arguments.floats(0, g.inSize()), *dy = arguments.floats(1, g.outSize());
  float* out = arguments.floats(2, g.taps() * g.inChannels * g.outChannels);
  Pool& pool = arguments.pool();
  const Shape shape{g.outChannels, g.taps() * g.inChannels, g.batch * g.outHeight * g.outWidth};
  const int64_t elements = shape.m * shape.n;
  if (elements == 0) return nullptr;
  if (fitsWinograd(g)) {
    winogradFilterGradient(pool, g, x, dy, out);
    return nullptr;
  }
  if (fitsInterleavedFilterGradient(g)) {
    interleavedFilterGradient(pool, g, x, dy, out);
    return nullptr;
  }
  Workspace work(g.taps(), g.inChannels);
  const Patches patches = inputPatches(g, x, work);
  const int64_t parts = greater(1, lesser(lesser(32, shape.k / 256), (int64_t{8} << 20) / elements));
  const Floats sums(parts * elements);
  float* partial = sums.data;
  if (parts < 4) {
    for (int64_t part = 0; part < parts; part++) {
      const int64_t from = shape.k * part / parts, depth = shape.k * (part + 1) / parts - from;
      multiply(pool, Shape{shape.m, shape.n, depth}, Matrix{dy + from * g.outChannels, 1, g.outChannels},
               PatchesFrom{patches, from}, Output{partial + part * elements, shape.n});
    }
  } else {
    pool.reserve(aloneBytes);
    parallel(pool, parts, 1, [&](int64_t begin, int64_t end, int slot) {
      for (int64_t part = begin; part < end; part++) {
        const int64_t from = shape.k * part / parts, depth = shape.k * (part + 1) / parts - from;
        multiplyAlone(Shape{shape.m, shape.n, depth}, Matrix{dy + from * g.outChannels, 1, g.outChannels},
                      PatchesFrom{patches, from}, Output{partial + part * elements, shape.n}, pool.scratch(slot));
      }
    });
  }
  parallel(pool, shape.n, rowsPerChunk(shape.m * parts), [&](int64_t begin, int64_t end, int) {
    for (int64_t j = begin; j < end; j++) {
      for (int64_t i = 0; i < shape.m; i++) {
        float sum = 0.0f;
        for (int64_t part = 0; part < parts; part++) sum += partial[part * elements + i * shape.n + j];
        out[j * shape.m + i] = sum;
      }
    }
  });
  return nullptr;
}

}  // namespace

void addConvolution(Exports& exports) {
  exports.add("convolve", convolve);
  exports.add("convolveInputGradient", convolveInputGradient);
  exports.add("convolveFilterGradient", convolveFilterGradient);
}

}  // namespace NACRE_ISA
}  // namespace nacre
