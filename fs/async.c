/*
 * async.c - signal-driven I/O: which files send a signal to which process.
 *
 * Comes from fcntl(2) and ioctl(2), and by async_notify() from what became ready; goes to
 * task/signal.c.  Invariants (async_lock): a file is in lists exactly while it has O_ASYNC and a
 * kind that knows it; an owner that is a process or a thread is held, so that its number is never
 * another's.  A walk through a list stands between its steps on a marker of its own in it, without
 * the lock.
 */
#include "fs/async.h"

#include "abi/poll.h"
#include "fs/file.h"
#include "mm/slab.h"

#define LISTS_MAX 2 /* that a file can be in: a fifo's two ends */

static struct spinlock async_lock;

struct async_entry {
	struct list_node link;
	struct file *file; /* NULL: a walk's marker */
};

/* The process, thread or group that gets a file's signals; F_OWNER_*. */
struct target {
	int type;
	struct process *process; /* F_OWNER_PID; NULL: none, or it was a thread's number */
	struct task *task;	 /* F_OWNER_TID */
	pid_t pgid;		 /* F_OWNER_PGRP; 0: none */
	uint32_t uid, euid;	 /* of the caller that set it: may it send signals there? */
	int signo;		 /* 0: SIGIO, without siginfo */
	int fd;			 /* as it was when O_ASYNC was set */
};

struct file_owner {
	struct target target;
	struct async_entry entries[LISTS_MAX];
};

/* ---- the owner, which gets the signals ---- */

static void hold_target(struct target *t)
{
	if (t->process)
		process_get(t->process);
	if (t->task)
		task_get(t->task);
}

static void drop_target(struct target *t)
{
	if (t->process)
		process_put(t->process);
	if (t->task)
		task_put(t->task);
}

/*
 * @f's, made if it has none; NULL: no memory.  It stays until the file goes, so that load_acquire
 * finds it without the lock; store_release makes its fields visible first.
 */
static struct file_owner *owner_of(struct file *f)
{
	struct file_owner *o = load_acquire(&f->owner), *made;

	if (o)
		return o;
	made = kzalloc(sizeof(*made));
	if (!made)
		return NULL;
	for (int i = 0; i < LISTS_MAX; i++) {
		list_init(&made->entries[i].link);
		made->entries[i].file = f;
	}
	spin_lock(&async_lock);
	/* Another task that has the file may have been first while we allocated. */
	o = f->owner;
	if (!o)
		store_release(&f->owner, made);
	spin_unlock(&async_lock);
	if (!o)
		return made;
	kfree(made);
	return o;
}

static bool is_group(pid_t pgid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	bool is = pid_find_group(pgid);

	spin_unlock_irqrestore(&proc_lock, flags);
	return is;
}

/* Is @pid the number of a task, or of a group with a process in it? */
static bool is_owner_number(pid_t pid)
{
	struct task *t = task_find(pid);
	struct process *p = t ? NULL : process_find(pid);

	if (t)
		task_put(t);
	if (p)
		process_put(p);
	return t || p || is_group(pid);
}

/* @t's process, thread or group becomes @pid's, with references.  0, -ESRCH. */
static int find_target(struct target *t, pid_t pid)
{
	if (!pid)
		return 0;
	if (pid < 0 || !is_owner_number(pid))
		return -ESRCH;
	switch (t->type) {
	case F_OWNER_TID: t->task = task_find(pid); break;
	case F_OWNER_PID: t->process = process_find(pid); break;
	default: t->pgid = pid;
	}
	return 0;
}

/*
 * @t, with its references, becomes the owner in place of the old one, and keeps its signal; with
 * @keep only if there was none.
 */
static int put_target(struct file *f, struct target *t, bool keep)
{
	struct file_owner *o = owner_of(f);
	struct target old = *t;
	bool take = false;

	if (o) {
		spin_lock(&async_lock);
		take = !keep || (!o->target.process && !o->target.task && !o->target.pgid);
		if (take) {
			old = o->target;
			t->signo = old.signo;
			t->fd = old.fd;
			o->target = *t;
		}
		spin_unlock(&async_lock);
	}
	/*
	 * After the lock: the last reference frees a whole process.  It is the old owner, or @t
	 * itself.
	 */
	drop_target(&old);
	return o ? 0 : -ENOMEM;
}

static struct target new_target(int type)
{
	const struct cred *c = current_cred();

