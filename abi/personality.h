/*
 * personality.h - the parts of personality(2) that mean something here.
 */
#pragma once

#define PER_LINUX	  0
#define PER_LINUX32	  8
#define PER_MASK	  0xff
#define ADDR_NO_RANDOMIZE 0x0040000
#define PER_QUERY	  0xffffffff
