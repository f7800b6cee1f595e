/*
 * exec.c - execve(2): from a path and two vectors to a program.
 *
 * The way: the file is opened and the strings are copied to the new stack (task/exec.c) while the
 * old program is whole; #! lines are followed; the ELF headers are checked.  Up to there everything
 * that is wrong is an errno.  Then the process is alone in itself, and becomes the new program.
 */
#include "fs/context.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "sys/proc/exec.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/personality.h"
#include "abi/resource.h"
#include "abi/signal.h"
#include "abi/stat.h"
#include "fs/random.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "sys/pathname.h"
#include "sys/syscall.h"
#include "task/cap.h"
#include "task/cred.h"
#include "task/exec.h"

#define LINE_MAX  256 /* of a #! line: Linux's BINPRM_BUF_SIZE */
#define DEPTH_MAX 5   /* interpreters of interpreters */
#define SPARE	  16  /* strings that #! lines may add, two each, and an empty argv[0] */

/* A vector of strings: the user's, or the kernel's own. */
struct vector {
	uptr user;
	const char *const *kernel;
};

struct request {
	const char *path;  /* for AT_EXECFN, and the base name for comm */
	struct file *file; /* the program, in the end */
	struct vector argv, envp;
	struct exec x;
	struct exec_file exe, interp;
	bool gains;    /* the file gives rights that the caller has not */
	bool shared;   /* another process of the caller's could steer it */
	bool too_late; /* it failed where the old program can't go on */
};

/* ---- the strings ---- */

/* The @i-th pointer: 0 and *p (null at the end), or -EFAULT. */
static int vector_get(const struct vector *v, size_t i, uptr *p)
{
	uint64_t va = 0;

	if (v->kernel)
		va = (uintptr_t)v->kernel[i];
	else if (!uptr_is_null(v->user) && get_user(va, uptr_add(v->user, i * sizeof(va))))
		return -EFAULT;
	*p = uptr_of(va);
	return 0;
}

/* How many strings there are; -E2BIG when they can't fit anyway, so that a vector without end has
 * one. */
static long vector_count(const struct vector *v, size_t most)
{
	for (size_t n = 0;; n++) {
		uptr p;
		int err = vector_get(v, n, &p);

		if (err)
			return err;
		if (uptr_is_null(p))
			return (long)n;
		if (n == most)
			return -E2BIG;
		if (n % 64 == 63 && give_way())
			return -EINTR;
	}
}

/* Pushes the @n strings of @v, the last one first.  Each pointer is looked at once from here on. */
static int vector_push(struct exec *x, const struct vector *v, size_t n)
{
	while (n--) {
		uptr p;
		int err = vector_get(v, n, &p);

		if (!err && v->kernel)
			err = exec_push(x, v->kernel[n], strlen(v->kernel[n]) + 1);
		else if (!err)
			err = exec_push_user(x, p);
		if (!err)
			err = give_way();
		if (err)
			return err;
	}
	return 0;
}

static int push_string(struct exec *x, const char *s)
{
	return exec_push(x, s, strlen(s) + 1);
}

static int copy_strings(struct request *rq)
{
	struct exec *x = &rq->x;
	uint64_t stack = current->process->rlimit[RLIMIT_STACK].cur;
	size_t most = 6 << 20; /* more than any limit lets through */
	long argc = vector_count(&rq->argv, most / 8), envc;
	int err;

	if (argc < 0)
		return (int)argc;
	envc = vector_count(&rq->envp, most / 8);
	if (envc < 0)
		return (int)envc;
	random_bytes(&x->random, sizeof(x->random));
	err = exec_begin(x, (size_t)(argc + envc) + SPARE, stack);
	if (err)
		return err;
	err = push_string(x, rq->path);
	if (!err)
		err = vector_push(x, &rq->envp, (size_t)envc);
	if (!err)
		err = argc ? vector_push(x, &rq->argv, (size_t)argc) : push_string(x, "");
	x->argc = argc ? (size_t)argc : 1; /* no program has to do without a name */
	x->envc = (size_t)envc;
	return err;
}

/* ---- #! ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *skip_blanks(char *s, const char *end)
{
	while (s < end && is_blank(*s))
		s++;
	return s;
}

/* Where the word at @s ends: a blank or NUL; @end if it has neither. */
static char *word_end(char *s, const char *end)
{
	while (s < end && *s && !is_blank(*s))
		s++;
	return s;
}

/*
 * Parts a #! line (execve(2)): the interpreter and its only argument, which may hold blanks; NULL:
 * none. @line: LINE_MAX bytes and one more for a NUL, zero behind the file's end.  False: -ENOEXEC.
 */
static bool split_line(char *line, char **interp, char **arg)
{
	char *end = memchr(line, '\n', LINE_MAX), *sep;

	*arg = NULL;
	if (!end) {
		/* cut off: then at least the interpreter's name must be whole */
		end = line + LINE_MAX - 1;
		if (word_end(skip_blanks(line + 2, end), end) == end)
			return false;
	}
	while (end > line + 2 && is_blank(end[-1]))
		end--;
	*end = 0;
	*interp = skip_blanks(line + 2, end);
	if (*interp == end || !**interp)
		return false;
	sep = word_end(*interp, end);
	if (sep < end && *sep) {
		*sep = 0;
		*arg = skip_blanks(sep + 1, end);
	}
	return true;
}

