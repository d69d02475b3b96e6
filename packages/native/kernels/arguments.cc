#include "arguments.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace nacre {

ArgumentError::ArgumentError(Kind kind, const char* format, ...) : kind(kind) {
  va_list parts;
  va_start(parts, format);
  vsnprintf(message, sizeof message, format, parts);
  va_end(parts);
}

int64_t volume(const int64_t* sizes, int count) {
  int64_t product = 1;
  for (int axis = 0; axis < count; axis++) {
    if (sizes[axis] < 0) {
      throw ArgumentError(ArgumentError::range, "expected sizes of at least 0. Received %lld.",
                          static_cast<long long>(sizes[axis]));
    }
    if (__builtin_mul_overflow(product, sizes[axis], &product) || product > (int64_t{1} << 40)) {
      throw ArgumentError(ArgumentError::range, "expected at most 2^40 elements. Received more.");
    }
  }
  return product;
}

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  environment_ = static_cast<Environment*>(data);
}

static const char* typeName(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array: return "Float32Array";
    case napi_int32_array: return "Int32Array";
    case napi_uint8_array: return "Uint8Array";
    case napi_int8_array: return "Int8Array";
    default: return "another array";
  }
}

void* Arguments::array(int index, napi_typedarray_type wanted, int64_t count) const {
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (napi_get_typedarray_info(env_, values_[index], &type, &length, &data, nullptr, nullptr) != napi_ok) {
    throw ArgumentError(ArgumentError::type, "expected a %s as argument %d. Received no typed array: was the tensor disposed?",
                        typeName(wanted), index);
  }
  if (type != wanted) {
    throw ArgumentError(ArgumentError::type, "expected a %s as argument %d. Received %s.", typeName(wanted), index,
                        typeName(type));
  }
  if (static_cast<int64_t>(length) < count) {
    throw ArgumentError(ArgumentError::range, "expected at least %lld elements in argument %d. Received %lld.",
                        static_cast<long long>(count), index, static_cast<long long>(length));
  }
  return data;
}

float* Arguments::floats(int index, int64_t count) const {
  return static_cast<float*>(array(index, napi_float32_array, count));
}
int32_t* Arguments::integers(int index, int64_t count) const {
  return static_cast<int32_t*>(array(index, napi_int32_array, count));
}
uint8_t* Arguments::bytes(int index, int64_t count) const {
  return static_cast<uint8_t*>(array(index, napi_uint8_array, count));
}
int8_t* Arguments::signedBytes(int index, int64_t count) const {
  return static_cast<int8_t*>(array(index, napi_int8_array, count));
}
float* Arguments::optionalFloats(int index, int64_t count) const {
  return absent(index) ? nullptr : floats(index, count);
}
napi_env Arguments::env() const { return env_; }
Pool& Arguments::pool() const { return *environment_->pool; }
int Arguments::count() const { return static_cast<int>(count_); }
float Arguments::real(int index) const { return static_cast<float>(number(index)); }

int64_t Arguments::length(int index) const {
  size_t length;
  if (napi_get_typedarray_info(env_, values_[index], nullptr, &length, nullptr, nullptr, nullptr) != napi_ok) {
    throw ArgumentError(ArgumentError::type, "expected a typed array as argument %d.", index);
  }
  return static_cast<int64_t>(length);
}

napi_typedarray_type Arguments::kind(int index) const {
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env_, values_[index], &type, nullptr, nullptr, nullptr, nullptr) != napi_ok) {
    throw ArgumentError(ArgumentError::type, "expected a typed array as argument %d.", index);
  }
  return type;
}

bool Arguments::absent(int index) const {
  if (static_cast<size_t>(index) >= count_) return true;
  napi_valuetype type;
  napi_typeof(env_, values_[index], &type);
  return type == napi_undefined || type == napi_null;
}

double Arguments::number(int index) const {
  double value;
  if (napi_get_value_double(env_, values_[index], &value) != napi_ok) {
    throw ArgumentError(ArgumentError::type, "expected a number as argument %d.", index);
  }
  return value;
}

int64_t Arguments::integer(int index) const {
  const double value = number(index);
  if (!(std::fabs(value) <= 9007199254740991.0) || value != std::floor(value)) {
    throw ArgumentError(ArgumentError::range, "expected an integer as argument %d. Received %g.", index, value);
  }
  return static_cast<int64_t>(value);
}

int64_t Arguments::size(int index) const {
  const int64_t value = integer(index);
  if (value < 0 || value > INT32_MAX) {
    throw ArgumentError(ArgumentError::range, "expected a size as argument %d. Received %lld.", index,
                        static_cast<long long>(value));
  }
  return value;
}

bool Arguments::flag(int index) const {
  bool value;
  if (napi_get_value_bool(env_, values_[index], &value) != napi_ok) {
    throw ArgumentError(ArgumentError::type, "expected true or false as argument %d.", index);
  }
  return value;
}

static napi_value call(napi_env env, napi_callback_info info) {
  void* data;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  try {
    return reinterpret_cast<Function>(data)(Arguments(env, info));
  } catch (const ArgumentError& error) {
    if (error.kind == ArgumentError::type) {
      napi_throw_type_error(env, nullptr, error.message);
    } else {
      napi_throw_range_error(env, nullptr, error.message);
    }
  } catch (...) {
    napi_throw_error(env, nullptr, "out of memory");
  }
  return nullptr;
}

Exports::Exports(napi_env env, napi_value target) : env_(env), target_(target) {}

void Exports::add(const char* name, Function function) {
  napi_value value;
  napi_create_function(env_, name, NAPI_AUTO_LENGTH, call, reinterpret_cast<void*>(function), &value);
  napi_set_named_property(env_, target_, name, value);
}

void Exports::text(const char* name, const char* value) {
  napi_value string;
  napi_create_string_utf8(env_, value, NAPI_AUTO_LENGTH, &string);
  napi_set_named_property(env_, target_, name, string);
}

}  // namespace nacre
