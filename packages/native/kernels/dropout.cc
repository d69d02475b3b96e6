// Dropout: what is dropped is drawn here, from the same stream as in JavaScript, and the gradient draws it again.
#include "philox.h"

namespace nacre {
namespace NACRE_ISA {

namespace {

/** (x, out, key, key, rate): 0 where the stream's uniform value is below the rate, else x / (1 - rate). */
napi_value dropout(const Arguments& arguments) {
  const int64_t count = arguments.length(0);
  const float* x = arguments.floats(0, count);
  float* out = arguments.floats(1, count);
  const Drops drops = dropsOf(arguments, 2);
  parallel(arguments.pool(), ceilDivide(count, philoxWords), chunkElements / philoxWords, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; part++) {
      float factors[philoxWords];
      const int64_t from = part * philoxWords, most = lesser(philoxWords, count - from);
      drops.blockFactors(static_cast<uint64_t>(part), factors);
      for (int64_t i = 0; i < most; i++) out[from + i] = x[from + i] * factors[i];
    }
  });
  return nullptr;
}

}  // namespace

void addDropout(Exports& exports) { exports.add("dropout", dropout); }

}  // namespace NACRE_ISA
}  // namespace nacre
