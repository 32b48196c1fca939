// The other system calls that Node lacks, each with the arguments of its manual page. Descriptors are numbers, paths strings.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <string>

#include "border.h"

namespace {

using Info = const Napi::CallbackInfo&;
int Int(Info info, size_t at) { return info[at].ToNumber().Int32Value(); }
std::string Text(Info info, size_t at) { return info[at].ToString().Utf8Value(); }

Napi::Value Close(Info info) { return Result(info.Env(), close(Int(info, 0))); }
Napi::Value Fcntl(Info info) { return Result(info.Env(), fcntl(Int(info, 0), Int(info, 1), Int(info, 2))); }
Napi::Value Flock(Info info) { return Result(info.Env(), flock(Int(info, 0), Int(info, 1))); }
Napi::Value Membarrier(Info info) { return Result(info.Env(), syscall(SYS_membarrier, Int(info, 0), Int(info, 1), 0)); }

Napi::Value Renameat2(Info info) {
  return Result(info.Env(), syscall(SYS_renameat2, AT_FDCWD, Text(info, 0).c_str(), AT_FDCWD, Text(info, 1).c_str(), Int(info, 2)));
}

Napi::Value Mount(Info info) {
  auto source = Text(info, 0), target = Text(info, 1), type = Text(info, 2), data = Text(info, 4);
  return Result(info.Env(), mount(source.c_str(), target.c_str(), type.c_str(), Int(info, 3), data.c_str()));
}

// writeMapped(address, size, flags, fd, bytes, offset): mmap to read and write, copies the bytes to an offset there, munmap; where it was.
Napi::Value WriteMapped(Info info) {
  if (!info[4].IsTypedArray()) return Wrong(info.Env());
  auto bytes = info[4].As<Napi::Uint8Array>();
  auto at = info[0].ToNumber().Int64Value(), size = info[1].ToNumber().Int64Value(), offset = info[5].ToNumber().Int64Value();
  void* memory = mmap(reinterpret_cast<void*>(at), size, PROT_READ | PROT_WRITE, Int(info, 2), Int(info, 3), 0);
  if (memory != MAP_FAILED) memcpy(static_cast<char*>(memory) + offset, bytes.Data(), bytes.ByteLength());
  return Result(info.Env(), memory == MAP_FAILED || munmap(memory, size) ? -1 : reinterpret_cast<long>(memory));
}

Napi::Value PerfEventOpen(Info info) {
  if (!info[0].IsTypedArray()) return Wrong(info.Env());
  auto attr = info[0].As<Napi::Uint8Array>();
  return Result(info.Env(), syscall(SYS_perf_event_open, attr.Data(), Int(info, 1), Int(info, 2), Int(info, 3), Int(info, 4)));
}

// netlink(request, reply): asks rtnetlink; the length of its whole answer in `reply`, -ENOBUFS where that is too small.
Napi::Value Netlink(Info info) {
  if (!info[0].IsTypedArray() || !info[1].IsTypedArray()) return Wrong(info.Env());
  auto request = info[0].As<Napi::Uint8Array>(), reply = info[1].As<Napi::Uint8Array>();
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return Result(info.Env(), fd);
  ssize_t result = send(fd, request.Data(), request.ByteLength(), 0), used = 0, size = reply.ByteLength();
  // It answers while it is asked, a dump in several datagrams: what is not there now does not come any more.
  while (result > 0 && (result = recv(fd, reply.Data() + used, size - used, MSG_DONTWAIT | MSG_TRUNC)) > 0) {
    if (used + result > size) errno = ENOBUFS, result = -1;
    used += result;
  }
  auto value = Result(info.Env(), errno == EAGAIN ? used : result);
  close(fd);
  return value;
}

}  // namespace

void ExportCalls(Napi::Object exports) {
  Export(exports, {{"close", Close}, {"fcntl", Fcntl}, {"flock", Flock}, {"renameat2", Renameat2}, {"mount", Mount},
                   {"writeMapped", WriteMapped}, {"perfEventOpen", PerfEventOpen}, {"membarrier", Membarrier}, {"netlink", Netlink}});
}
