/*
 * program.c - see program.h: programs are opened, and what their files say of the rights they give.
 *
 * Comes from task/exec.c by the hooks that program_init sets, as task/ does not know of fs/.
 * Invariant: from open to allow_write, or the end of the program, nobody writes its file
 * (path_deny_write).
 */
#include "fs/program.h"

#include "abi/stat.h"
#include "abi/xattr.h"
#include "fs/context.h"
#include "fs/open.h"
#include "fs/random.h"
#include "fs/walk.h"
#include "task/cap.h"
#include "task/exec.h"

static struct file *file_of_program(struct vm_held *h)
{
	return container_of(h, struct file, held);
}

static int open_program(int dir, const char *path, int flags, struct vm_source *to)
{
	unsigned int walk = (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
			    (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
	struct file *f = vfs_open_exec(dir, path, walk);
	struct vm_object *o;

	if (is_err(f))
		return (int)ptr_err(f);
	/* The file holds its object's inode; the mappings take their own reference. */
	o = file_mmap_object(f, PAGE_SIZE, false);
	if (!o || is_err(o)) {
		file_put(f);
		return o ? (int)ptr_err(o) : -EACCES;
	}
	*to = (struct vm_source){ .object = o, .file = &f->held };
	return 0;
}

/* The lock: whose file it is and what it gives are of one moment. */
static bool program_set_ids(struct vm_held *file, struct cred *c)
{
	const struct file *f = file_of_program(file);
	struct inode *inode = f->inode;
	bool user, group;

	if (f->path.mnt->flags & MNT_NOSUID || !(READ_ONCE(inode->mode) & (S_ISUID | S_ISGID)))
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

/* linux/capability.h's struct vfs_ns_cap_data, in the machine's byte order. */
struct caps_value {
	uint32_t magic;
	struct {
		uint32_t permitted, inheritable;
	} word[2];
	uint32_t root; /* of another user namespace: it is not ours */
};
_Static_assert(sizeof(struct caps_value) == XATTR_CAPS_SZ_3, "vfs_ns_cap_data");

static void program_caps(struct vm_held *file, struct file_caps *caps)
{
	const struct file *f = file_of_program(file);
	struct inode *inode = f->inode;
	struct caps_value v;
	long n;

	*caps = (struct file_caps){ .any = false };
	if (f->path.mnt->flags & MNT_NOSUID || !inode->ops->getxattr)
		return;
	n = inode->ops->getxattr(inode, XATTR_CAPS, &v, sizeof(v));
	if (n < XATTR_CAPS_SZ_2)
		return;
	if (!(n == XATTR_CAPS_SZ_2 && (v.magic & VFS_CAP_REVISION_MASK) == VFS_CAP_REVISION_2) &&
	    !(n == XATTR_CAPS_SZ_3 && (v.magic & VFS_CAP_REVISION_MASK) == VFS_CAP_REVISION_3 &&
	      !v.root))
		return;
	caps->any = true;
	caps->effective = v.magic & VFS_CAP_FLAGS_EFFECTIVE;
	caps->permitted = (v.word[0].permitted | (uint64_t)v.word[1].permitted << 32) & CAP_ALL;
	caps->inheritable =
		(v.word[0].inheritable | (uint64_t)v.word[1].inheritable << 32) & CAP_ALL;
}

static bool may_read_program(struct vm_held *file)
{
	return !path_permission(current_cred(), &file_of_program(file)->path, MAY_READ);
}

static void allow_program_write(struct vm_held *file)
{
	file_allow_write(file_of_program(file));
}

/* The root directory of pid 1, with references.  False: it has given it up. */
static bool first_root(struct path *out)
{
	struct task *t = process_thread(init_process, 0);
	bool has = t && task_path(t, true, out);

	if (t)
		task_put(t);
	return has;
}

static int begin_program(void)
{
	int err = fs_create(current) ?: files_create(current);
	struct path root;

	if (!err && first_root(&root)) {
		path_get(&root);
		fs_set_root(&root);
		fs_set_cwd(&root);
	}
	return err; /* what there is goes with the task */
}

static bool misses_program(const char *path)
{
	struct path own, first, found;
	bool same;
	int err;

	if (*path != '/' || !current->fs || !first_root(&first))
		return false;
	fs_root(&own);
	same = own.mnt == first.mnt && own.dentry == first.dentry;
	path_put(&own);
	path_put(&first);
	err = same ? path_lookup(AT_FDCWD, path, WALK_FOLLOW, &root_cred, &found) : 0;
	if (same && !err)
		path_put(&found);
	return err == -ENOENT;
}

void program_init(void)
{
	static const struct exec_files files = {
		.open = open_program,
		.set_ids = program_set_ids,
		.caps = program_caps,
		.may_read = may_read_program,
		.allow_write = allow_program_write,
		.is_shared = fs_is_shared,
		.unshare = files_unshare,
		.begin = begin_program,
		.misses = misses_program,
		.random = random_bytes,
	};

	exec_register_files(&files);
}
