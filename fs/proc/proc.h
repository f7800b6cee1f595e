/*
 * proc.h - what the files of /proc are made of.  fs/proc/proc.c is the file system; the tables of
 * its files and what they say are in fs/proc/system.c (the machine), fs/proc/sys.c (/proc/sys),
 * fs/proc/pid.c, fs/proc/mem.c and fs/proc/fd.c (processes).
 *
 * Nothing is kept: a name is looked up anew when nobody uses it, a text is made when it is read, a
 * piece at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/vfs.h"
#include "lib/util.h"

struct file;
struct mm;
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
	bool private; /* for those who may trace the process: else -EACCES */
	/* open, it reads as empty when the process has gone; others are -ESRCH */
	bool empty_when_gone;
	/* show_mm is asked of an address space that is gone, too: of struct mm alone */
	bool outlives;
	uint16_t number; /* proc.c's own: part of st_ino */
	/*
	 * show - the next piece of a file's text, from *@at (0 at first), which moves on.
	 * 1: there may be more; 0: that was all; or -errno.
	 */
	int (*show)(struct proc_text *t, const struct proc_node *n, uint64_t *at);
	/*
	 * show_mm - the same of what tells of an address space, for those who may look into that:
	 * the one that there was when the file was opened, and no other that the process has had
	 * since.  @mm: NULL: it is gone.
	 */
	int (*show_mm)(struct proc_text *t, struct mm *mm, uint64_t *at);
	/* write - @text, terminated, @len bytes.  0 or -errno. */
	int (*write)(const struct proc_node *n, char *text, size_t len);
	/* link - a link's text, into @t.  jump: where it leads by itself, as inode_ops.jump. */
	int (*link)(struct proc_text *t, const struct proc_node *n);
	int (*jump)(const struct proc_node *n, struct path *out);
	struct proc_entry *entries; /* of a directory; the last one has no name */
	const struct proc_numbers *numbers;
};

#define PROC_FILE(n, m, s)                                      \
	{                                                       \
		.name = (n), .mode = 0100000 | (m), .show = (s) \
	}
#define PROC_PRIVATE(n, m, s)                                                    \
	{                                                                        \
		.name = (n), .mode = 0100000 | (m), .show = (s), .private = true \
	}
#define PROC_MEMORY(n, m, s)                                       \
	{                                                          \
		.name = (n), .mode = 0100000 | (m), .show_mm = (s) \
	}
#define PROC_START(n, s)                                                               \
	{                                                                              \
		.name = (n), .mode = 0100400, .show_mm = (s), .empty_when_gone = true, \
	}
#define PROC_AUXV(n, s)                                                                \
	{                                                                              \
		.name = (n), .mode = 0100400, .show_mm = (s), .empty_when_gone = true, \
		.outlives = true                                                       \
	}
#define PROC_RW(n, m, s, w)                                                   \
	{                                                                     \
		.name = (n), .mode = 0100000 | (m), .show = (s), .write = (w) \
	}
#define PROC_LINK(n, l)                                   \
	{                                                 \
		.name = (n), .mode = 0120777, .link = (l) \
	}
#define PROC_JUMP(n, l, j)                                                              \
	{                                                                               \
		.name = (n), .mode = 0120777, .link = (l), .jump = (j), .private = true \
	}
#define PROC_DIR(n, e)                                       \
	{                                                    \
		.name = (n), .mode = 0040555, .entries = (e) \
	}
#define PROC_PRIVATE_NUMBERS(n, m, nr)                                                \
	{                                                                             \
		.name = (n), .mode = 0040000 | (m), .numbers = &(nr), .private = true \
	}
#define PROC_NUMBERS(n, m, nr)                                       \
	{                                                            \
		.name = (n), .mode = 0040000 | (m), .numbers = &(nr) \
	}

/* proc_process - the process whose directory in /proc @f is, held by @f; NULL: it is none. */
struct process *proc_process(const struct file *f);

/*
 * The thread that a name stands for, or for a process its first one, with a reference; NULL: there
 * is none (any more).
 */
struct task *proc_task(const struct proc_node *n);

extern struct proc_entry proc_system_entries[], proc_sys_entries[];
extern const struct proc_numbers proc_pids, proc_fds, proc_fdinfos;

/* What of the table of a process is in other files. */
int proc_maps(struct proc_text *t, struct mm *mm, uint64_t *at);
int proc_smaps(struct proc_text *t, struct mm *mm, uint64_t *at);
int proc_smaps_rollup(struct proc_text *t, struct mm *mm, uint64_t *at);
int proc_statm(struct proc_text *t, const struct proc_node *n, uint64_t *at);
int proc_cmdline(struct proc_text *t, const struct proc_node *n, uint64_t *at);
int proc_environ(struct proc_text *t, struct mm *mm, uint64_t *at);
int proc_auxv(struct proc_text *t, struct mm *mm, uint64_t *at);
int proc_exe_link(struct proc_text *t, const struct proc_node *n);
int proc_exe_jump(const struct proc_node *n, struct path *out);
int proc_cwd_link(struct proc_text *t, const struct proc_node *n);
int proc_cwd_jump(const struct proc_node *n, struct path *out);
int proc_root_link(struct proc_text *t, const struct proc_node *n);
int proc_root_jump(const struct proc_node *n, struct path *out);
int proc_mounts(struct proc_text *t, const struct proc_node *n, uint64_t *at);
int proc_mountinfo(struct proc_text *t, const struct proc_node *n, uint64_t *at);

/* proc_init - mount(2) knows "proc".  @cmdline: the kernel's, kept.  Boot core. */
void proc_init(const char *cmdline);
extern const char *proc_kernel_cmdline;
