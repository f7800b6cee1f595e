/*
 * exec.c - execve(2): from a path and two vectors to a program.
 *
 * The way: the file is opened and the strings are copied to the new stack (task/exec_args.c) while
 * the old program is whole; #! lines are followed; the ELF headers are checked (task/exec_elf.c).
 * Up to there everything that is wrong is an errno.  The new address space is built whole, on the
 * side; then the process is alone in itself, and becomes the new program.
 */
#include "task/exec.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/personality.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/exec_args.h"
#include "task/mourn.h"
#include "task/fp.h"
#include "task/parts.h"
#include "task/signal_action.h"
#include "trace/events.h"

#define LINE_MAX  256 /* of a #! line: Linux's BINPRM_BUF_SIZE */
#define DEPTH_MAX 5   /* interpreters of interpreters */

static const struct exec_files *files;

void exec_register_files(const struct exec_files *f)
{
	files = f;
}

struct request {
	const char *path; /* for AT_EXECFN, and the base name for comm */
	struct exec_vector argv, envp;
	struct exec x;
	struct exec_file exe, interp; /* exe: the program, in the end */
	bool gains;		      /* the file gives rights that the caller has not */
	bool shared;		      /* another process of the caller's could steer it */
	bool too_late;		      /* it failed where the old program can't go on */
};

/* ---- files ---- */

static void close_program(struct exec_file *f)
{
	exec_free_header(f);
	if (f->from.object) {
		object_put(f->from.object);
		held_put(f->from.file);
	}
}

/* Opens @path in place of the file that rq->exe has, which is closed. */
static int set_program(struct request *rq, int dir, const char *path, int flags)
{
	struct exec_file was = rq->exe;
	int err = files->open(dir, path, flags, &rq->exe.from);

	if (!err)
		close_program(&was);
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
	err = exec_push(x, script);
	if (!err && arg) {
		err = exec_push(x, arg);
		x->argc++;
	}
	if (!err) {
		err = exec_push(x, interp);
		x->argc++;
	}
	return err;
}

/* Reads the start of rq->exe.from.object; true: a #! line, in @line. */
static long read_line(const struct request *rq, char *line)
{
	long n = object_read(rq->exe.from.object, 0, line, LINE_MAX);

	if (n < 0)
		return n;
	memset(line + n, 0, (size_t)(LINE_MAX + 1 - n));
	return n >= 2 && line[0] == '#' && line[1] == '!';
}

/* Follows #! lines until the file is no script. */
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
			err = set_program(rq, AT_FDCWD, interp, 0);
		if (err)
			return err;
		strlcpy(last, interp, sizeof(last));
		script = last;
	}
}

/* ---- the program ---- */

/*
 * The program's rights: its caller's, and its file's unless the mount or the task forbids it.  0,
 * or -ENOMEM.
 */
static int take_rights(struct request *rq)
{
	const struct process *p = current->process;
	const struct cred *me = current_cred();
	struct exec *x = &rq->x;
	struct cred *c = cred_copy();
	struct file_caps caps;
	int gains;

	if (!c)
		return -ENOMEM;
	cred_put(x->cred);
	x->cred = c;
	x->clears = !c->no_new_privs && files->set_ids(rq->exe.from.file, c);
	x->secure = c->euid != c->uid || c->egid != c->gid;
	files->caps(rq->exe.from.file, &caps);
	gains = cap_exec(c, me, rq->shared, &caps);
	if (gains < 0)
		return gains;
	rq->gains = gains;
	x->secure |= cap_gained(c, &caps);
	x->clears |= (c->cap.permitted & ~me->cap.permitted) != 0;
	x->hidden = !files->may_read(rq->exe.from.file);
	x->random.on = x->clears || !(p->personality & ADDR_NO_RANDOMIZE);
	return 0;
}

/* PT_INTERP's file: rq->interp.from.object stays NULL if there is none. */
static int open_interp(struct request *rq)
{
	char *path;
	long n;
	int err;

	if (!rq->exe.elf.interp_size)
		return 0;
	path = kmalloc(ELF_INTERP_MAX);
	if (!path)
		return -ENOMEM;
	n = exec_interpreter(&rq->exe, path);
	err = n < 0 ? (int)n : files->open(AT_FDCWD, path, 0, &rq->interp.from);
	kfree(path);
	if (err)
		return err;
	rq->x.hidden |= !files->may_read(rq->interp.from.file);
	err = exec_read_header(&rq->interp);
	return err == -ENOEXEC ? -ELIBBAD : err;
}

/* ---- the change ---- */

/*
 * The step after which others find the new program, and before which they find nothing of it.  The
 * files that it does not keep are closed by then, and its credentials come before its memory.
 */
static void change_program(struct exec *x)
{
	struct process *p = current->process;
	const struct cred *was = current_cred();
	unsigned long flags;
	struct mm *old;

	if (current->mm)
		task_end_in_mm();
	x->mm->dumpable = !x->hidden && was->euid == was->uid && was->egid == was->gid &&
			  !cred_is_another(x->cred);
	/*
	 * A task that looks into another's memory (/proc/PID/mem) holds it from the check of its
	 * permission until it has the address space: it gets the old program with the old rights,
	 * or the new with the new.
	 */
	mutex_lock(&p->program.lock);
	flags = spin_lock_irqsave(&proc_lock);
	p->program.id++;
	p->end.signal = SIGCHLD;
	spin_unlock_irqrestore(&proc_lock, flags);
	if (x->secure || cred_is_another(x->cred))
		task_mourn(0);
	cred_install(x->cred);
	old = task_change_mm(x->mm);
	mutex_unlock(&p->program.lock);
	/* After the lock: freeing a large address space takes long. */
	task_put_old_mm(old);
	x->cred = NULL;
	x->mm = NULL;
}

