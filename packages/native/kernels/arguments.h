// Reading what JavaScript passed, with every length checked: no kernel touches memory that its arguments do not own.
#pragma once
#include <node_api.h>

#include <cstdint>

namespace nacre {

class Pool;

/** Thrown when an argument does not fit; becomes a JavaScript TypeError or RangeError that says what was expected. */
struct ArgumentError {
  enum Kind { type, range } kind;
  char message[240];
  ArgumentError(Kind kind, const char* format, ...) __attribute__((format(printf, 3, 4)));
};

/** What one environment (the main thread or one worker_thread) has: nothing is shared between two. */
struct Environment {
  Pool* pool;
};

/** Product of sizes. Throws ArgumentError where one is negative or the product exceeds 2^40. */
int64_t volume(const int64_t* sizes, int count);

class Arguments {
 public:
  static constexpr int most = 24;
  Arguments(napi_env env, napi_callback_info info);

  napi_env env() const;
  Pool& pool() const;
  int count() const;

  /** The elements of a Float32Array that has `count` of them at least; of the others alike. */
  float* floats(int index, int64_t count) const;
  int32_t* integers(int index, int64_t count) const;
  uint8_t* bytes(int index, int64_t count) const;
  int8_t* signedBytes(int index, int64_t count) const;
  /** Null where the argument is undefined or null. */
  float* optionalFloats(int index, int64_t count) const;
  int64_t length(int index) const;
  napi_typedarray_type kind(int index) const;

  bool absent(int index) const;
  int64_t integer(int index) const;
  /** An integer of at least 0 that fits into 31 bits: a size. */
  int64_t size(int index) const;
  double number(int index) const;
  float real(int index) const;
  bool flag(int index) const;

 private:
  void* array(int index, napi_typedarray_type type, int64_t count) const;
  napi_env env_;
  size_t count_ = most;
  napi_value values_[most];
  Environment* environment_;
};

using Function = napi_value (*)(const Arguments&);

/** The functions of one build for one instruction set, by their JavaScript names. */
class Exports {
 public:
  Exports(napi_env env, napi_value target);
  void add(const char* name, Function function);
  void text(const char* name, const char* value);

 private:
  napi_env env_;
  napi_value target_;
};

}  // namespace nacre
