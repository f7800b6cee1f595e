/*
 * fdtable.h - the descriptors by which a process knows its open files.
 *
 * Lock: files->lock (spinlock) guards the table; only a wait queue's is taken inside.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/file.h"

struct charge;
struct task;

#define FILES_MAX 524288u /* descriptors of one table, whatever RLIMIT_NOFILE says */

struct files {
	struct ref refs;
	struct spinlock lock;
	uint32_t cap;	     /* slots; a power of 2, at least 64 */
	uint32_t first_free; /* no free slot below */
	struct file **slots;
	uint64_t *used;	   /* bit: taken (a slot may be NULL yet: being opened) */
	uint64_t *cloexec; /* bit: closed by execve */
	uint64_t *full;	   /* bit: that word of used is all ones */
	bool frozen;	   /* a task that wants to change it waits for thaw */
	struct wait_queue thaw;
	struct file *first_slots[64];
	uint64_t first_used, first_cloexec, first_full;
	struct charge *charge; /* of the process that it was made for */
};

/*
 * A file as found by its descriptor; @counted is the same when it has a reference of its own (the
 * table is shared), else NULL.
 */
struct fd_ref {
	struct file *file, *counted;
};

/*
 * fd_get - current's file at @fd (file NULL: none, or O_PATH); fd_get_any - O_PATH too.  fd_put -
 * done with it.
 */
struct fd_ref fd_get(int fd);
struct fd_ref fd_get_any(int fd);
static inline void fd_put(struct fd_ref r)
{
	if (unlikely(r.counted))
		file_put(r.counted);
}

/*
 * with_fd - what @expr says of @f, the file that is open as @fd; -EBADF if none is, or with O_PATH.
 * with_any_fd - O_PATH too.  with_two_fds - of two files.
 */
#define with_fd_ref(ref, f, expr)                     \
	({                                            \
		struct fd_ref with_ref_ = (ref);      \
		struct file *f = with_ref_.file;      \
		long with_ret_ = f ? (expr) : -EBADF; \
		fd_put(with_ref_);                    \
		with_ret_;                            \
	})
#define with_fd(fd, f, expr)	 with_fd_ref(fd_get(fd), f, expr)
#define with_any_fd(fd, f, expr) with_fd_ref(fd_get_any(fd), f, expr)
#define with_two_fds(fd_a, a, fd_b, b, expr)                                  \
	({                                                                    \
		struct fd_ref with_a_ = fd_get(fd_a), with_b_ = fd_get(fd_b); \
		struct file *a = with_a_.file, *b = with_b_.file;             \
		long with_ret_ = a && b ? (expr) : -EBADF;                    \
		fd_put(with_b_);                                              \
		fd_put(with_a_);                                              \
		with_ret_;                                                    \
	})

/* fd_file - for callers that keep it: current's file at @fd with a reference, or NULL. */
struct file *fd_file(int fd);

/* fd_limit - descriptors of current are below it: RLIMIT_NOFILE, and never more than FILES_MAX. */
uint32_t fd_limit(void);

/*
 * fd_reserve - the lowest free descriptor not below @from, taken but empty; or -EMFILE, -ENOMEM.
 * fd_install - it becomes @f, whose reference passes over.  fd_unreserve - not after all.
 */
int fd_reserve(uint32_t from, bool cloexec) __must_check;
void fd_install(int fd, struct file *f);
void fd_unreserve(int fd);
/*
 * fd_reserve_two - two of them, or none.  fd_end_two - they become @f, as fd_install; NULL: not
 * after all.
 */
int fd_reserve_two(int fd[2], bool cloexec) __must_check;
void fd_end_two(const int fd[2], struct file *const f[2]);
/* fd_finish - the one or the other: @f may be an error, which is then what it answers, else @fd. */
static inline int __must_check fd_finish(int fd, struct file *f)
{
	if (is_err(f)) {
		fd_unreserve(fd);
		return (int)ptr_err(f);
	}
	fd_install(fd, f);
	return fd;
}
/* fd_add - both at once: the descriptor, or -errno (then @f is put). */
int fd_add(struct file *f, bool cloexec) __must_check;
/*
 * fd_dup_from - a second descriptor for @f, not below @from: or -EMFILE, -ENOMEM.  fd_is - is @fd
 * (still) @f?
 */
int fd_dup_from(struct file *f, uint32_t from, bool cloexec) __must_check;
bool fd_is(int fd, const struct file *f);
/*
 * fd_close - close(2).  fd_dup_to - dup3(2) with @f already found.  fd_cloexec - get (@set < 0) or
 * set the flag.
 */
int fd_close(int fd);
int fd_dup_to(struct file *f, int fd, bool cloexec) __must_check;
int fd_cloexec(int fd, int set);
/* fd_close_range - close, or with @only_mark mark close-on-exec, [@first, @last]. */
void fd_close_range(uint32_t first, uint32_t last, bool only_mark);

/* files_unshare - before execve: current's table becomes its own.  0 or -ENOMEM. */
int files_unshare(void) __must_check;

/*
 * files_create - give @t, the first user task, an empty table.  0, -ENOMEM.
 */
int files_create(struct task *t) __must_check;

/*
 * What another task has: task_fd - its file at @fd with a reference, or NULL; task_next_fd - its
 * first open descriptor >= *@fd, into *@fd, false: none; task_fds - how many there is room for.
 */
struct file *task_fd(struct task *t, uint32_t fd, bool *cloexec);
bool task_next_fd(struct task *t, uint32_t *fd);
uint32_t task_fds(struct task *t);

/*
 * For context.c: files_fork - what a new task gets that @files' forks, the same one or a copy that
 * is charged to @c; NULL: no memory.  files_put - a task has it no longer.
 */
struct files *files_fork(struct files *files, struct charge *c, bool share) __must_check;
void files_put(struct files *t);
void files_close_on_exec(struct task *t);
