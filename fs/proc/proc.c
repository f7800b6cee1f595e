/*
 * proc.c - /proc as a file system: its inodes, its directories, and reading a text that is made as
 * it is read.
 *
 * Comes from walk.c (lookup, jump) and from el1/ (read, getdents64); goes to the tables of the
 * files (entry.h).  Invariants: an inode holds the process or thread it is about, so that what it
 * says is never of another one that got the same number; it is no longer found when that one has
 * gone (valid).  A text takes no more memory than one piece of it.
 */
#include "fs/proc/proc.h"

#include "task/cap.h"
#include "fs/file.h"
#include "fs/mount_ops.h"
#include "fs/proc/fd.h"
#include "fs/proc/pid.h"
#include "fs/proc/register.h"
#include "fs/proc/system.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vm.h"

#define ROOT_INO    1
#define TEXT_FIRST  4096u      /* bytes of a buffer at first ... */
#define TEXT_MAX    (1u << 20) /* ... and as far as it grows for one piece */
#define WRITE_MAX   4096u
/* Where in a directory begin those that came at run time, by their numbers; and the numbers. */
#define LATE_POS    256u
#define NUMBERS_POS 8192u

struct proc_inode {
	struct inode inode;
	struct proc_node node;
};

/* An open file's text. */
struct reading {
	struct mutex lock; /* pread(2)s at once */
	struct proc_text text;
	uint64_t start; /* file position of text.buf[0] */
	uint64_t at;	/* where the next piece begins, as show() knows it */
	bool end;
	struct mm *mm; /* of a file that shows one: pinned (mm/vm.h); NULL: there was none */
};

static struct proc_entry root_entry;
static const struct inode_ops proc_ops, proc_jump_ops;
static const struct file_ops proc_file_ops, proc_dir_ops;

static const struct proc_node *node_of(const struct inode *inode)
{
	return &container_of(inode, struct proc_inode, inode)->node;
}

/* ---- processes ---- */

/* Is what @n is about still there? */
static bool node_is_there(const struct proc_node *n)
{
	/*
	 * Without proc_lock: gone and reaped never become false again, and a task that ends just
	 * after the look is shown as it was.
	 */
	if (n->task && READ_ONCE(n->task->gone))
		return false;
	if (unlikely(n->entry->late))
		return late_is_there(n->entry);
	return !n->process || !READ_ONCE(n->process->end.reaped);
}

struct process *proc_process(const struct file *f)
{
	/* A directory of /proc itself, /proc/PID, is as good as a pidfd (pidfd_open(2)). */
	const struct proc_node *n = f->ops == &proc_dir_ops ? node_of(f->inode) : NULL;

	return n && n->entry == proc_pids.child && !n->task ? n->process : NULL;
}

/*
 * What is private belongs to the process's own user; or to root, if the process may not be dumped.
 * The process may change its credentials at any time: so this is asked at each look-up
 * (proc_valid), and what matters is asked again when the file is used (may_look).
 */
static void set_owner(struct inode *inode, const struct proc_node *n)
{
	bool owned = n->process &&
		     ((inode->mode & 0777) == 0555 || process_is_dumpable(n->process, n->task));
	struct cred_ids ids = { .euid = 0, .egid = 0 };

	if (owned)
		ids = cred_ids(n->task ? &n->task->cred : &n->process->cred);
	inode->uid = ids.euid;
	inode->gid = ids.egid;
}

/* ---- inodes ---- */

static uint64_t ino_of(const struct proc_node *n, uint32_t fd)
{
	uint64_t id = 0;

	if (n->task)
		id = (uint64_t)n->task->tid << 1 | 1;
	else if (n->process)
		id = (uint64_t)n->process->pid << 1;
	return id << 40 | (uint64_t)fd << 12 | n->entry->number;
}

static void node_put(const struct proc_node *n)
{
	if (n->task)
		task_put(n->task);
	if (n->process)
		process_put(n->process);
	if (unlikely(n->entry->late))
		late_put(n->entry);
}

static struct inode *inode_new(struct superblock *sb, const struct proc_node *n)
{
	struct proc_inode *pi = kzalloc(sizeof(*pi));
	struct inode *inode;

