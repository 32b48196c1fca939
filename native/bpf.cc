// Entry of the addon; bpf(command, attr, pointers?) at once, many in a row, and on the thread pool. No policy: see README.md.
// `pointers` is a flat list [offset, bytes, ...]: the address of each `bytes` is written into attr at `offset`.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include "border.h"

namespace {

struct Attr {
  uint8_t* data = nullptr;
  size_t size = 0;
};

bool Bytes(const Napi::Value& value, Attr* out) {
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
  if (!list.IsArray()) return list.IsUndefined();
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
  auto status = napi_get_value_int32(info.Env(), info[0], command);
  return status == napi_ok && Bytes(info[1], attr) && Point(*attr, info[2]);
}

// point(bytes, pointers): only fills in the addresses, for structures that another one points to.
Napi::Value PointOnly(const Napi::CallbackInfo& info) {
  Attr target;
  if (!Bytes(info[0], &target) || !Point(target, info[1])) return Wrong(info.Env());
  return Napi::Number::New(info.Env(), 0);
}

long Bpf(int command, const Attr& attr) { return syscall(SYS_bpf, command, attr.data, attr.size); }

Napi::Value BpfSync(const Napi::CallbackInfo& info) {
  int command;
  Attr attr;
  if (!Arguments(info, &command, &attr)) return Wrong(info.Env());
  return Result(info.Env(), Bpf(command, attr));
}

// Equal slots of a memory: first the attr of a call that opens something, then that of a call with its descriptor as first member.
struct Slots {
  uint32_t count, size, open, open_size, ask, ask_size;
};

int32_t OpenAndAsk(uint8_t* slot, const Slots& slots) {
  uint8_t* second = slot + slots.open_size;
  int32_t fd = Bpf(slots.open, {slot, slots.open_size});
  if (fd < 0) return -errno;
  memcpy(second, &fd, sizeof fd);
  int32_t result = Bpf(slots.ask, {second, slots.ask_size}) < 0 ? -errno : 0;
  close(fd);
  return result;
}

long Each(Attr memory, Slots slots) {
  for (uint8_t* slot = memory.data; slots.count > 0; slots.count--, slot += slots.size) {
    int32_t result = OpenAndAsk(slot, slots);
    memcpy(slot + slots.open_size, &result, sizeof result);
  }
  return 0;
}

// Work for the thread pool: a promise of its result. The arguments, and so the memory behind them, outlive it.
class Worker : public Napi::AsyncWorker {
 public:
  Worker(const Napi::CallbackInfo& info, std::function<long()> work)
      : AsyncWorker(info.Env()), deferred_(info.Env()), work_(std::move(work)) {
    auto keep = Napi::Array::New(info.Env());
    for (uint32_t i = 0; i < info.Length(); i++) keep[i] = info[i];
    Receiver() = Napi::Persistent(keep.As<Napi::Object>());
    Queue();
  }
  Napi::Promise Promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { if ((result_ = work_()) < 0) result_ = -errno; }
  void OnOK() override { deferred_.Resolve(Napi::Number::New(Env(), static_cast<double>(result_))); }

 private:
  Napi::Promise::Deferred deferred_;
  std::function<long()> work_;
  long result_ = 0;
};

Napi::Value Later(const Napi::CallbackInfo& info, std::function<long()> work) {
  return (new Worker(info, std::move(work)))->Promise();
}

// bpfEach(memory, slots, later): makes both calls of every slot, closes the descriptor and leaves 0 or -errno in its place.
Napi::Value BpfEach(const Napi::CallbackInfo& info) {
  Attr memory, row;
  Slots slots;
  if (!Bytes(info[0], &memory) || !Bytes(info[1], &row) || row.size != sizeof slots) return Wrong(info.Env());
  memcpy(&slots, row.data, sizeof slots);
  bool fit = uint64_t{slots.open_size} + slots.ask_size <= slots.size && slots.ask_size >= sizeof(int32_t);
  if (!fit || uint64_t{slots.count} * slots.size > memory.size) return Wrong(info.Env());
  if (info[2].ToBoolean()) return Later(info, [=] { return Each(memory, slots); });
  return Result(info.Env(), Each(memory, slots));
}

Napi::Value BpfAsync(const Napi::CallbackInfo& info) {
  int command;
  Attr attr;
  bool valid = Arguments(info, &command, &attr);
  return Later(info, [=] { return valid ? Bpf(command, attr) : (errno = EFAULT, -1L); });
}

}  // namespace

static Napi::Object Init(Napi::Env, Napi::Object exports) {
  Export(exports, {{"bpf", BpfSync}, {"bpfEach", BpfEach}, {"bpfAsync", BpfAsync}, {"point", PointOnly}});
  ExportCalls(exports);
  return exports;
}

NODE_API_MODULE(pinfold, Init)
