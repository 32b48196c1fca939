// What the files of this directory share. Every function returns the result of its system call, or -errno.
#pragma once
#define NAPI_VERSION 8
#include <napi.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <utility>

inline Napi::Value Result(Napi::Env env, long result) {
  return Napi::Number::New(env, static_cast<double>(result < 0 ? -errno : result));
}

// For arguments of another type or size, which TypeScript does not pass.
inline Napi::Value Wrong(Napi::Env env) { return Napi::Number::New(env, -EFAULT); }

using Callback = Napi::Value (*)(const Napi::CallbackInfo&);
inline void Export(Napi::Object exports, std::initializer_list<std::pair<const char*, Callback>> functions) {
  for (auto [name, function] : functions) exports[name] = Napi::Function::New(exports.Env(), function, name);
}

void ExportCalls(Napi::Object exports);
