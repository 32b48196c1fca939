// Entry of the addon: bpf(2) and the few system calls that Node lacks. No policy and no text: see README.md.
#include "border.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  ExportBpf(env, exports);
  ExportCalls(env, exports);
  return exports;
}

NODE_API_MODULE(pinfold, Init)
