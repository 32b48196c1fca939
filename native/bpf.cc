// bpf(command, attr, pointers?) at once, and bpfAsync(...) on the thread pool.
// `pointers` is a flat list [offset, bytes, ...]: the address of each `bytes` is written into attr at `offset`.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "border.h"

namespace {

struct Attr {
  uint8_t* data = nullptr;
  size_t size = 0;
};

bool Bytes(const Napi::Value& value, Attr* out) {
  // One call into Node checks the type and finds the memory; this runs tens of thousands of times in a `show`.
  napi_typedarray_type type;
  void* data = nullptr;
  size_t size = 0;
  auto status = napi_get_typedarray_info(value.Env(), value, &type, &size, &data, nullptr, nullptr);
  if (status != napi_ok || type != napi_uint8_array) return false;
  *out = {static_cast<uint8_t*>(data), size};
  return true;
}

// Fills in the addresses. False when a value has another type or would be written outside of attr.
bool Point(const Attr& attr, const Napi::Value& list) {
  if (list.IsUndefined()) return true;
  if (!list.IsArray()) return false;
  auto pointers = list.As<Napi::Array>();
  for (uint32_t i = 0; i + 1 < pointers.Length(); i += 2) {
    Attr target;
    Napi::Value offset = pointers[i], bytes = pointers[i + 1];
    if (!offset.IsNumber() || !Bytes(bytes, &target)) return false;
    int64_t at = offset.As<Napi::Number>().Int64Value();
    if (at < 0 || static_cast<size_t>(at) + sizeof(uint64_t) > attr.size) return false;
    uint64_t address = reinterpret_cast<uintptr_t>(target.data);
    memcpy(attr.data + at, &address, sizeof address);
  }
  return true;
}

// Takes (command, attr, pointers?) apart. False when the arguments are not that.
bool Arguments(const Napi::CallbackInfo& info, int* command, Attr* attr) {
  if (napi_get_value_int32(info.Env(), info[0], command) != napi_ok || !Bytes(info[1], attr)) return false;
  return info.Length() < 3 || Point(*attr, info[2]);
}

// point(bytes, pointers): only fills in the addresses, for structures that another one points to.
Napi::Value PointOnly(const Napi::CallbackInfo& info) {
  Attr target;
  bool done = Bytes(info[0], &target) && Point(target, info[1]);
  return Napi::Number::New(info.Env(), done ? 0 : -EFAULT);
}

long Bpf(int command, const Attr& attr) { return syscall(SYS_bpf, command, attr.data, attr.size); }

Napi::Value BpfSync(const Napi::CallbackInfo& info) {
  int command;
  Attr attr;
  if (!Arguments(info, &command, &attr)) return Napi::Number::New(info.Env(), -EFAULT);
  return Result(info.Env(), Bpf(command, attr));
}

class Worker : public Napi::AsyncWorker {
 public:
  Worker(const Napi::CallbackInfo& info, int command, Attr attr)
      : AsyncWorker(info.Env()), deferred_(info.Env()), command_(command), attr_(attr) {
    // The memory behind attr and pointers must outlive the call.
    auto keep = Napi::Array::New(info.Env());
    keep[0u] = info[1];
    keep[1u] = info[2];
    keep_ = Napi::Persistent(keep.As<Napi::Object>());
  }
  Napi::Promise Promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    result_ = Bpf(command_, attr_);
    if (result_ < 0) result_ = -errno;
  }
  void OnOK() override { deferred_.Resolve(Napi::Number::New(Env(), static_cast<double>(result_))); }

 private:
  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference keep_;
  int command_;
  Attr attr_;
  long result_ = 0;
};

Napi::Value BpfAsync(const Napi::CallbackInfo& info) {
  int command;
  Attr attr;
  if (!Arguments(info, &command, &attr)) {
    auto deferred = Napi::Promise::Deferred::New(info.Env());
    deferred.Resolve(Napi::Number::New(info.Env(), -EFAULT));
    return deferred.Promise();
  }
  auto* worker = new Worker(info, command, attr);
  worker->Queue();
  return worker->Promise();
}

}  // namespace

void ExportBpf(Napi::Env env, Napi::Object exports) {
  exports["bpf"] = Napi::Function::New(env, BpfSync, "bpf");
  exports["point"] = Napi::Function::New(env, PointOnly, "point");
  exports["bpfAsync"] = Napi::Function::New(env, BpfAsync, "bpfAsync");
}
