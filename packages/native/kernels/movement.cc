// Moving elements without computing: slices, padding, concatenation, tiling, reversal and transposition are all one copy of a
// region with strides on both sides.
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

struct Region {
  static constexpr int most = 12;
  int rank = 0;
  int64_t size[most], from[most], to[most];
  int64_t start = 0, target = 0, elements = 1;
};

/** Checks that all of a region lies within its arrays, and merges axes that both sides go through as one. */
Region regionOf(const int32_t* text, int64_t length, int64_t sourceLength, int64_t targetLength) {
  const int64_t rank = length > 0 ? text[0] : -1;
  if (rank < 0 || rank > Region::most || length < 3 + 3 * rank) {
    throw ArgumentError(ArgumentError::range, "expected a region of at most %d axes.", Region::most);
  }
  Region region;
  region.start = text[1];
  region.target = text[2];
  const int32_t *sizes = text + 3, *from = sizes + rank, *to = from + rank;
  int64_t low[2] = {region.start, region.target}, high[2] = {region.start, region.target};
  for (int64_t axis = 0; axis < rank; axis++) {
    if (sizes[axis] < 0) throw ArgumentError(ArgumentError::range, "expected sizes of at least 0.");
    region.elements *= sizes[axis];
    if (sizes[axis] == 0) continue;
    const int64_t last = sizes[axis] - 1;
    (from[axis] < 0 ? low : high)[0] += from[axis] * last;
    (to[axis] < 0 ? low : high)[1] += to[axis] * last;
  }
  if (region.elements == 0) return region;
  if (low[0] < 0 || high[0] >= sourceLength || low[1] < 0 || high[1] >= targetLength) {
    throw ArgumentError(ArgumentError::range, "expected a region within its arrays of %lld and %lld elements.",
                        static_cast<long long>(sourceLength), static_cast<long long>(targetLength));
  }
  // Innermost first.
  for (int64_t axis = rank - 1; axis >= 0; axis--) {
    if (sizes[axis] == 1) continue;
    const int last = region.rank - 1;
    if (last >= 0 && region.from[last] * region.size[last] == from[axis] && region.to[last] * region.size[last] == to[axis]) {
      region.size[last] *= sizes[axis];
      continue;
    }
    region.size[region.rank] = sizes[axis];
    region.from[region.rank] = from[axis];
    region.to[region.rank] = to[axis];
    region.rank++;
  }
  if (region.rank == 0) {
    region.size[0] = region.from[0] = region.to[0] = 1;
    region.rank = 1;
  }
  // The axis along which the target is contiguous goes innermost.
  int best = 0;
  for (int axis = 1; axis < region.rank; axis++) {
    if (region.to[axis] == 1 && region.to[best] != 1) best = axis;
  }
  for (int axis = best; axis > 0; axis--) {
    const int64_t size = region.size[axis], from = region.from[axis], to = region.to[axis];
    region.size[axis] = region.size[axis - 1];
    region.from[axis] = region.from[axis - 1];
    region.to[axis] = region.to[axis - 1];
    region.size[axis - 1] = size;
    region.from[axis - 1] = from;
    region.to[axis - 1] = to;
  }
  return region;
}

/** Integers, or floats as their bits: a NaN keeps its payload. */
typedef int32_t Word __attribute__((may_alias));

template <class T>
NACRE_INLINE void copyRun(const T* from, int64_t fromStep, T* to, int64_t toStep, int64_t count) {
  if (fromStep == 1 && toStep == 1) {
    __builtin_memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
  } else if (fromStep == 0 && toStep == 1) {
    const T value = *from;
    for (int64_t i = 0; i < count; i++) to[i] = value;
  } else {
    for (int64_t i = 0; i < count; i++) to[i * toStep] = from[i * fromStep];
  }
}