/* More rights than the caller has: what it chose for itself does not hold for the program. */
static void secure_process(const struct exec *x, struct process *p)
{
	/* limit_process of another task changes it under the same lock. */
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	p->rlimit[RLIMIT_STACK].rlim_cur = exec_stack_limit(x);
	spin_unlock_irqrestore(&proc_lock, flags);
}

/*
 * Current, alone in its process, becomes the new program: its old address space goes, signals, FP
 * registers and frame are a new program's, the other folders' parts are called.  @comm: the base
 * name.
 */
static void commit_exec(struct exec *x, const char *comm)
{
	struct trapframe *tf = task_frame(current);
	struct process *p = current->process;

	task_parts_exec(current);
	change_program(x);
	exec_abort(x);
	memset(tf->x, 0, sizeof(tf->x));
	tf->pc = x->pc;
	tf->sp = x->sp;
	tf->pstate = PSR_MODE_EL0t;
	WRITE_SYSREG(tpidr_el0, 0);
	fp_reset();
	posix_timers_end(p);
	signal_exec(current);
	p->program.execed = true;
	current->over_nproc = false;
	p->personality &= ~(x->clears ? PER_CLEAR_ON_SETID : READ_IMPLIES_EXEC);
	if (x->secure)
		secure_process(x, p);
	current->robust_list = 0;
	memset(current->comm, 0, sizeof(current->comm));
	strlcpy(current->comm, comm, sizeof(current->comm));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether the new program is larger, before its first instruction, than RLIMIT_AS. */
static bool exceeds_limit(const struct mm *mm)
{
	return mm->total_vm > current->process->rlimit[RLIMIT_AS].rlim_cur >> PAGE_SHIFT;
}

/*
 * A program that gets more rights than its caller has shares its working directory and umask with
 * no process that has not.  Whether one does is certain only when the other threads have ended:
 * from then on none can begin to. 0 or -errno.
 */
static int be_alone_and_unshared(struct request *rq)
{
	int err = task_exec_alone();

	if (err)
		return err;
	rq->shared = files->is_shared();
	if (rq->shared && take_rights(rq)) {
		rq->too_late = true;
		return -ENOMEM;
	}
	return 0;
}

/* From here on it is the new program or none: what Linux finds out only when the old one is gone
 * ends the task. */
static int become_program(struct request *rq)
{
	int err = 0, alone;

	if (rq->gains) {
		err = be_alone_and_unshared(rq);
		if (err)
			return err;
	}
	err = exec_load(&rq->x, &rq->exe, rq->interp.from.object ? &rq->interp : NULL);
	if (err == -ENOMEM && !rq->gains)
		return err; /* nothing has changed yet: the old program goes on */
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
	if (rq->interp.from.object) /* it may be written, as a library may */
		files->allow_write(rq->interp.from.file);
	commit_exec(&rq->x, base_name(rq->path));
	trace_task_exec(current->process->pid, current->comm, rq->path);
	return 0;
}

/* The rest, with the program open. */
static int exec_open_file(struct request *rq)
{
	int err;

	files->random(&rq->x.random, sizeof(rq->x.random));
	err = take_rights(rq); /* for the place of the stack */
	if (!err)
		err = exec_begin(&rq->x, rq->path, &rq->argv, &rq->envp);
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
		err = files->unshare();
	return err ? err : become_program(rq);
}

static int exec_request(struct request *rq, int dir, const char *path, int flags)
{
	int err = set_program(rq, dir, path, flags);

	if (err)
		return err;
	if (current->over_nproc && cred_over_nproc(current_cred()))
		err = -EAGAIN;
	else
		err = exec_open_file(rq);
	exec_abort(&rq->x);
	close_program(&rq->exe);
	close_program(&rq->interp);
	if (rq->too_late)
		signal_force_segv(SIGSEGV); /* on the way out, when all is given back */
	return err;
}

int exec_kernel(const char *path, const char *const argv[], const char *const envp[])
{
	struct request rq = { .path = path, .argv.kernel = argv, .envp.kernel = envp };

	return exec_request(&rq, AT_FDCWD, path, 0);
}

int exec_kernel_begin(void)
{
	return files->begin();
}

bool exec_kernel_misses(const char *path)
{
	return files->misses(path);
}

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

int exec_user(int dir, const char *name, int flags, uptr argv, uptr envp)
{
	struct request rq = { .path = name, .argv.user = argv, .envp.user = envp };
	char *path = NULL;
	int err;

	if (dir != AT_FDCWD && *name != '/') {
		path = descriptor_path(dir, name);
		if (!path)
			return -ENOMEM;
		rq.path = path;
	}
	err = exec_request(&rq, dir, name, flags);
	kfree(path);
	return err;
}
