/*
 * modarea.h - the memory of modules: frames set aside at boot, addresses within reach of the
 * kernel's text.
 *
 * newel.modules=SIZE says how much (8M; 0: no modules).  The linear map leaves these frames out,
 * so that code has no writable alias and no live block is split by a change of permissions; they
 * are mapped by 4 KiB pages at MODULES_BASE + x, within ±128 MiB of all kernel text (B, BL: no
 * PLT). A page is never writable and executable, nor mapped for EL0.
 * Lock: a mutex of its own: all may sleep.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"
#include "mm/paddr.h"

/*
 * modarea_reserve - take the arena out of the memory map, as the command line asks, or as much as
 * suits the machine; what does not fit is a warning, and no arena.  Boot core, when all else is in
 * the map, before kmap_init.
 */
void modarea_reserve(const char *cmdline);

/*
 * modarea_alloc - @size bytes (rounded up to pages), page-aligned, zeroed, RW and XN; a hole of
 * one unmapped page lies behind them.  NULL: no room, no memory for a table.
 */
void *modarea_alloc(size_t size) __must_check;
/*
 * modarea_free - all that modarea_alloc gave, sealed or not: unmapped in every TLB.  Nobody
 * executes or reads it any more.  NULL is fine.
 */
void modarea_free(void *at, size_t size);

enum modarea_seal {
	MODAREA_TEXT,	/* RX.  Coherent: what was written is what every core fetches */
	MODAREA_RODATA, /* R, XN */
};
/*
 * modarea_seal - from now on these pages (@at and @size page-aligned, a part of an allocation, RW
 * so far) are @as, on every core.  Behind text every core has passed a context synchronization
 * event.
 */
void modarea_seal(void *at, size_t size, enum modarea_seal as);

/*
 * modarea_guard - from now on EL2 keeps what is sealed from being written, by any mapping, until it
 * is freed, and zeroes it first (arm/level_calls.h).  Boot core, once, if EL2 is ours.
 */
void modarea_guard(void);

/* modarea_holds - is @va inside the arena's addresses?  Any context. */
bool modarea_holds(uintptr_t va);
/*
 * modarea_freeze - until modarea_thaw no page of the arena is mapped anew: what was executable does
 * not become writable.  Returns the first frame; they follow one another (mm/wx.c).
 */
paddr modarea_freeze(void);
void modarea_thaw(void);
/* modarea_size, modarea_used - bytes in all, and bytes that are allocated. */
size_t modarea_size(void);
size_t modarea_used(void);