	if (!pi) {
		node_put(n);
		return err_ptr(-ENOMEM);
	}
	inode = &pi->inode;
	inode_init(inode, sb, NULL, n->mode ? n->mode : n->entry->mode);
	/* The caller's references pass over to the inode: node_put is its release's. */
	pi->node = *n;
	inode->ino = ino_of(n, n->fd);
	inode->ops = n->entry->jump ? &proc_jump_ops : &proc_ops;
	inode->fops = S_ISDIR(inode->mode) ? &proc_dir_ops : &proc_file_ops;
	if (S_ISDIR(inode->mode)) {
		inode->nlink = 2;
		for (const struct proc_entry *e = n->entry->entries; e && e->name; e++)
			inode->nlink += S_ISDIR(e->mode);
	} else if (n->entry->jump && n->mode) {
		inode->size = 64; /* of a descriptor, as Linux says */
	}
	set_owner(inode, n);
	inode->unmountable = n->entry == proc_fds.child || n->entry == proc_fdinfos.child;
	return inode;
}

static void proc_release(struct inode *inode)
{
	struct proc_inode *pi = container_of(inode, struct proc_inode, inode);

	node_put(&pi->node);
	kfree(pi);
}

/*
 * A name in a private directory is looked up anew each time, so that the caller's right to look is
 * asked anew too.
 */
static bool proc_valid(struct inode *inode)
{
	const struct proc_node *n = node_of(inode);

	/* dcache_lock is held; proc_lock and cred_lock, which this takes, are inside it. */
	set_owner(inode, n);
	return node_is_there(n) && n->entry != proc_fdinfos.child;
}

/* A number as the kernel writes it; false: none. */
static bool number_of_name(const struct name *name, uint32_t *n)
{
	uint64_t v;

	if (parse_whole_u64(name->s, name->len, 10, &v) || v > INT32_MAX ||
	    (name->s[0] == '0' && name->len > 1))
		return false;
	*n = (uint32_t)v;
	return true;
}

/* The entry of @dir called @name, held if it is one that may go; NULL: there is none. */
static const struct proc_entry *find_entry(const struct proc_node *dir, const struct name *name)
{
	for (const struct proc_entry *e = dir->entry->entries; e && e->name; e++)
		if (strlen(e->name) == name->len && !memcmp(e->name, name->s, name->len))
			return e;
	return dir->entry == &root_entry ? late_find(name->s, name->len) : NULL;
}

static struct inode *proc_lookup(struct inode *inode, const struct name *name)
{
	const struct proc_node *dir = node_of(inode);
	const struct proc_numbers *nr = dir->entry->numbers;
	const struct proc_entry *e;
	struct proc_node child;
	uint32_t n;

	/* The directory may be open, or some task's cwd, longer than its process lives. */
	if (!node_is_there(dir))
		return NULL;
	if (dir->entry->private && !may_look(dir->process, dir->task, ACCESS_FS))
		return err_ptr(-EACCES);
	e = find_entry(dir, name);
	if (e) {
		child = proc_child(dir, e);
		return inode_new(inode->sb, &child);
	}
	if (!nr || !number_of_name(name, &n))
		return NULL;
	child = (struct proc_node){ .entry = nr->child, .fd = 0 };
	/*
	 * find takes the references under the lock under which it finds: what is shown is of that
	 * process alone.
	 */
	return nr->find(dir, n, &child) ? inode_new(inode->sb, &child) : NULL;
}

/* ---- links ---- */

/*
 * Where a private link leads is asked of the process as it is now: between look_first and looked it
 * cannot become another program (program.lock).  look_first: 0, and then looked is due; or -EACCES.
 */
static int look_first(const struct proc_node *n)
{
	return !n->entry->private || look_begin(n->process, n->task, ACCESS_FS) ? 0 : -EACCES;
}

static void looked(const struct proc_node *n)
{
	if (n->entry->private)
		look_end(n->process);
}

/* The name of where @n jumps to. */
static int put_jump(struct proc_text *t, const struct proc_node *n)
{
	struct path p;
	int err = n->entry->jump(n, &p);

	if (err)
		return err;
	err = proc_put_path(t, &p, "");
	path_put(&p);
	return err;
}