/* The interpreter takes argv[0]'s place, its argument and the script's path come behind it. */
static int push_interpreter(struct exec *x, const char *script, const char *interp, const char *arg)
{
	int err;

	exec_pop(x);
	err = push_string(x, script);
	if (!err && arg) {
		err = push_string(x, arg);
		x->argc++;
	}
	if (!err) {
		err = push_string(x, interp);
		x->argc++;
	}
	return err;
}

/* The object of @f to read and map, with a reference. */
static struct vm_object *program_object(struct file *f)
{
	struct vm_object *o = file_mmap_object(f, PAGE_SIZE, false);

	return o ? o : err_ptr(-EACCES);
}

/* Reads the start of rq->exe.object; true: a #! line, in @line. */
static long read_line(const struct request *rq, char *line)
{
	long n = object_read(rq->exe.object, 0, line, LINE_MAX);

	if (n < 0)
		return n;
	memset(line + n, 0, (size_t)(LINE_MAX + 1 - n));
	return n >= 2 && line[0] == '#' && line[1] == '!';
}

/* The file at hand becomes @f, whose reference passes over; what it was goes. */
static int set_program(struct request *rq, struct file *f)
{
	struct vm_object *o;

	if (is_err(f))
		return (int)ptr_err(f);
	o = program_object(f);
	if (is_err(o)) {
		file_put(f);
		return (int)ptr_err(o);
	}
	if (rq->exe.object)
		object_put(rq->exe.object);
	if (rq->file)
		file_put(rq->file);
	rq->file = f;
	rq->exe.object = o;
	rq->exe.file = &f->held;
	return 0;
}

/* Follows #! lines until the file at hand is none. */
static int follow_scripts(struct request *rq)
{
	const char *script = rq->path;
	char line[LINE_MAX + 1], last[LINE_MAX + 1], *interp, *arg;

	for (int depth = 0;; depth++) {
		long is_script = read_line(rq, line);
		int err;

		if (is_script <= 0)
			return (int)is_script;
		if (depth == DEPTH_MAX)
			return -ELOOP;
		if (!split_line(line, &interp, &arg))
			return -ENOEXEC;
		err = push_interpreter(&rq->x, script, interp, arg);
		if (!err)
			err = set_program(rq, vfs_open_exec(AT_FDCWD, interp, WALK_FOLLOW));
		if (err)
			return err;
		strlcpy(last, interp, sizeof(last));
		script = last;
	}
}

/* ---- the program ---- */

static bool may_read(const struct file *f)
{
	return !path_permission(current_cred(), &f->path, MAY_READ);
}

/*
 * What set-user-ID and set-group-ID bits make of @c.  The lock: whose file it is and what it gives
 * are of one moment.
 */
