/*
 * layout.h - the host's stand-in: the kernel's own, but the struct pages are where the test says.
 */
#pragma once

#include_next "mm/layout.h"

#ifndef __ASSEMBLER__
#include <stdint.h>

extern uintptr_t shim_page_array;

#undef PAGE_ARRAY
#define PAGE_ARRAY shim_page_array
#endif
