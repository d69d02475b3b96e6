// Rows chosen by index, and what goes back to them: gathering, scattering, segment sums, one-hot rows, selection, types.
#include "kernel.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/**
 * (x, indices, out, batch, outer, size, inner, count): x is [batch, outer, size, inner], indices [batch, count], the result
 * [batch, outer, count, inner]. Elements of 4 bytes are copied as bits.
 */
napi_value gather(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(3), arguments.size(4), arguments.size(5), arguments.size(6)};
  const auto [batch, outer, size, inner] = sizes;
  const int64_t count = arguments.size(7);
  const int64_t results[] = {batch, outer, count, inner};
  const int64_t from = volume(sizes, 4), to = volume(results, 4);
  const int32_t* indices = arguments.integers(1, batch * count);
  const bool small = arguments.kind(0) == napi_uint8_array;
  const int64_t width = inner * (small ? 1 : 4);
  const char* x = static_cast<const char*>(small                                         ? (void*)arguments.bytes(0, from)
                                           : arguments.kind(0) == napi_int32_array ? (void*)arguments.integers(0, from)
                                                                                   : (void*)arguments.floats(0, from));
  char* out = static_cast<char*>(small                                         ? (void*)arguments.bytes(2, to)
                                 : arguments.kind(2) == napi_int32_array ? (void*)arguments.integers(2, to)
                                                                         : (void*)arguments.floats(2, to));
  for (int64_t i = 0; i < batch * count; i++) checkIndex(indices[i], size, "GatherV2");
  if (width == 0) return nullptr;
  parallel(arguments.pool(), batch * outer * count, rowsPerChunk(inner), [&](int64_t begin, int64_t end, int) {
    for (int64_t each = begin; each < end; each++) {
      const int64_t b = each / count / outer, o = each / count % outer;
      const int64_t row = (b * outer + o) * size + indices[b * count + each % count];
      __builtin_memcpy(out + each * width, x + row * width, static_cast<size_t>(width));
    }
  });
  return nullptr;
}

/**
 * (rows, ids, out, count, segments, inner): out[s] = Σ rows[i] with ids[i] = s; negative ids are left out. Each thread looks
 * for the rows of its own segments, so rows are added in their order.
 */
napi_value segmentSum(const Arguments& arguments) {
  const int64_t count = arguments.size(3), segments = arguments.size(4), inner = arguments.size(5);
  const int64_t sizes[] = {count, inner}, results[] = {segments, inner};
  const float* rows = arguments.floats(0, volume(sizes, 2));
  const int32_t* ids = arguments.integers(1, count);
  float* out = arguments.floats(2, volume(results, 2));
  const int64_t parts = segments * inner < chunkElements ? 1 : lesser(segments, 4 * arguments.pool().threads());
  parallel(arguments.pool(), parts, 1, [&](int64_t begin, int64_t end, int) {
    const int64_t first = segments * begin / parts, last = segments * end / parts;
    clearFloats(out + first * inner, (last - first) * inner);
    for (int64_t i = 0; i < count; i++) {
      if (ids[i] < first || ids[i] >= last) continue;
      float* to = out + ids[i] * inner;
      const float* from = rows + i * inner;
      for (int64_t j = 0; j < inner; j++) to[j] += from[j];
    }
  });
  return nullptr;
}

/** Where the row of an index tuple begins, in rows. */
int64_t rowOf(const int32_t* tuple, int64_t depth, const int32_t* sizes, const char* kernel) {
  int64_t row = 0;
  for (int64_t axis = 0; axis < depth; axis++) {
    checkIndex(tuple[axis], sizes[axis], kernel);
    row = row * sizes[axis] + tuple[axis];
  }
  return row;
}

/** (x, indices, out, sizes, count, depth, inner): x is [...sizes, inner], indices [count, depth]; out [count, inner]. */
napi_value gatherNd(const Arguments& arguments) {
  const int64_t count = arguments.size(4), depth = arguments.size(5), inner = arguments.size(6);
  const int32_t* sizes = arguments.integers(3, depth);
  int64_t wide[8] = {inner};
  if (depth > 6) throw ArgumentError(ArgumentError::range, "expected at most 6 index axes.");
  for (int64_t axis = 0; axis < depth; axis++) wide[axis + 1] = sizes[axis];
  const float* x = arguments.floats(0, volume(wide, static_cast<int>(depth) + 1));
  const int64_t results[] = {count, inner}, tuples[] = {count, depth};
  const int32_t* indices = arguments.integers(1, volume(tuples, 2));
  float* out = arguments.floats(2, volume(results, 2));
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = rowOf(indices + i * depth, depth, sizes, "GatherNd");
    copyFloats(out + i * inner, x + row * inner, inner);
  }
  return nullptr;
}

/** (updates, indices, out, sizes, count, depth, inner): adds each row of updates to the row of out that its tuple names. */
napi_value scatterAdd(const Arguments& arguments) {
  const int64_t count = arguments.size(4), depth = arguments.size(5), inner = arguments.size(6);
  const int32_t* sizes = arguments.integers(3, depth);
  int64_t wide[8] = {inner};
  if (depth > 6) throw ArgumentError(ArgumentError::range, "expected at most 6 index axes.");
  for (int64_t axis = 0; axis < depth; axis++) wide[axis + 1] = sizes[axis];
  float* out = arguments.floats(2, volume(wide, static_cast<int>(depth) + 1));
  const int64_t given[] = {count, inner}, tuples[] = {count, depth};
  const float* updates = arguments.floats(0, volume(given, 2));
  const int32_t* indices = arguments.integers(1, volume(tuples, 2));
  for (int64_t i = 0; i < count; i++) rowOf(indices + i * depth, depth, sizes, "ScatterNd");
  for (int64_t i = 0; i < count; i++) {
    float* to = out + rowOf(indices + i * depth, depth, sizes, "ScatterNd") * inner;
    for (int64_t j = 0; j < inner; j++) to[j] += updates[i * inner + j];
  }
  return nullptr;
}