	return (struct target){ .type = type, .uid = c->uid, .euid = c->euid };
}

int async_set_owner(struct file *f, const struct f_owner_ex *ex)
{
	struct target t = new_target(ex->type);
	int err;

	if (ex->type != F_OWNER_TID && ex->type != F_OWNER_PID && ex->type != F_OWNER_PGRP)
		return -EINVAL;
	err = find_target(&t, ex->pid);
	return err ? err : put_target(f, &t, false);
}

int async_set_owner_number(struct file *f, int32_t who)
{
	struct f_owner_ex ex = { who < 0 ? F_OWNER_PGRP : F_OWNER_PID, who };

	if (who == INT32_MIN)
		return -EINVAL;
	if (who < 0)
		ex.pid = -who;
	return async_set_owner(f, &ex);
}

static int own_default(struct file *f)
{
	struct target t = new_target(F_OWNER_PID);

	t.process = current->process;
	process_get(t.process);
	return put_target(f, &t, true);
}

/* What @f says of its owner, with references. */
static struct target get_target(struct file *f)
{
	struct file_owner *o = load_acquire(&f->owner);
	struct target t = { .type = F_OWNER_TID };

	if (!o)
		return t;
	spin_lock(&async_lock);
	t = o->target;
	/* Under the lock, before put_target of another task can drop these references. */
	hold_target(&t);
	spin_unlock(&async_lock);
	return t;
}

void async_get_owner(struct file *f, struct f_owner_ex *ex)
{
	struct target t = get_target(f);

	*ex = (struct f_owner_ex){ .type = t.type };
	if (t.process && !READ_ONCE(t.process->end.reaped))
		ex->pid = t.process->pid;
	else if (t.task && !READ_ONCE(t.task->gone))
		ex->pid = t.task->tid;
	else if (t.pgid && is_group(t.pgid))
		ex->pid = t.pgid;
	drop_target(&t);
}

int32_t async_get_owner_number(struct file *f)
{
	struct f_owner_ex ex;

	async_get_owner(f, &ex);
	return ex.type == F_OWNER_PGRP ? -ex.pid : ex.pid;
}

void async_get_ids(struct file *f, uint32_t ids[2])
{
	struct target t = get_target(f);

	ids[0] = t.uid;
	ids[1] = t.euid;
	drop_target(&t);
}

int async_set_signal(struct file *f, uint64_t signo)
{
	struct file_owner *o;

	if (signo > _NSIG)
		return -EINVAL;
	o = owner_of(f);
	if (!o)
		return -ENOMEM;
	/*
	 * put_target carries signo over to the new target: a store between its load and its store
	 * was lost.
	 */
	spin_lock(&async_lock);
	o->target.signo = (int)signo;
	spin_unlock(&async_lock);
	return 0;
}

int async_get_signal(struct file *f)
{
	struct file_owner *o = load_acquire(&f->owner);

	return o ? READ_ONCE(o->target.signo) : 0;
}

/* ---- on and off ---- */

static void turn_on(struct file *f, struct file_owner *o, int fd)
{
	struct async_list *lists[LISTS_MAX];
	size_t n = f->ops->async(f, lists);

	spin_lock(&async_lock);
	o->target.fd = fd;
	/* In one step with FASYNC: async_drop_all, on another core, takes away both. */
	for (size_t i = 0; i < n; i++)
		if (!list_is_linked(&o->entries[i].link))
			list_add_tail(&lists[i]->entries, &o->entries[i].link);
	atomic_or(&f->flags, FASYNC);
	spin_unlock(&async_lock);
}

static void turn_off(struct file *f, struct file_owner *o)
{
	spin_lock(&async_lock);
	for (int i = 0; i < LISTS_MAX; i++)
		if (list_is_linked(&o->entries[i].link))
			list_del(&o->entries[i].link);
	atomic_and(&f->flags, ~(uint32_t)FASYNC);
	spin_unlock(&async_lock);
}

int async_turn(struct file *f, int fd, bool on)
{
	struct file_owner *o;
	int err = 0;

	if (!f->ops->async)
		return -ENOTTY;
	o = owner_of(f);
	if (!o)
		return -ENOMEM;
	if (on && f->ops->async_own)
		err = own_default(f);
	if (!err && on)
		turn_on(f, o, fd);
	else if (!err)
		turn_off(f, o);
	return err;
}

