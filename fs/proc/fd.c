/*
 * fd.c - what a process has of files: /proc/PID/fd, fdinfo, cwd, root, exe; and the mounts it sees.
 *
 * Invariant: a file or path is held while it is looked at, and put without a lock: the process that
 * had it may have ended.
 */
#include "fs/proc/fd.h"

#include "fs/context.h"
#include "fs/fdtable.h"
#include "fs/mount_ops.h"
#include "mm/slab.h"
#include "mm/vm.h"

/* ---- descriptors ---- */

static bool next_fd(const struct proc_node *dir, uint32_t *n)
{
	struct task *t = proc_task(dir);
	bool found = t && task_next_fd(t, n);

	if (t)
		task_put(t);
	return found;
}

/* The open file that @n stands for, with a reference, or NULL. */
static struct file *file_of_entry(const struct proc_node *n, uint32_t fd, bool *cloexec)
{
	struct task *t = proc_task(n);
	/* With a reference, taken under the table's lock: the owner may close it now. */
	struct file *f = t ? task_fd(t, fd, cloexec) : NULL;

	if (t)
		task_put(t);
	return f;
}

/*
 * The same for a caller that may look into the process as it is now, whatever it was when the
 * directory was opened.  Else err_ptr(-EACCES).
 */
static struct file *file_to_look_at(const struct proc_node *n, uint32_t fd, bool *cloexec)
{
	struct file *f;

	if (!look_begin(n->process, n->task, ACCESS_FS))
		return err_ptr(-EACCES);
	f = file_of_entry(n, fd, cloexec);
	look_end(n->process);
	return f;
}

static bool find_fd(const struct proc_node *dir, uint32_t n, struct proc_node *child)
{
	bool cloexec;
	struct file *f = file_to_look_at(dir, n, &cloexec);
	uint32_t mode;

	if (is_err(f) || !f)
		return false;
	/*
	 * The inode keeps the number, not the file: it says what the descriptor means when it is
	 * read.
	 */
	*child = proc_child(dir, child->entry);
	child->fd = n;
	mode = f->mode & FILE_PATH ? 0 : f->mode; /* as Linux says it */
	if (S_ISLNK(child->entry->mode))
		child->mode =
			S_IFLNK | (mode & FILE_READ ? 0500 : 0) | (mode & FILE_WRITE ? 0300 : 0);
	file_put(f);
	return true;
}

/* The name of what has no path. */
static void put_nameless(struct proc_text *t, const struct file *f)
{
	uint64_t ino = f->inode ? f->inode->ino : 0;
	char name[24] = "";

	if (f->ops->name)
		f->ops->name(f, name, sizeof(name));
	if (f->inode && S_ISFIFO(f->inode->mode))
		proc_printf(t, "pipe:[%lu]", ino);
	else if (f->inode && (f->inode->mode & S_IFMT) == S_IFSOCK)
		proc_printf(t, "socket:[%lu]", ino);
	else
		proc_printf(t, "anon_inode:%s",
			    name[0]	   ? name
			    : f->ops->anon ? f->ops->anon
					   : "[file]");
}

static int fd_link(struct proc_text *t, const struct proc_node *n)
{
	bool cloexec;
	struct file *f = file_of_entry(n, n->fd, &cloexec);
	int err = 0;

	if (!f)
		return -ENOENT;
	if (f->path.mnt && f->path.mnt != &nameless_mount)
		err = proc_put_path(t, &f->path, "");
	else
		put_nameless(t, f);
	file_put(f);
	return err;
}

/* A path for what has none: a pipe can be opened again through it, as any fifo. */
static int nameless_path(struct inode *inode, struct path *out)
{
	struct dentry *d;

	if (!inode)
		return -ENXIO;
	/* For the dentry, which gives it back when the path is put. */
	inode_get(inode);
	d = dentry_new(NULL, inode);
	if (!d)
		return -ENOMEM;
	*out = (struct path){ &nameless_mount, d };
	path_get(out);
	dentry_put(d);
	return 0;
}

static int fd_jump(const struct proc_node *n, struct path *out)
{
	bool cloexec;
	struct file *f = file_of_entry(n, n->fd, &cloexec);
	int err = 0;

	if (!f)
		return -ENOENT;
	if (f->path.mnt) {
		*out = f->path;
		/* The file holds the path until file_put below. */
		path_get(out);
	} else {
		err = nameless_path(f->inode, out);
	}
	file_put(f);
	return err;
}