/** Both axes of a transposition in tiles, so that lines are read and written while they are in the cache. */
template <class T>
NACRE_INLINE void copyPlane(const T* from, T* to, int64_t rows, int64_t columns, int64_t rowTo, int64_t columnFrom) {
  constexpr int64_t tile = 16;
  for (int64_t i0 = 0; i0 < rows; i0 += tile) {
    const int64_t i1 = lesser(rows, i0 + tile);
    for (int64_t j0 = 0; j0 < columns; j0 += tile) {
      const int64_t j1 = lesser(columns, j0 + tile);
      if (i1 - i0 == tile && j1 - j0 == tile) {
        for (int64_t i = i0; i < i0 + tile; i++) {
#pragma GCC unroll 16
          for (int64_t j = 0; j < tile; j++) to[i * rowTo + j0 + j] = from[i + (j0 + j) * columnFrom];
        }
      } else {
        for (int64_t i = i0; i < i1; i++) {
          for (int64_t j = j0; j < j1; j++) to[i * rowTo + j] = from[i + j * columnFrom];
        }
      }
    }
  }
}

template <class T>
void copyRegion(Pool& pool, const Region& region, const T* source, T* target) {
  // A plane, where the source is contiguous along another axis than the target.
  int other = -1;
  if (region.to[0] == 1 && region.from[0] != 1) {
    for (int axis = 1; axis < region.rank; axis++) {
      if (region.from[axis] == 1) other = axis;
    }
  }
  const int64_t inner = region.size[0];
  const int64_t plane = other < 0 ? 1 : region.size[other];
  const int64_t planes = region.elements / inner / plane;
  const auto place = [&](int64_t each, int64_t& from, int64_t& to) {
    from = region.start;
    to = region.target;
    for (int axis = 1; axis < region.rank; axis++) {
      if (axis == other) continue;
      const int64_t index = each % region.size[axis];
      each /= region.size[axis];
      from += index * region.from[axis];
      to += index * region.to[axis];
    }
  };
  if (planes == 1 && other < 0) {
    parallel(pool, inner, 4 * chunkElements, [&](int64_t begin, int64_t end, int) {
      copyRun(source + region.start + begin * region.from[0], region.from[0], target + region.target + begin * region.to[0],
              region.to[0], end - begin);
    });
    return;
  }
  if (other >= 0 && planes < 4 * pool.threads()) {
    // Few planes: their rows are shared out.
    const int64_t chunk = greater(16, chunkElements / greater(1, inner) / 16 * 16);
    for (int64_t each = 0; each < planes; each++) {
      int64_t from, to;
      place(each, from, to);
      parallel(pool, plane, chunk, [&](int64_t begin, int64_t end, int) {
        copyPlane(source + from + begin, target + to + begin * region.to[other], end - begin, inner, region.to[other],
                  region.from[0]);
      });
    }
    return;
  }
  parallel(pool, planes, rowsPerChunk(inner * plane), [&](int64_t begin, int64_t end, int) {
    for (int64_t each = begin; each < end; each++) {
      int64_t from, to;
      place(each, from, to);
      if (other < 0) {
        copyRun(source + from, region.from[0], target + to, region.to[0], inner);
      } else {
        copyPlane(source + from, target + to, plane, inner, region.to[other], region.from[0]);
      }
    }
  });
}

/** (source, target, region): the region is [rank, start, target start, sizes…, steps in the source…, in the target…]. */
napi_value copy(const Arguments& arguments) {
  const int64_t sourceLength = arguments.length(0), targetLength = arguments.length(1), length = arguments.length(2);
  const Region region = regionOf(arguments.integers(2, length), length, sourceLength, targetLength);
  if (region.elements == 0) return nullptr;
  const napi_typedarray_type type = arguments.kind(0);
  if (arguments.kind(1) != type) {
    throw ArgumentError(ArgumentError::type, "expected arrays of one type.");
  }
  Pool& pool = arguments.pool();
  if (type == napi_uint8_array) {
    copyRegion(pool, region, arguments.bytes(0, 0), arguments.bytes(1, 0));
  } else if (type == napi_int32_array) {
    copyRegion<Word>(pool, region, arguments.integers(0, 0), arguments.integers(1, 0));
  } else {
    copyRegion<Word>(pool, region, reinterpret_cast<const Word*>(arguments.floats(0, 0)),
                     reinterpret_cast<Word*>(arguments.floats(1, 0)));
  }
  return nullptr;
}

}  // namespace

void addMovement(Exports& exports) { exports.add("copy", copy); }

}  // namespace NACRE_ISA
}  // namespace nacre
