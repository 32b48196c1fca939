// What the files of this directory share. Every function returns the result of its system call, or -errno.
#pragma once
#define NAPI_VERSION 8
#include <napi.h>

#include <cerrno>
#include <cstdint>

inline Napi::Value Result(Napi::Env env, long result) {
  return Napi::Number::New(env, static_cast<double>(result < 0 ? -errno : result));
}

void ExportBpf(Napi::Env env, Napi::Object exports);
void ExportCalls(Napi::Env env, Napi::Object exports);
