// Entry of the addon; bpf(command, attr, pointers?) at once, many in a row, and on the thread pool. No policy: see README.md.
// `pointers` is a flat list [offset, bytes, ...]: the address of each `bytes` is written into attr at `offset`.
#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "border.h"

namespace {

struct Attr { uint8_t* data = nullptr; size_t size = 0; };

bool Bytes(const Napi::Value& value, Attr* out) {
  napi_typedarray_type type;
  void* data = nullptr;
  auto status = napi_get_typedarray_info(value.Env(), value, &type, &out->size, &data, nullptr, nullptr);
  out->data = static_cast<uint8_t*>(data);
  return status == napi_ok && type == napi_uint8_array;
}

void PutAddress(uint8_t* at, const void* target) {
  uint64_t address = reinterpret_cast<uintptr_t>(target);
  memcpy(at, &address, sizeof address);
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
    PutAddress(attr.data + at, target.data);
  }
  return true;
}

// point(bytes, pointers): only fills in the addresses, for structures that another one points to.
Napi::Value PointOnly(const Napi::CallbackInfo& info) {
  Attr target;
  return Napi::Number::New(info.Env(), Bytes(info[0], &target) && Point(target, info[1]) ? 0 : -EFAULT);
}

// Work for the thread pool: a promise of its result. The arguments, and so the memory behind them, outlive it.
struct Worker : Napi::AsyncWorker {
  Napi::Promise::Deferred deferred;
  std::function<long()> work;
  long result = 0;
  Worker(const Napi::CallbackInfo& info, std::function<long()> what)
      : AsyncWorker(info.Env()), deferred(info.Env()), work(std::move(what)) {
    auto keep = Napi::Array::New(info.Env());
    for (uint32_t i = 0; i < info.Length(); i++) keep[i] = info[i];
    Receiver() = Napi::Persistent(keep.As<Napi::Object>());
    Queue();
  }
  void Execute() override { if ((result = work()) < 0) result = -errno; }
  void OnOK() override { deferred.Resolve(Napi::Number::New(Env(), static_cast<double>(result))); }
};

Napi::Value Do(const Napi::CallbackInfo& info, bool later, std::function<long()> work) {
  return later ? Napi::Value((new Worker(info, std::move(work)))->deferred.Promise()) : Result(info.Env(), work());
}

long Bpf(int command, const Attr& attr) { return syscall(SYS_bpf, command, attr.data, attr.size); }

template <bool later>
Napi::Value BpfCall(const Napi::CallbackInfo& info) {
  int command;
  Attr attr;
  bool isNumber = napi_get_value_int32(info.Env(), info[0], &command) == napi_ok;
  bool valid = isNumber && Bytes(info[1], &attr) && Point(attr, info[2]);
  return Do(info, later, [=] { return valid ? Bpf(command, attr) : (errno = EFAULT, -1L); });
}

int ByName(const dirent** a, const dirent** b) { return strcmp((*a)->d_name, (*b)->d_name); }

// What bpfEach works on. A slot begins with the attr of a call that opens a path, and that of a call with its descriptor as first
// member; `path` says where the path's address goes, `inner` where that of a place in the slot goes, and which place.
struct Each {
  struct { uint32_t size, open, open_size, ask, ask_size, path, inner[2][2]; } form;
  std::vector<std::string> directories;
  Attr slot, memory, names;
  size_t used = 0, written = 0;

  int32_t OpenAndAsk(uint8_t* into, const std::string& path) const {
    PutAddress(into + form.path, path.c_str());
    for (auto [at, place] : form.inner) PutAddress(into + at, into + place);
    int32_t fd = Bpf(form.open, {into, form.open_size});
    if (fd < 0) return -errno;
    memcpy(into + form.open_size, &fd, sizeof fd);
    int32_t result = Bpf(form.ask, {into + form.open_size, form.ask_size}) < 0 ? -errno : 0;
    close(fd);
    return result;
  }

  // Fills the next slot; the kernel is asked unless the result is known. False when there is no room.
  bool Add(const std::string& name, const std::string& path, int32_t result) {
    if (used + form.size > memory.size || written + name.size() + 1 > names.size) return false;
    auto* into = static_cast<uint8_t*>(memcpy(memory.data + used, slot.data, form.size));
    if (result == 0 && !name.empty()) result = OpenAndAsk(into, path + '/' + name);
    memcpy(into + form.open_size, &result, sizeof result);
    used += form.size;
    written += (name + '/').copy(reinterpret_cast<char*>(names.data + written), name.size() + 1);
    return true;
  }

  long Run() {
    bool room = true;
    for (auto& path : directories) {
      dirent** entries = nullptr;
      int count = scandir(path.c_str(), &entries, nullptr, ByName), listed = count < 0 ? -errno : 0;
      for (int i = 0; i < count; free(entries[i++])) {
        std::string name = entries[i]->d_name;
        if (name != "." && name != "..") room = room && Add(name, path, entries[i]->d_type == DT_DIR ? -EISDIR : 0);
      }
      free(entries);
      room = room && Add("", path, listed);
    }
    return room ? static_cast<long>(written) : (errno = ENOBUFS, -1L);
  }
};

// bpfEach(form, slot, memory, names, directories, later): see Addon in addon.ts.
Napi::Value BpfEach(const Napi::CallbackInfo& info) {
  Attr form;
  Each each;
  bool valid = Bytes(info[0], &form) && Bytes(info[1], &each.slot) && info[4].IsArray();
  if (!valid || !Bytes(info[2], &each.memory) || !Bytes(info[3], &each.names)) return Wrong(info.Env());
  if (form.size != sizeof each.form) return Wrong(info.Env());
  memcpy(&each.form, form.data, form.size);
  if (each.slot.size != each.form.size) return Wrong(info.Env());
  auto list = info[4].As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) each.directories.push_back(list.Get(i).ToString());
  return Do(info, info[5].ToBoolean(), [each]() mutable { return each.Run(); });
}

}  // namespace

static Napi::Object Init(Napi::Env, Napi::Object exports) {
  Export(exports, {{"bpf", BpfCall<false>}, {"bpfAsync", BpfCall<true>}, {"bpfEach", BpfEach}, {"point", PointOnly}});
  ExportCalls(exports);
  return exports;
}

NODE_API_MODULE(pinfold, Init)
