// SPDX-License-Identifier: MIT
#include "common.h"
#include <bpf/bpf_core_read.h>

#define CORE __attribute__((preserve_access_index))
