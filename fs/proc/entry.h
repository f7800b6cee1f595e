/*
 * entry.h - what the tables of /proc are made of: a name, what it stands for, and the text it says.
 *
 * Nothing is kept: a name is looked up anew when nobody uses it, a text is made when it is read, a
 * piece at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/stat.h"
#include "lib/util.h"
#include "mm/layout.h"

struct mm;
struct path;
struct process;
struct task;

/*
 * Where a file's text is put.  What does not fit sets full: the piece is made again, with more
 * room.
 */
struct proc_text {
	char *buf;
	size_t size, len;
	bool full;
	bool addresses; /* the reader may see the kernel's: CAP_SYSLOG when it opened the file */
	bool administrator; /* it had CAP_SYS_ADMIN then */
};

/*
 * proc_printf, proc_put, proc_puts - behind what is there; what does not fit is dropped, and
 * t->full set.
 */
void proc_printf(struct proc_text *t, const char *fmt, ...) __printf(2, 3);
void proc_put(struct proc_text *t, const char *s, size_t n);
void proc_puts(struct proc_text *t, const char *s);
/*
 * proc_put_escaped - @s with the characters of @escape (and backslashes, if they are among them) in
 * octal.
 */
void proc_put_escaped(struct proc_text *t, const char *s, const char *escape);
/*
 * proc_put_path - the name of @p as current sees it; one that was removed ends in " (deleted)".  0,
 * -ENOMEM, -ENAMETOOLONG.
 */
int proc_put_path(struct proc_text *t, const struct path *p, const char *escape) __must_check;
/* proc_put_kib - a line of /proc/meminfo or smaps: @name with its colon, and how many KiB. */
void proc_put_kib(struct proc_text *t, const char *name, unsigned long kib);

#define KIB(pages) ((unsigned long)(pages) << (PAGE_SHIFT - 10))

/* What a name in /proc stands for. */
struct proc_node {
	const struct proc_entry *entry;
	struct process *process; /* NULL: not about one.  With a reference */
	struct task *task;	 /* one thread of it, with a reference; NULL: all */
	uint32_t fd;
	uint32_t mode; /* of the file, if it is not the entry's */
};

/* The children of a directory that are numbers. */
struct proc_numbers {
	struct proc_entry *child; /* what each of them is */
	/* next - the first one >= *@n, into *@n; false: there is none. */
	bool (*next)(const struct proc_node *dir, uint32_t *n);
	/*
	 * find - @n, into @child (zeroed, its entry set), with references.  False: there is none.
	 */
	bool (*find)(const struct proc_node *dir, uint32_t n, struct proc_node *child);
};

/* One name.  All may sleep. */
struct proc_entry {
	const char *name;
	uint32_t mode;
	bool private; /* only for a caller that may trace the process: else -EACCES */
	/* open, it reads as empty when the process has gone; others are -ESRCH */
	bool empty_when_gone;
	/*
	 * show_mm is called when no task has the address space any more, too: it reads struct mm
	 * alone
	 */
	bool outlives;
	bool late;	  /* part of a struct proc_late: register.c's */
	uint16_t number;  /* proc.c's own: part of st_ino */
	const char *text; /* of a file that always says the same: proc_show_text */
	/*
	 * show - the next piece of a file's text, from *@at (0 at first), which moves on.
	 * 1: there may be more; 0: that was all; or -errno.
	 */
	int (*show)(struct proc_text *t, const struct proc_node *n, uint64_t *at);
	/*
	 * show_mm - the same of what tells of an address space, for a caller that may look into it:
	 * the one that there was when the file was opened, and no other that the process has had
	 * since.  @mm: NULL: it is gone.
	 */
	int (*show_mm)(struct proc_text *t, struct mm *mm, uint64_t *at);
	/* write - @text, terminated, @len bytes.  0 or -errno. */
	int (*write)(const struct proc_node *n, char *text, size_t len);
	/*
	 * jump - where a link leads by itself, as inode_ops.jump.  link - its text, into @t; NULL:
	 * the name of where it jumps to.
	 */
	int (*link)(struct proc_text *t, const struct proc_node *n);
	int (*jump)(const struct proc_node *n, struct path *out);
	struct proc_entry *entries; /* of a directory; the last one has no name */
	const struct proc_numbers *numbers;
};

#define PROC_ENTRY(n, m, ...)                         \
	{                                             \
		.name = (n), .mode = (m), __VA_ARGS__ \
	}
#define PROC_FILE(n, m, s)   PROC_ENTRY(n, S_IFREG | (m), .show = (s))
#define PROC_TEXT(n, s)	     PROC_ENTRY(n, S_IFREG | 0444, .show = proc_show_text, .text = (s))
#define PROC_RW(n, m, s, w)  PROC_ENTRY(n, S_IFREG | (m), .show = (s), .write = (w))
#define PROC_MEMORY(n, m, s) PROC_ENTRY(n, S_IFREG | (m), .show_mm = (s))
#define PROC_START(n, s, ...) \
	PROC_ENTRY(n, S_IFREG | 0400, .show_mm = (s), .empty_when_gone = true, __VA_ARGS__)
#define PROC_LINK(n, l)		    PROC_ENTRY(n, S_IFLNK | 0777, .link = (l))
#define PROC_JUMP(n, j)		    PROC_ENTRY(n, S_IFLNK | 0777, .jump = (j), .private = true)
#define PROC_DIR(n, e)		    PROC_ENTRY(n, S_IFDIR | 0555, .entries = (e))
#define PROC_NUMBERS(n, m, nr, ...) PROC_ENTRY(n, S_IFDIR | (m), .numbers = &(nr), __VA_ARGS__)

/* A function for proc_entry.show that prints one piece, and that is all. */
#define PROC_SHOW(name, ...)                                                          \
	static int name(struct proc_text *t, const struct proc_node *n, uint64_t *at) \
	{                                                                             \
		proc_printf(t, __VA_ARGS__);                                          \
		return 0;                                                             \
	}

/*
 * The thread that a name stands for, or for a process its first one, with a reference; NULL: there
 * is none (any more).
 */
struct task *proc_task(const struct proc_node *n);

/* proc_show_text - what an entry's text is. */
int proc_show_text(struct proc_text *t, const struct proc_node *n, uint64_t *at);

/* proc_child - @entry of the same process or thread as @dir, with references. */
struct proc_node proc_child(const struct proc_node *dir, const struct proc_entry *entry);
