// The entry: makes the environment's pool and installs the kernels of the best instruction set that the processor has.
#include <node_api.h>

#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "arguments.h"
#include "pool.h"

namespace nacre {

#define NACRE_DECLARE(isa) \
  namespace isa {          \
  void install(Exports&);  \
  }
#if defined(NACRE_HAS_x86_64_v4)
NACRE_DECLARE(x86_64_v4)
#endif
#if defined(NACRE_HAS_x86_64_v3)
NACRE_DECLARE(x86_64_v3)
#endif
#if defined(NACRE_HAS_x86_64_v2)
NACRE_DECLARE(x86_64_v2)
#endif
#if defined(NACRE_HAS_armv8)
NACRE_DECLARE(armv8)
#endif

namespace {

struct Build {
  const char* name;
  bool (*runs)();
  void (*install)(Exports&);
};

// Best first.
const Build builds[] = {
#if defined(NACRE_HAS_x86_64_v4)
    {"x86_64_v4",
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
     },
     x86_64_v4::install},
#endif
#if defined(NACRE_HAS_x86_64_v3)
    {"x86_64_v3",
     [] {
       return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
              __builtin_cpu_supports("bmi2");
     },
     x86_64_v3::install},
#endif
#if defined(NACRE_HAS_x86_64_v2)
    {"x86_64_v2", [] { return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"); },
     x86_64_v2::install},
#endif
#if defined(NACRE_HAS_armv8)
    {"armv8", [] { return true; }, armv8::install},
#endif
};

napi_value threads(const Arguments& arguments) {
  napi_value result;
  napi_create_int32(arguments.env(), arguments.pool().threads(), &result);
  return result;
}

/** (threads): computes with that many from now on. */
napi_value setThreads(const Arguments& arguments) {
  const int64_t wanted = arguments.size(0);
  if (wanted < 1 || wanted > 256) {
    throw ArgumentError(ArgumentError::range, "expected from 1 to 256 threads. Received %lld.",
                        static_cast<long long>(wanted));
  }
  arguments.pool().resize(static_cast<int>(wanted));
  return nullptr;
}

/** (on): starts or stops measuring; gives { jobs, busy } in milliseconds since the last call. */
napi_value profile(const Arguments& arguments) {
  Pool& pool = arguments.pool();
  napi_value result, jobs, busy;
  napi_create_object(arguments.env(), &result);
  napi_create_double(arguments.env(), static_cast<double>(pool.jobNanoseconds) / 1e6, &jobs);
  napi_create_double(arguments.env(), static_cast<double>(pool.busyNanoseconds.load()) / 1e6, &busy);
  napi_set_named_property(arguments.env(), result, "jobs", jobs);
  napi_set_named_property(arguments.env(), result, "busy", busy);
  pool.jobNanoseconds = 0;
  pool.busyNanoseconds.store(0);
  pool.profile = arguments.flag(0);
  return result;
}

/** (bytes): frees working memories above that; gives the bytes held before. */
napi_value trim(const Arguments& arguments) {
  Pool& pool = arguments.pool();
  napi_value result;
  napi_create_double(arguments.env(), static_cast<double>(pool.scratchBytes()), &result);
  pool.trim(static_cast<size_t>(arguments.size(0)));
  return result;
}

/** (bytes): asks for large pages wherever an array covers a whole one; nothing happens where the system has none. */
napi_value largePages(const Arguments& arguments) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t page = uintptr_t{2} << 20;
  const int64_t length = arguments.length(0);
  const auto begin = reinterpret_cast<uintptr_t>(arguments.bytes(0, length));
  const uintptr_t first = (begin + page - 1) / page * page, last = (begin + static_cast<uintptr_t>(length)) / page * page;
  if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
  (void)arguments;
#endif
  return nullptr;
}

napi_value usable(const Arguments& arguments) {
  napi_value result;
  napi_create_int32(arguments.env(), usableThreads(), &result);
  return result;
}

napi_value start(napi_env env, napi_value exports) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  auto* environment = new Environment{new Pool(usableThreads())};
  napi_set_instance_data(
      env, environment,
      [](napi_env, void* data, void*) {
        auto* environment = static_cast<Environment*>(data);
        delete environment->pool;
        delete environment;
      },
      nullptr);
  Exports functions(env, exports);
  functions.add("threads", threads);
  functions.add("setThreads", setThreads);
  functions.add("usableThreads", usable);
  functions.add("profile", profile);
  functions.add("trim", trim);
  functions.add("largePages", largePages);
  // For tests: NACRE_INSTRUCTION_SET names a lesser build.
  const char* wanted = getenv("NACRE_INSTRUCTION_SET");
  for (const Build& build : builds) {
    if (!build.runs() || (wanted != nullptr && *wanted != 0 && strcmp(wanted, build.name) != 0)) continue;
    build.install(functions);
    return exports;
  }
  // Without `instructionSet` the loader says that this processor is too old for the build.
  return exports;
}

}  // namespace
}  // namespace nacre

NAPI_MODULE_INIT() { return nacre::start(env, exports); }