static int proc_readlink(struct inode *inode, char *buf, size_t size)
{
	const struct proc_node *n = node_of(inode);
	struct proc_text t = { .buf = kmalloc(PATH_MAX), .size = PATH_MAX };
	int err = -ENOMEM;

	if (t.buf)
		err = look_first(n);
	if (!err) {
		err = n->entry->link ? n->entry->link(&t, n) : put_jump(&t, n);
		looked(n);
	}
	if (!err) {
		err = (int)min(t.len, size);
		memcpy(buf, t.buf, (size_t)err);
	}
	kfree(t.buf);
	return err;
}

static int proc_jump(struct inode *inode, struct path *out)
{
	const struct proc_node *n = node_of(inode);
	int err = look_first(n);

	if (err)
		return err;
	/*
	 * The path gets its references here, before looked(): the program may close the file right
	 * after.
	 */
	err = n->entry->jump(n, out);
	looked(n);
	return err;
}

/* What open(2) with O_TRUNC asks: there is nothing to cut. */
static int proc_truncate(struct inode *inode, uint64_t size)
{
	return 0;
}

static const struct inode_ops proc_ops = {
	.lookup = proc_lookup,
	.readlink = proc_readlink,
	.valid = proc_valid,
	.truncate = proc_truncate,
	.release = proc_release,
};

static const struct inode_ops proc_jump_ops = {
	.readlink = proc_readlink,
	.jump = proc_jump,
	.valid = proc_valid,
	.release = proc_release,
};

/* ---- directories: ".", "..", the entries, the numbers ---- */

static bool emit_entries(const struct proc_node *dir, struct dir_out *out, uint64_t *pos)
{
	uint64_t i = 2;

	for (struct proc_entry *e = dir->entry->entries; e && e->name; e++, i++) {
		struct proc_node n = { e, dir->process, dir->task, 0, 0 };

		if (i < *pos)
			continue;
		if (!dir_emit(out, e->name, strlen(e->name), ino_of(&n, 0), e->mode >> 12 & 15,
			      i + 1))
			return false;
		*pos = i + 1;
	}
	return true;
}

/* Those that came at run time: their positions are their numbers. */
static bool emit_late(const struct proc_node *dir, struct dir_out *out, uint64_t *pos)
{
	const struct proc_entry *e;

	if (dir->entry != &root_entry || *pos >= NUMBERS_POS)
		return true;
	*pos = max(*pos, (uint64_t)LATE_POS);
	while ((e = late_next((uint16_t)(*pos - LATE_POS)))) {
		struct proc_node n = { .entry = e };
		uint64_t next = LATE_POS + e->number + 1;
		bool fits =
			dir_emit(out, e->name, strlen(e->name), ino_of(&n, 0), S_IFREG >> 12, next);

		late_put(e);
		if (!fits || !file_may_continue())
			return false;
		*pos = next;
	}
	return true;
}

static bool emit_numbers(const struct proc_node *dir, struct dir_out *out, uint64_t *pos)
{
	const struct proc_numbers *nr = dir->entry->numbers;
	uint32_t n;

	*pos = max(*pos, (uint64_t)NUMBERS_POS);
	if (!nr || *pos - NUMBERS_POS > INT32_MAX)
		return true;
	for (n = (uint32_t)(*pos - NUMBERS_POS); nr->next(dir, &n); n++) {
		struct proc_node child = { .entry = nr->child };
		char name[12];
		bool fits;
		int len;

		/*
		 * Between two numbers, with no lock: there may be thousands, and each is looked up
		 * by itself.
		 */
		if (!file_may_continue())
			return false;
		if (!nr->find(dir, n, &child))
			continue; /* it has gone since */
		len = scnprintf(name, sizeof(name), "%u", n);
		fits = dir_emit(out, name, (size_t)len, ino_of(&child, child.fd),
				nr->child->mode >> 12 & 15, NUMBERS_POS + n + 1);
		node_put(&child);
		if (!fits)
			return false;
		/*
		 * The position is the number, so the next call goes on rightly whatever has come or
		 * gone.
		 */
		*pos = NUMBERS_POS + n + 1;
	}
	return true;
}