/** (indices, out, count, depth, on, off): indices outside of [0, depth) give a row of `off`. */
napi_value oneHot(const Arguments& arguments) {
  const int64_t count = arguments.size(2), depth = arguments.size(3);
  const int64_t sizes[] = {count, depth};
  const int32_t* indices = arguments.integers(0, count);
  const int64_t elements = volume(sizes, 2);
  const auto fill = [&](auto* out, auto on, auto off) {
    parallel(arguments.pool(), count, rowsPerChunk(depth), [&](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; row++) {
        for (int64_t j = 0; j < depth; j++) out[row * depth + j] = off;
        if (indices[row] >= 0 && indices[row] < depth) out[row * depth + indices[row]] = on;
      }
    });
  };
  if (arguments.kind(1) == napi_int32_array) {
    fill(arguments.integers(1, elements), static_cast<int32_t>(arguments.number(4)), static_cast<int32_t>(arguments.number(5)));
  } else {
    fill(arguments.floats(1, elements), arguments.real(4), arguments.real(5));
  }
  return nullptr;
}

/** (condition, yes, no, out, count, inner): the condition has one value for each run of `inner`. */
napi_value select(const Arguments& arguments) {
  const int64_t sizes[] = {arguments.size(4), arguments.size(5)};
  const auto [count, inner] = sizes;
  const int64_t elements = volume(sizes, 2);
  const uint8_t* condition = arguments.bytes(0, count);
  if (elements == 0) return nullptr;
  const auto choose = [&](const auto* yes, const auto* no, auto* out) {
    parallel(arguments.pool(), count, rowsPerChunk(inner), [&, inner = inner](int64_t begin, int64_t end, int) {
      if (inner == 1) {
        for (int64_t i = begin; i < end; i++) out[i] = condition[i] != 0 ? yes[i] : no[i];
        return;
      }
      for (int64_t row = begin; row < end; row++) {
        __builtin_memcpy(out + row * inner, (condition[row] != 0 ? yes : no) + row * inner,
                         static_cast<size_t>(inner) * sizeof *out);
      }
    });
  };
  if (arguments.kind(1) == napi_int32_array) {
    choose(arguments.integers(1, elements), arguments.integers(2, elements), arguments.integers(3, elements));
  } else if (arguments.kind(1) == napi_uint8_array) {
    choose(arguments.bytes(1, elements), arguments.bytes(2, elements), arguments.bytes(3, elements));
  } else {
    choose(arguments.floats(1, elements), arguments.floats(2, elements), arguments.floats(3, elements));
  }
  return nullptr;
}

/** ECMAScript's ToInt32: towards 0, modulo 2^32; 0 for NaN and infinities. */
NACRE_INLINE int32_t toInteger(float x) {
  if (x > -2147483648.0f && x < 2147483648.0f) return static_cast<int32_t>(x);
  if (x - x != 0.0f) return 0;
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(fmod(trunc(static_cast<double>(x)), 4294967296.0))));
}

/** (x, out): between the three types. */
napi_value cast(const Arguments& arguments) {
  const int64_t count = arguments.length(0);
  const auto convert = [&](const auto* x, auto* out, auto one) {
    parallel(arguments.pool(), count, chunkElements, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) out[i] = one(x[i]);
    });
  };
  const auto dispatch = [&](const auto* x) {
    switch (arguments.kind(1)) {
      case napi_float32_array:
        convert(x, arguments.floats(1, count), [](auto value) { return static_cast<float>(value); });
        return;
      case napi_int32_array:
        convert(x, arguments.integers(1, count), [](auto value) {
          if constexpr (sizeof value == 4 && static_cast<decltype(value)>(0.5f) != 0) {
            return toInteger(value);
          } else {
            return static_cast<int32_t>(value);
          }
        });
        return;
      default:
        convert(x, arguments.bytes(1, count), [](auto value) { return static_cast<uint8_t>(value != 0); });
    }
  };
  switch (arguments.kind(0)) {
    case napi_float32_array: dispatch(arguments.floats(0, count)); break;
    case napi_int32_array: dispatch(arguments.integers(0, count)); break;
    default: dispatch(arguments.bytes(0, count));
  }
  return nullptr;
}

/** (out, value) */
napi_value fill(const Arguments& arguments) {
  const int64_t count = arguments.length(0);
  float* out = arguments.floats(0, count);
  const float value = arguments.real(1);
  parallel(arguments.pool(), count, 4 * chunkElements, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) out[i] = value;
  });
  return nullptr;
}

}  // namespace

void addGather(Exports& exports) {
  exports.add("gather", gather);
  exports.add("segmentSum", segmentSum);
  exports.add("gatherNd", gatherNd);
  exports.add("scatterAdd", scatterAdd);
  exports.add("oneHot", oneHot);
  exports.add("select", select);
  exports.add("cast", cast);
  exports.add("fill", fill);
}

}  // namespace NACRE_ISA
}  // namespace nacre
