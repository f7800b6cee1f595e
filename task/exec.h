/*
 * exec.h - execve(2): current becomes another program.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mm/vm.h"

struct cred;
struct file_caps;

/*
 * What execve(2) needs of files, which are not task/'s: fs/program.c registers it once.  A file is
 * named by what a mapping holds of it.
 */
struct exec_files {
	/*
	 * open - the program @path, from @dir if it is relative; @flags: AT_SYMLINK_NOFOLLOW,
	 * AT_EMPTY_PATH.  0: its object and file into *@to, each with a reference, and nobody
	 * writes it meanwhile; or -errno.
	 */
	int (*open)(int dir, const char *path, int flags, struct vm_source *to);
	/* set_ids - what its set-user-ID and set-group-ID bits make of @c; whether they do. */
	bool (*set_ids)(struct vm_held *file, struct cred *c);
	/* caps - the capabilities that it gives (security.capability).  May sleep. */
	void (*caps)(struct vm_held *file, struct file_caps *caps);
	/* may_read - may current read it, not only execute it? */
	bool (*may_read)(struct vm_held *file);
	/* allow_write - it was opened, and may be written all the same: it is no program. */
	void (*allow_write)(struct vm_held *file);
	/* is_shared - has another task current's working directory and umask as its own? */
	bool (*is_shared)(void);
	/* unshare - current's table of descriptors becomes its own.  0, -ENOMEM. */
	int (*unshare)(void);
	/*
	 * begin - current, a new task, gets the root directory of pid 1 and no open files.  0,
	 * -ENOMEM.
	 */
	int (*begin)(void);
	/* misses - current sees that there is no @path, and sees what pid 1 does. */
	bool (*misses)(const char *path);
	/* random - fills @buf from the kernel's generator. */
	void (*random)(void *buf, size_t n);
};
void exec_register_files(const struct exec_files *files);

/*
 * exec_user - current becomes the program @name (from @dir; @flags: AT_*), with the vectors of
 * strings at @argv and @envp.  exec_kernel - the same for the kernel itself: @path is from the root
 * or relative to current's working directory, and the vectors end with NULL.  0: the frame is the
 * program's, the caller returns to EL0; or -errno, and nothing has changed or (signal_force_segv)
 * the task ends on its way out.
 */
int exec_user(int dir, const char *name, int flags, uptr argv, uptr envp) __must_check;
int exec_kernel(const char *path, const char *const argv[], const char *const envp[]) __must_check;
/*
 * exec_kernel_begin - before that, in a task of usermode.c's: it gets the root directory of pid 1,
 * and no open files.  0, -ENOMEM.
 * exec_kernel_misses - whether it is certain that such a task would find no program @path.
 */
int exec_kernel_begin(void) __must_check;
bool exec_kernel_misses(const char *path);
