/*
 * context.c - what a task has of fs/: root, working directory and umask, and its descriptors
 * (fdtable.c), which come and go with them.
 *
 * Comes from walk.c, chdir(2), umask(2) and their kin; fork and exit of task/.  Invariant
 * (dcache_lock): root and cwd hold references; the task that changes one puts the old one's.
 */
#include "fs/context.h"

#include "abi/sched.h"
#include "fs/fdtable.h"
#include "mm/slab.h"
#include "task/parts.h"

static struct fs_context *fs_copy(const struct fs_context *old)
{
	struct fs_context *fs = kmalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	ref_init(&fs->refs);
	ref_init(&fs->users);
	/*
	 * Root and cwd with their references in one step: another thread that shares @old may
	 * chdir.
	 */
	spin_lock(&dcache_lock);
	if (old) {
		fs->root = old->root;
		fs->cwd = old->cwd;
		fs->umask = old->umask;
	} else {
		fs->root = fs->cwd = (struct path){ &root_mount, root_mount.root };
		fs->umask = 022;
	}
	path_get_locked(&fs->root);
	path_get_locked(&fs->cwd);
	spin_unlock(&dcache_lock);
	return fs;
}

static void fs_put(struct fs_context *fs)
{
	if (!ref_put(&fs->refs))
		return;
	path_put(&fs->root);
	path_put(&fs->cwd);
	kfree(fs);
}

/* One more task shares @fs. */
static struct fs_context *fs_share(struct fs_context *fs)
{
	ref_get(&fs->refs);
	ref_get(&fs->users);
	return fs;
}

static void fs_leave(struct fs_context *fs)
{
	atomic_sub(&fs->users.n, 1);
	fs_put(fs);
}

bool fs_is_shared(void)
{
	return READ_ONCE(current->fs->users.n) > 1;
}

static void get_path(const struct path *from, struct path *out)
{
	spin_lock(&dcache_lock);
	*out = *from;
	path_get_locked(out);
	spin_unlock(&dcache_lock);
}

static void set_path(struct path *where, const struct path *p)
{
	struct path old;

	spin_lock(&dcache_lock);
	old = *where;
	*where = *p;
	spin_unlock(&dcache_lock);
	/*
	 * After the lock, which path_put takes; the caller's reference to @p has become *where's.
	 */
	path_put(&old);
}

void fs_root(struct path *out)
{
	get_path(&current->fs->root, out);
}

void fs_cwd(struct path *out)
{
	get_path(&current->fs->cwd, out);
}

void fs_set_root(const struct path *p)
{
	set_path(&current->fs->root, p);
}

void fs_set_cwd(const struct path *p)
{
	set_path(&current->fs->cwd, p);
}

/*
 * *@where becomes @with, if it is @old; dcache_lock held.  The reference that goes is not the last:
 * the caller has one to @old.
 */
static void replace_path(struct path *where, const struct path *old, const struct path *with)
{
	if (where->mnt != old->mnt || where->dentry != old->dentry)
		return;
	old->mnt->refs--;
	old->dentry->refs--;
	*where = *with;
	path_get_locked(with);
}

static struct fs_context *fs_of(struct task *t)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct fs_context *fs = t->fs;

	/*
	 * Under proc_lock: context_exit takes the pointer away under it, before it puts the
	 * reference.
	 */
	if (fs)
		ref_get(&fs->refs);
	spin_unlock_irqrestore(&proc_lock, flags);
	return fs;
}

void fs_replace_root(const struct path *old, const struct path *with)
{
	struct process *p;
	struct task *t;

	for (pid_t pid = 0; (p = process_first(pid)); pid = p->pid + 1, process_put(p)) {
		for (pid_t tid = 0; (t = process_thread(p, tid)); tid = t->tid + 1, task_put(t)) {
			struct fs_context *fs = fs_of(t);

			if (!fs)
				continue;
			/*
			 * Both in one step, so that the task's next walk sees the new root with the
			 * new cwd.
			 */
			spin_lock(&dcache_lock);
			replace_path(&fs->root, old, with);
			replace_path(&fs->cwd, old, with);
			spin_unlock(&dcache_lock);
			fs_put(fs);
		}
		give_way();
	}
}

bool task_path(struct task *t, bool root, struct path *out)
{
	struct fs_context *fs = fs_of(t);

	if (!fs)
		return false;
	get_path(root ? &fs->root : &fs->cwd, out);
	fs_put(fs);
	return true;
}

int task_umask(struct task *t)
{
	struct fs_context *fs = fs_of(t);
	int mask = fs ? (int)READ_ONCE(fs->umask) : -1;

	if (fs)
		fs_put(fs);
	return mask;
}

uint32_t fs_umask(void)
{
	return current->fs ? READ_ONCE(current->fs->umask) : 0;
}

uint32_t fs_set_umask(uint32_t mask)
{
	return __atomic_exchange_n(&current->fs->umask, mask & 0777, __ATOMIC_RELAXED);
}

int fs_create(struct task *t)
{
	t->fs = fs_copy(NULL);
	return t->fs ? 0 : -ENOMEM;
}

/* ---- fork and exit ---- */

static int context_fork(struct task *parent, struct task *child, uint64_t flags)
{
	struct files *files = parent->files;
	struct fs_context *fs = parent->fs;

	if (!files || !fs) /* a kernel task has neither */
		return 0;
	files = files_fork(files, child->process->charge, flags & CLONE_FILES);
	if (!files)
		return -ENOMEM;
	fs = flags & CLONE_FS ? fs_share(fs) : fs_copy(fs);
	if (!fs) {
		files_put(files);
		return -ENOMEM;
	}
	child->files = files;
	child->fs = fs;
	return 0;
}

static void context_exit(struct task *t)
{
	/* Readers of another task's pointers hold it. */
	unsigned long irq = spin_lock_irqsave(&proc_lock);
	struct fs_context *fs = t->fs;
	struct files *files = t->files;

	t->files = NULL;
	t->fs = NULL;
	spin_unlock_irqrestore(&proc_lock, irq);
	/* Without proc_lock: the last one closes files, which may sleep. */
	if (files)
		files_put(files);
	if (fs)
		fs_leave(fs);
}

void fs_context_register(void)
{
	static const struct task_part part = { .fork = context_fork,
					       .exec = files_close_on_exec,
					       .exit = context_exit };

	task_register_part(&part);
}