void async_close(struct file *f)
{
	struct file_owner *o = f->owner;

	/* Off the lists first: async_send reaches the owner through them alone. */
	turn_off(f, o);
	f->owner = NULL;
	drop_target(&o->target);
	kfree(o);
}

/* One at a time: the list may be long, and other files need the lock meanwhile. */
void async_drop_all(struct async_list *l)
{
	struct async_entry *e;

	do {
		spin_lock(&async_lock);
		e = list_pop(&l->entries, struct async_entry, link);
		if (e && e->file)
			atomic_and(&e->file->flags, ~(uint32_t)FASYNC);
		spin_unlock(&async_lock);
	} while (e);
}

/* ---- the signal ---- */

/* Signals whose si_code has meanings of its own: SI_SIGIO says that this one is of I/O. */
static bool has_codes(int signo)
{
	return signo == SIGILL || signo == SIGFPE || signo == SIGSEGV || signo == SIGBUS ||
	       signo == SIGTRAP || signo == SIGCHLD || signo == SIGSYS;
}

static uint32_t band_of(int reason)
{
	switch (reason) {
	case POLL_IN: return POLLIN | POLLRDNORM;
	case POLL_OUT: return POLLOUT | POLLWRNORM | POLLWRBAND;
	default: return POLLERR | POLLHUP; /* POLL_HUP */
	}
}

static bool may_tell(const struct target *t, const struct cred_ids *to)
{
	return !t->euid || t->euid == to->suid || t->euid == to->uid || t->uid == to->suid ||
	       t->uid == to->uid;
}

/*
 * Sends it to @thread, or (NULL) to @p; where the queue has no room, a SIGIO without any details.
 */
static void send_io_signal(struct process *p, struct task *thread, const struct target *t,
			   int reason)
{
	struct cred_ids ids = cred_ids(thread ? &thread->cred : &p->cred);
	struct signal_info info = { .signo = t->signo,
				    .code = has_codes(t->signo) ? SI_SIGIO : reason,
				    .pid = (int32_t)band_of(reason),
				    .value = (uint64_t)t->fd };
	int err = -EAGAIN;

	if (!may_tell(t, &ids))
		return;
	if (t->signo)
		err = thread ? signal_send(thread, &info) : signal_send_process(p, &info);
	if (err != -EAGAIN)
		return;
	info = signal_kernel(SIGIO);
	(void)(thread ? signal_send(thread, &info) : signal_send_process(p, &info));
}

static void tell_group(const struct target *t, int reason)
{
	struct pid_walk w;
	struct process *p;

	pid_walk_begin(&w, t->pgid);
	while ((p = pid_walk_next(&w)))
		send_io_signal(p, NULL, t, reason);
	pid_walk_end(&w);
}

static void tell_target(const struct target *t, int reason)
{
	if (t->process && !READ_ONCE(t->process->end.reaped))
		send_io_signal(t->process, NULL, t, reason);
	else if (t->task && !READ_ONCE(t->task->gone))
		send_io_signal(NULL, t->task, t, reason);
	else if (t->pgid)
		tell_group(t, reason);
}

/*
 * Moves @marker one entry on in @l; false: it is at the end.  The owner of the file that it has
 * passed is in @t, with references (none, if it has passed another marker).
 */
static bool pass_entry(struct async_list *l, struct async_entry *marker, struct target *t)
{
	struct list_node *next = marker->link.next;
	struct async_entry *e = list_entry(next, struct async_entry, link);

	*t = (struct target){ .type = F_OWNER_PID };
	if (next == &l->entries || !list_is_linked(&marker->link))
		return false;
	list_del(&marker->link);
	list_add_head(next, &marker->link);
	if (e->file) {
		*t = e->file->owner->target;
		hold_target(t);
	}
	return true;
}

/*
 * The signals are sent without async_lock: that of a group takes long.  The marker keeps the place;
 * a file that is closed meanwhile takes its own entry away, never the marker.
 */
void async_send(struct async_list *l, int reason)
{
	struct async_entry marker = { .file = NULL };
	struct target t;
	bool more = true;

	spin_lock(&async_lock);
	list_add_head(&l->entries, &marker.link);
	while (more && pass_entry(l, &marker, &t)) {
		spin_unlock(&async_lock);
		tell_target(&t, reason);
		drop_target(&t);
		more = !give_way();
		spin_lock(&async_lock);
	}
	if (list_is_linked(&marker.link))
		list_del(&marker.link);
	spin_unlock(&async_lock);
}
