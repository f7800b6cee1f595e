/*
 * personality.h - the parts of personality(2) that mean something here.
 */
#pragma once

#define PER_LINUX	   0
#define PER_LINUX32	   8
#define PER_MASK	   0xff
#define UNAME26		   0x0020000
#define ADDR_NO_RANDOMIZE  0x0040000
#define READ_IMPLIES_EXEC  0x0400000
#define STICKY_TIMEOUTS	   0x4000000
/* READ_IMPLIES_EXEC, ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT, MMAP_PAGE_ZERO */
#define PER_CLEAR_ON_SETID 0x0740000
#define PER_QUERY	   0xffffffff
