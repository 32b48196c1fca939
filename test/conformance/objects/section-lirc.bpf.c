// SPDX-License-Identifier: MIT
// Row of the section table: infrared receivers. This kernel may be without.
#include "common.h"

GPL;
RETURNS("lirc_mode2", on_pulse, unsigned int, 0)