static int show_fdinfo(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	bool cloexec;
	struct file *f = file_to_look_at(n, n->fd, &cloexec);
	const struct mount *m;
	char *more;

	if (is_err(f))
		return (int)ptr_err(f);
	if (!f)
		return -ENOENT;
	m = f->path.mnt ? f->path.mnt : &nameless_mount;
	/* pos without pos_lock: a read that is under way may hold that for long. */
	proc_printf(t, "pos:\t%lu\nflags:\t0%o\nmnt_id:\t%u\nino:\t%lu\n", READ_ONCE(f->pos),
		    READ_ONCE(f->flags) | (cloexec ? (uint32_t)O_CLOEXEC : 0), m->id,
		    f->inode ? f->inode->ino : 0UL);
	/* The file's reference keeps what its operations look at. */
	more = f->ops->fdinfo ? kmalloc(PAGE_SIZE) : NULL;
	if (more && f->ops->fdinfo(f, more, PAGE_SIZE) > 0)
		proc_puts(t, more);
	kfree(more);
	file_put(f);
	return 0;
}

static struct proc_entry fd_entry =
	PROC_ENTRY("", S_IFLNK, .private = true, .link = fd_link, .jump = fd_jump);
static struct proc_entry fdinfo_entry =
	PROC_ENTRY("", S_IFREG | 0444, .show = show_fdinfo, .private = true);

const struct proc_numbers proc_fds = { &fd_entry, next_fd, find_fd };
const struct proc_numbers proc_fdinfos = { &fdinfo_entry, next_fd, find_fd };

/* ---- cwd, root, exe ---- */

static int dir_jump(const struct proc_node *n, bool root, struct path *out)
{
	struct task *t = proc_task(n);
	bool found = t && task_path(t, root, out);

	if (t)
		task_put(t);
	return found ? 0 : -ENOENT;
}

int proc_cwd_jump(const struct proc_node *n, struct path *out)
{
	return dir_jump(n, false, out);
}

int proc_root_jump(const struct proc_node *n, struct path *out)
{
	return dir_jump(n, true, out);
}

int proc_exe_jump(const struct proc_node *n, struct path *out)
{
	struct mm *mm = process_mm(n->process, n->task);
	const struct file *f;
	int err = -ENOENT;

	if (!mm)
		return err;
	if (mm->exe_file) { /* it stays as long as the address space */
		f = container_of(mm->exe_file, struct file, held);
		*out = f->path;
		/* The address space, which we hold, holds the file. */
		path_get(out);
		err = 0;
	}
	mm_put(mm);
	return err;
}

/* ---- mounts ---- */

#define SPACES " \t\n\\"

static void put_mount_flags(struct proc_text *t, const struct mount *m)
{
	static const struct {
		uint32_t flag;
		const char *text;
	} names[] = {
		{ MNT_NOSUID, ",nosuid" },	     { MNT_NODEV, ",nodev" },
		{ MNT_NOEXEC, ",noexec" },	     { MNT_NOATIME, ",noatime" },
		{ MNT_NODIRATIME, ",nodiratime" },   { MNT_RELATIME, ",relatime" },
		{ MNT_NOSYMFOLLOW, ",nosymfollow" },
	};
	/* mount_lock is held, under which a remount changes them. */
	uint32_t flags = READ_ONCE(m->flags);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			proc_puts(t, names[i].text);
}

static void put_sync(struct proc_text *t, const struct superblock *sb)
{
	if (sb->sync)
		proc_puts(t, ",sync");
	else if (sb->dirsync)
		proc_puts(t, ",dirsync");
}

static void put_options(struct proc_text *t, struct superblock *sb)
{
	char options[160];

	if (sb->options && sb->options(sb, options, sizeof(options)) > 0)
		proc_puts(t, options);
}

static void put_source(struct proc_text *t, const struct mount *m)
{
	if (m == &root_mount)
		proc_puts(t, "rootfs");
	else
		proc_put_escaped(t, m->source ? m->source : "none", SPACES "#");
}

/*
 * The name of @m's root below @root (NULL: within its file system) into @t; false: one does not see
 * it from there.
 */
