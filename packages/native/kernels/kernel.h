// What every kernel's source includes. It is compiled once per instruction set, its bindings too, so that choosing the set is
// done once, when the program starts, and not at every call.
#pragma once
#include <math.h>

#include "arguments.h"
#include "pool.h"
#include "simd.h"

namespace nacre {
namespace NACRE_ISA {

/** Elements that are worth a chunk of their own where little is computed for each. */
constexpr int64_t chunkElements = 16384;

template <class Function>
NACRE_INLINE void parallel(Pool& pool, int64_t count, int64_t chunk, const Function& function) {
  pool.run(
      count, chunk,
      [](const void* context, int64_t begin, int64_t end, int slot) {
        (*static_cast<const Function*>(context))(begin, end, slot);
      },
      &function);
}

/** @throws ArgumentError, as TensorFlow.js words it. */
inline void checkIndex(int32_t index, int64_t size, const char* kernel) {
  if (index < 0 || index >= size) {
    throw ArgumentError(ArgumentError::range, "%s: the index value %d is not in [0, %lld]", kernel, index,
                        static_cast<long long>(size - 1));
  }
}

/** Rows per chunk, for rows of `width` elements. */
NACRE_INLINE int64_t rowsPerChunk(int64_t width) { return width >= chunkElements ? 1 : chunkElements / (width < 1 ? 1 : width); }

/**
 * Whether rows are put together in each slot's scratch memory, which is made ready, and streamed to their result: where that leaves
 * a last-level cache before it is read, and a row fits in a first-level cache meanwhile.
 */
inline bool streamsRows(Pool& pool, int64_t elements, int64_t width) {
  constexpr int64_t leastElements = int64_t{8} << 20, mostWidth = 4096;
  if (elements < leastElements || width > mostWidth) return false;
  pool.reserve(static_cast<size_t>(mostWidth) * 4);
  return true;
}

/** Streamed rows per chunk: at the end of a chunk the streams are waited for, and rows behind it were asked for in vain. */
constexpr int64_t streamedRows = 64;

// Nothing to copy may come from nowhere: C's functions want an address even then.
NACRE_INLINE void copyFloats(float* to, const float* from, int64_t count) {
  if (count > 0) __builtin_memcpy(to, from, static_cast<size_t>(count) * 4);
}
NACRE_INLINE void clearFloats(float* to, int64_t count) {
  if (count > 0) __builtin_memset(to, 0, static_cast<size_t>(count) * 4);
}

template <int VALUE>
struct Constant {
  static constexpr int value = VALUE;
};

/** work(Constant<n>) for n from 1 to MOST: a kernel of that size. */
template <int MOST, class Work>
NACRE_INLINE void withSize(int64_t n, const Work& work) {
  if constexpr (MOST == 1) {
    work(Constant<1>{});
  } else {
    if (n == MOST) return work(Constant<MOST>{});
    withSize<MOST - 1>(n, work);
  }
}

NACRE_INLINE int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }
NACRE_INLINE int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }
NACRE_INLINE int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace NACRE_ISA
}  // namespace nacre