static bool set_ids(struct inode *inode, struct cred *c)
{
	bool user, group;

	if (!(READ_ONCE(inode->mode) & (S_ISUID | S_ISGID)))
		return false;
	if (mutex_lock_killable(&inode->lock))
		return false;
	user = inode->mode & S_ISUID;
	group = (inode->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
	if (user)
		c->euid = inode->uid;
	if (group)
		c->egid = inode->gid;
	mutex_unlock(&inode->lock);
	return user || group;
}

/*
 * The program's rights: its caller's, and its file's unless the mount or the task says no.  0, or
 * -ENOMEM.
 */
static int take_rights(struct request *rq)
{
	const struct process *p = current->process;
	const struct cred *me = current_cred();
	struct exec *x = &rq->x;
	struct cred *c = cred_copy();

	if (!c)
		return -ENOMEM;
	cred_put(x->cred);
	x->cred = c;
	x->setid = !c->no_new_privs && !(rq->file->path.mnt->flags & MNT_NOSUID) &&
		   set_ids(rq->file->inode, c);
	x->secure = c->euid != c->uid || c->egid != c->gid;
	rq->gains = cap_exec(c, me, rq->shared);
	x->hidden = !may_read(rq->file);
	x->randomize = x->setid || !(p->personality & ADDR_NO_RANDOMIZE);
	return 0;
}

/* PT_INTERP's file: rq->interp.object stays NULL if there is none. */
static int open_interp(struct request *rq)
{
	char *path;
	long n;
	struct file *f;

	if (!rq->exe.elf.interp_size)
		return 0;
	path = kmalloc(ELF_INTERP_MAX);
	if (!path)
		return -ENOMEM;
	n = exec_interpreter(&rq->exe, path);
	f = n < 0 ? err_ptr(n) : vfs_open_exec(AT_FDCWD, path, WALK_FOLLOW);
	kfree(path);
	if (is_err(f))
		return (int)ptr_err(f);
	rq->interp.object = program_object(f);
	if (is_err(rq->interp.object)) {
		n = ptr_err(rq->interp.object);
		rq->interp.object = NULL;
		file_put(f);
		return (int)n;
	}
	rq->interp.file = &f->held;
	rq->x.hidden |= !may_read(f);
	n = exec_read_header(&rq->interp);
	return n == -ENOEXEC ? -ELIBBAD : (int)n;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether the new program is larger, before its first instruction, than RLIMIT_AS. */
static bool exceeds_limit(const struct mm *mm)
{
	return mm->total_vm > current->process->rlimit[RLIMIT_AS].cur >> PAGE_SHIFT;
}

/*
 * A program that gets more rights than its caller has shares its working directory and umask with
 * no process that has not.  Whether one does is certain only when the other threads have gone: from
 * then on nobody can begin to. 0 or -errno.
 */
static int be_alone_and_unshared(struct request *rq)
{
	int err = task_exec_alone();

	if (err)
		return err;
	rq->shared = fs_is_shared();
	if (rq->shared && take_rights(rq)) {
		rq->too_late = true;
		return -ENOMEM;
	}
	return 0;
}

/* From here on it is the new program or none: what Linux finds out only when the old one is gone
 * ends the task. */
static int become(struct request *rq)
{
	struct exec_start start;
	int err = 0, alone;

	if (rq->gains) {
		err = be_alone_and_unshared(rq);
		if (err)
			return err;
	}
	err = exec_load(&rq->x, &rq->exe, rq->interp.object ? &rq->interp : NULL, &start);
	if (err == -ENOMEM && !rq->gains)
		return err; /* nothing is lost yet, so nothing need die for it */
	alone = rq->gains ? 0 : task_exec_alone();
	if (alone)
		return alone;
	if (!err && exceeds_limit(rq->x.mm))
		err = -ENOMEM;
	if (!err)
		err = signal_unshare();
	if (err) {
		rq->too_late = true;
		return err;
	}
	if (rq->interp.object) /* it is a program no more than a library is */
		file_allow_write(container_of(rq->interp.file, struct file, held));
	exec_commit(&rq->x, &start, base_name(rq->path));
	return 0;
}

/* The rest, with the file open as rq->file. */
static int exec_open_file(struct request *rq)
{
	int err = take_rights(rq); /* for the place of the stack */

	if (!err)
		err = copy_strings(rq);
	if (!err)
		err = follow_scripts(rq);
	if (err)
		return err;
	err = take_rights(rq); /* the interpreter's, if it was a script */
	if (!err)
		err = exec_read_header(&rq->exe);
	if (!err)
		err = open_interp(rq);
	if (!err)
		err = files_unshare();
	return err ? err : become(rq);
}

static int exec_file(struct request *rq, struct file *f)
{
	int err = set_program(rq, f);

	if (err)
		return err;
	if (current->over_nproc && cred_over_nproc(current_cred()))
		err = -EAGAIN;
	else
		err = exec_open_file(rq);
	exec_abort(&rq->x);
	exec_free_header(&rq->exe);
	exec_free_header(&rq->interp);
	object_put(rq->exe.object);
	if (rq->interp.object) {
		object_put(rq->interp.object);
		held_put(rq->interp.file);
	}
	file_put(rq->file);
	if (rq->too_late)
		signal_force_segv(SIGSEGV); /* on the way out, when all is given back */
	return err;
}

int exec_kernel(const char *path, const char *const argv[], const char *const envp[])
{
	struct request rq = { .path = path, .argv.kernel = argv, .envp.kernel = envp };

	return exec_file(&rq, vfs_open_exec(AT_FDCWD, path, WALK_FOLLOW));
}

/* ---- the calls ---- */

/* What AT_EXECFN says of a file that was named by a descriptor: "/dev/fd/3", "/dev/fd/3/name".
 * kmalloc'ed. */
static char *descriptor_path(int fd, const char *name)
{
	size_t size = strlen(name) + 32;
	char *path = kmalloc(size);

	if (path)
		snprintf(path, size, *name ? "/dev/fd/%d/%s" : "/dev/fd/%d", fd, name);
	return path;
}

static long exec_path(int dirfd, const char *name, uptr argv, uptr envp, unsigned int walk)
{
	struct request rq = { .path = name, .argv.user = argv, .envp.user = envp };
	char *path = NULL;
	long r;

	if (dirfd != AT_FDCWD && *name != '/') {
		path = descriptor_path(dirfd, name);
		if (!path)
			return -ENOMEM;
		rq.path = path;
	}
	r = exec_file(&rq, vfs_open_exec(dirfd, name, walk));
	kfree(path);
	return r;
}

static long exec_user(int dirfd, uptr user_name, uptr argv, uptr envp, int flags)
{
	unsigned int walk = (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
			    (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
	struct pathname name;
	long r;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	r = pathname_get(&name, user_name, flags & AT_EMPTY_PATH);
	if (!r)
		r = exec_path(dirfd, name.s, argv, envp, walk);
	pathname_put(&name);
	return r;
}

long sys_execve(uptr pathname, uptr argv, uptr envp)
{
	return exec_user(AT_FDCWD, pathname, argv, envp, 0);
}

long sys_execveat(int dir, uptr pathname, uptr argv, uptr envp, uint32_t flags)
{
	return exec_user(dir, pathname, argv, envp, (int)flags);
}