static bool put_place(struct proc_text *t, struct mount *m, const struct path *root, char *buf)
{
	struct path at = { m, m->root };
	bool reachable, removed;
	char *s;

	if (root) {
		s = path_name_any(&at, root, buf, PATH_MAX, &reachable, &removed);
	} else { /* seen through a mount that is nowhere: what is above in the file system */
		const struct path top = { &nameless_mount, NULL };

		at.mnt = &nameless_mount;
		s = path_name_any(&at, &top, buf, PATH_MAX, &reachable, &removed);
		reachable = true;
	}
	if (is_err(s) || !reachable)
		return false;
	proc_put_escaped(t, s, SPACES);
	return true;
}

static bool is_read_only(const struct mount *m)
{
	return READ_ONCE(m->flags) & MNT_RDONLY || READ_ONCE(m->sb->flags) & SB_RDONLY;
}

/* One line of mounts. */
static bool put_mount(struct proc_text *t, struct mount *m, const struct path *root, char *buf)
{
	put_source(t, m);
	proc_puts(t, " ");
	if (!put_place(t, m, root, buf))
		return false;
	proc_printf(t, " %s %s", m->sb->type, is_read_only(m) ? "ro" : "rw");
	put_sync(t, m->sb);
	put_mount_flags(t, m);
	put_options(t, m->sb);
	proc_puts(t, " 0 0\n");
	return true;
}

/* One line of mountinfo. */
static bool put_mountinfo(struct proc_text *t, struct mount *m, const struct path *root, char *buf)
{
	proc_printf(t, "%u %u %u:%u ", m->id, READ_ONCE(m->parent)->id, dev_major(m->sb->dev),
		    dev_minor(m->sb->dev));
	if (!put_place(t, m, NULL, buf))
		return false;
	proc_puts(t, " ");
	if (!put_place(t, m, root, buf))
		return false;
	proc_printf(t, " %s", READ_ONCE(m->flags) & MNT_RDONLY ? "ro" : "rw");
	put_mount_flags(t, m);
	proc_printf(t, "%s - %s ", READ_ONCE(m->flags) & MNT_UNBINDABLE ? " unbindable" : "",
		    m->sb->type);
	put_source(t, m);
	proc_printf(t, " %s", READ_ONCE(m->sb->flags) & SB_RDONLY ? "ro" : "rw");
	put_sync(t, m->sb);
	put_options(t, m->sb);
	proc_puts(t, "\n");
	return true;
}

/* mounts_hold()'s lock is held by the callers of these. */

static bool is_end(const struct mount *m)
{
	return &m->link == &mounts;
}

static struct mount *mount_behind(const struct mount *m)
{
	return list_entry(m->link.next, struct mount, link);
}

/* The first mount whose number is not below @id, or the end. */
static struct mount *mount_from(uint64_t id)
{
	struct mount *m = list_entry(mounts.next, struct mount, link);

	for (uint32_t passed = 1; !is_end(m) && m->id < id; passed++) {
		m = mount_behind(m);
		if (passed % 1024 == 0)
			give_way();
	}
	return m;
}

/* Half a buffer of lines, of the mounts whose numbers are not below *@at. */
static int next_mounts(struct proc_text *t, const struct proc_node *n, uint64_t *at,
		       bool (*put)(struct proc_text *, struct mount *, const struct path *, char *))
{
	struct path root;
	char *buf = kmalloc(PATH_MAX);
	int err = buf ? proc_root_jump(n, &root) : -ENOMEM;
	bool any = false;

	if (!err) {
		mounts_hold(); /* a reference would make umount(2) fail */
		/* The next id, not a pointer, is the position: mounts may go between two pieces. */
		for (struct mount *m = mount_from(*at); !is_end(m); m = mount_behind(m)) {
			size_t before = t->len;

			if (before >= t->size / 2)
				break;
			if (!put(t, m, &root, buf))
				t->len = before;
			*at = m->id + UINT64_C(1);
			any = true;
			if (t->full || give_way())
				break;
		}
		mounts_release();
		path_put(&root);
	}
	kfree(buf);
	return err ? err : any;
}

int proc_mounts(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	return next_mounts(t, n, at, put_mount);
}

int proc_mountinfo(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	return next_mounts(t, n, at, put_mountinfo);
}
