/*
 * register.h - files of /proc that come and go at run time: a module's.
 *
 *	static int show(struct proc_text *t, void *arg, uint64_t *at)
 *	{
 *		proc_printf(t, "%u\n", READ_ONCE(count));
 *		return 0;
 *	}
 *	static struct proc_file file = {
 *		.name = "count", .mode = 0444, .show = show, .owner = THIS_OWNER,
 *	};
 *	err = proc_register(&file);
 */
#pragma once

#include "arm/might_sleep.h"
#include "fs/owner.h"
#include "fs/proc/entry.h"

/* A file in /proc itself.  The caller's, unchanged until proc_unregister. */
struct proc_file {
	const char *name; /* copied */
	uint32_t mode;	  /* permissions alone */
	/*
	 * show - the next piece of the text, from *@at (0 at first), which moves on.  1: there may
	 * be more; 0: that was all; or -errno.  A piece that does not fit is asked for again, with
	 * the same @at.  May sleep.
	 */
	int (*show)(struct proc_text *t, void *arg, uint64_t *at);
	/* write - @text, terminated, @len bytes, at most 4095.  0 or -errno.  NULL: -EIO. */
	int (*write)(void *arg, char *text, size_t len);
	void *arg;
	struct owner *owner;	/* whose code show and write are; held while they run */
	struct proc_late *late; /* register.c's own */
};

/*
 * proc_register - @file is there from now on.  0; -EEXIST: the name is taken; -EINVAL: it is none,
 * or is a number; -ENOMEM; -ENOSPC: there are thousands.  May sleep.
 * proc_unregister - it is gone: neither show nor write runs any more when this returns, and none
 * will; a file that is open of it answers -EIO, as on Linux.  May sleep; not from show or write.
 */
int proc_register(struct proc_file *file) __must_check;
void proc_unregister(struct proc_file *file);
#ifdef MODULE
#define proc_register(file)   (might_sleep(), (proc_register)(file))
#define proc_unregister(file) (might_sleep(), (proc_unregister)(file))
#endif

/* ---- for proc.c ---- */

/*
 * late_init - @number: st_ino's part of the first of them; @fixed: what /proc has besides, whose
 * names are taken.  Boot core.
 */
void late_init(uint16_t number, const struct proc_entry *fixed);
/* late_find - the entry called @name (@len bytes), held, or NULL. */
const struct proc_entry *late_find(const char *name, size_t len);
/*
 * late_next - the entry with the least number from @number on, held, or NULL.  Their numbers do not
 * change as long as they are there, which makes them positions in the directory.
 */
const struct proc_entry *late_next(uint16_t number);
/*
 * late_put - no longer held.  late_is_there - is it still registered?  Both: @e may be any entry;
 * any lock but register.c's own may be held.
 */
void late_put(const struct proc_entry *e);
bool late_is_there(const struct proc_entry *e);