static int proc_readdir(struct file *f, struct dir_out *out, uint64_t *pos)
{
	const struct proc_node *dir = node_of(f->inode);

	if (!node_is_there(dir))
		return -ENOENT;
	if (dir_emit_dots(out, f, pos) && emit_entries(dir, out, pos) && emit_late(dir, out, pos))
		emit_numbers(dir, out, pos);
	return 0;
}

static int proc_dir_open(struct file *f)
{
	const struct proc_node *n = node_of(f->inode);

	return n->entry->private && !may_look(n->process, n->task, ACCESS_FS) ? -EACCES : 0;
}

static const struct file_ops proc_dir_ops = {
	.open = proc_dir_open,
	.seek = file_seek_unsized, /* as on Linux */
	.readdir = proc_readdir,
};

/* ---- files ---- */

static int proc_open(struct file *f)
{
	const struct proc_node *n = node_of(f->inode);
	struct reading *r;
	struct mm *mm = NULL;

	if (n->entry->private && !may_look(n->process, n->task, ACCESS_FS))
		return -EACCES;
	/*
	 * The address space of now: after execve(2) by a set-user-ID program the reader keeps the
	 * old one, which it was allowed to see.
	 */
	if (n->entry->show_mm)
		mm = mm_to_look_into(n->process, n->task);
	if (is_err(mm))
		return (int)ptr_err(mm);
	r = kzalloc(sizeof(*r));
	if (r) {
		mutex_init(&r->lock);
		r->text.addresses = capable(CAP_SYSLOG);
		r->text.administrator = capable(CAP_SYS_ADMIN);
		if (mm)
			/*
			 * Pinned, not held: an open file in /proc must not keep a dead program's
			 * memory.
			 */
			mm_pin(mm);
		r->mm = mm;
		f->private = r;
	}
	if (mm)
		mm_put(mm);
	return r ? 0 : -ENOMEM;
}

static void proc_close(struct file *f)
{
	struct reading *r = f->private;

	if (r->mm)
		mm_unpin(r->mm);
	kfree(r->text.buf);
	kfree(r);
}

static bool set_room(struct reading *r, size_t size)
{
	char *buf = kmalloc(size);

	if (!buf)
		return false;
	/* The old text is not kept: the piece is made again from its start. */
	kfree(r->text.buf);
	r->text.buf = buf;
	r->text.size = size;
	return true;
}

static int show_piece(struct reading *r, const struct proc_node *n, uint64_t *at)
{
	bool there;
	int more;

	if (!n->entry->show_mm)
		return n->entry->show(&r->text, n, at);
	/* Held only while one piece is made. */
	there = r->mm && mm_get_pinned(r->mm);
	more = n->entry->show_mm(&r->text, there || n->entry->outlives ? r->mm : NULL, at);
	if (there)
		mm_put(r->mm);
	return more;
}

/* The next piece in place of the one before; r->lock held.  0 or -errno. */
static int next_text_piece(struct reading *r, const struct proc_node *n)
{
	uint64_t at;
	int more;

	r->start += r->text.len;
	r->text.len = 0;
	if (!r->text.buf && !set_room(r, TEXT_FIRST))
		return -ENOMEM;
	for (;;) {
		/*
		 * A copy: a piece that does not fit is made again, in a larger buffer, from the
		 * same place.
		 */
		at = r->at;
		r->text.len = 0;
		r->text.full = false;
		more = show_piece(r, n, &at);
		if (!r->text.full)
			break;
		if (r->text.size >= TEXT_MAX || !set_room(r, r->text.size * 2)) {
			r->text.len = 0;
			return -ENOMEM;
		}
	}
	r->at = at;
	r->end = more == 0;
	return more < 0 ? more : 0;
}

/* Text at *@pos is in the buffer, or r->end with none there.  0 or -errno. */
static int go_to(struct reading *r, const struct proc_node *n, uint64_t pos)
{
	int err = 0;

	/* Backwards, or to the beginning: all is made anew from the start, as it is now. */
	if (pos < r->start || !pos) {
		r->start = r->text.len = r->at = 0;
		r->end = false;
	}
	while (!err && pos >= r->start + r->text.len && !r->end) {
		err = next_text_piece(r, n);
		if (!err && !file_may_continue())
			err = -EINTR;
	}
	return err;
}

