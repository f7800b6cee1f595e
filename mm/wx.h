/*
 * wx.h - a look at every leaf of the kernel's tables: is there a page that can be written and
 * executed?
 */
#pragma once

#include <stddef.h>

struct wx_counts {
	size_t leaves;
	/* by one leaf; or a frame that one leaf lets write and another execute */
	size_t writable_executable;
	size_t open_to_el0; /* to read, to write or to execute */
	/* pages of modules */
	size_t module_text, module_rodata, module_data;
};

/*
 * wx_walk - count them; each that should not be is named in the log.  May sleep, and gives way; no
 * module's memory is allocated meanwhile.
 */
struct wx_counts wx_walk(void);