static long read_text(struct reading *r, const struct proc_node *n, struct iter *to, uint64_t *pos)
{
	uint64_t from = *pos;
	int err = 0;

	while (to->left) {
		size_t off, want, got;

		err = go_to(r, n, *pos);
		if (err || *pos >= r->start + r->text.len)
			break;
		off = (size_t)(*pos - r->start);
		want = min(to->left, r->text.len - off);
		/* r->lock, a mutex, is held over the copy, which may fault and sleep. */
		got = iter_put(to, r->text.buf + off, want);
		*pos += got;
		if (got < want) {
			err = -EFAULT;
			break;
		}
	}
	return *pos != from ? (long)(*pos - from) : err;
}

static long proc_read(struct file *f, struct iter *to, uint64_t *pos)
{
	const struct proc_node *n = node_of(f->inode);
	struct reading *r = f->private;
	long ret;

	if (!n->entry->show && !n->entry->show_mm)
		return -EINVAL;
	if (!n->entry->empty_when_gone && !node_is_there(n))
		return n->entry->late ? -EIO : -ESRCH;
	/* Two threads that read one open file share the buffer. */
	if (mutex_lock_killable(&r->lock))
		return -EINTR;
	ret = read_text(r, n, to, pos);
	mutex_unlock(&r->lock);
	return ret;
}

static long proc_write(struct file *f, struct iter *from, uint64_t *pos)
{
	const struct proc_node *n = node_of(f->inode);
	size_t len = min(from->left, (size_t)WRITE_MAX - 1);
	char *text;
	int err;

	if (!n->entry->write)
		return n->process ? -EINVAL : -EIO; /* as Linux */
	if (!node_is_there(n))
		return n->entry->late ? -EIO : -ESRCH;
	text = kmalloc(WRITE_MAX);
	if (!text)
		return -ENOMEM;
	/* All of it is copied before anything is done: no setting is half of what was written. */
	err = iter_take(from, text, len) == len ? 0 : -EFAULT;
	text[len] = '\0';
	if (!err)
		err = n->entry->write(n, text, len);
	kfree(text);
	if (err)
		return err;
	*pos += len;
	return (long)len;
}

static const struct file_ops proc_file_ops = {
	.read = proc_read,
	.write = proc_write,
	.seek = file_seek_endless,
	.open = proc_open,
	.release = proc_close,
};

/* ---- the file system ---- */

/* There are no namespaces, so one is enough for all mounts. */
static struct superblock proc_sb = { .type = "proc",
				     .flags = SB_FORGET,
				     .magic = PROC_SUPER_MAGIC };

static struct proc_entry root_entry = {
	.name = "", .mode = S_IFDIR | 0555, .entries = proc_system_entries, .numbers = &proc_pids
};

/* Numbers each name, for st_ino. */
static uint16_t number_entries(struct proc_entry *e, uint16_t number)
{
	for (; e && e->name; e++) {
		e->number = number++;
		if (e->entries)
			number = number_entries(e->entries, number);
		if (e->numbers) {
			e->numbers->child->number = number++;
			number = number_entries(e->numbers->child->entries, number);
		}
	}
	return number;
}

static struct dentry *proc_mount(char *options)
{
	static struct dentry *root;
	const struct proc_node n = { .entry = &root_entry };
	struct inode *inode;

	if (options && *options)
		return err_ptr(-EINVAL);
	/* mount_lock is held (mount_ops.c): the root is made once. */
	if (!root) {
		inode = inode_new(&proc_sb, &n);
		if (is_err(inode))
			return (struct dentry *)inode;
		root = dentry_new(NULL, inode);
		if (!root)
			return err_ptr(-ENOMEM);
	}
	dentry_get(root);
	return root;
}

void proc_init(const char *cmdline)
{
	static struct fs_type type = { .name = "proc", .mount = proc_mount };
	uint16_t number = number_entries(proc_system_entries, ROOT_INO + 1);

	root_entry.number = ROOT_INO;
	proc_pids.child->number = number;
	late_init(number_entries(proc_pids.child->entries, number + 1), proc_system_entries);
	proc_kernel_cmdline = cmdline;
	proc_sb.dev = sb_new_dev();
	fs_register(&type);
}
