/*
 * memfd.c - memfd_create(2): files of a tmpfs that is mounted nowhere.
 *
 * Comes from sys/mm.c and fcntl(2).  Invariants: a seal once set stays; it is set under
 * inode->lock, where all that it forbids is done too, but for new mappings: those look at
 * object->sealed, under the lock of the list they join.
 */
#include "fs/anon/memfd.h"

#include "abi/memfd.h"
#include "abi/stat.h"
#include "fs/tmpfs.h"

#define ALL_SEALS                                                                         \
	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | \
	 F_SEAL_EXEC)

/*
 * The mount that is nowhere, made at its first use; NULL: no memory.  All users share it, so that
 * it has no limits, as on Linux: one user could use them up for all.  What a file takes is charged
 * to its maker.
 */
static struct mount *memfd_mount(void)
{
	static struct mount mount = { .parent = &mount,
				      .mounted = LIST_INIT(mount.mounted),
				      .sibling = LIST_INIT(mount.sibling),
				      .refs = 1 };
	static struct mutex lock = MUTEX_INIT(lock);
	char unlimited[] = "size=0,nr_inodes=0";
	struct dentry *root;

	if (likely(load_acquire(&mount.root)))
		return &mount;
	mutex_lock(&lock);
	if (!mount.root) {
		root = tmpfs_create("tmpfs", 0700, unlimited);
		if (!is_err(root)) {
			mount.sb = root->inode->sb;
			/* After sb: a task that sees root without the lock uses both. */
			store_release(&mount.root, root);
		}
	}
	mutex_unlock(&lock);
	return mount.root ? &mount : NULL;
}

/*
 * The dentry whose name /proc shows: it is put into the root and taken out again, so that it reads
 * as removed.
 */
static struct dentry *memfd_dentry(struct mount *mnt, const char *name, size_t len, uint32_t mode)
{
	struct inode_new what = { .mode = S_IFREG | mode };
	struct name n = { .s = name, .len = (uint32_t)len };
	struct inode *dir = mnt->root->inode, *inode = dir->ops->make(dir, NULL, &what);
	struct dentry *d;

	if (is_err(inode))
		return err_ptr(ptr_err(inode));
	d = dentry_new(&n, inode);
	if (!d)
		return err_ptr(-ENOMEM);
	mutex_lock(&dir->lock);
	dentry_attach(mnt->root, d);
	dentry_detach(d);
	mutex_unlock(&dir->lock);
	return d;
}

struct file *memfd_file(const char *name, size_t len, uint32_t flags)
{
	struct mount *mnt = memfd_mount();
	struct path path;
	struct inode *inode;
	struct file *f;

	if (!mnt)
		return err_ptr(-ENOMEM);
	path = (struct path){ mnt,
			      memfd_dentry(mnt, name, len, flags & MFD_NOEXEC_SEAL ? 0666 : 0777) };
	if (is_err(path.dentry))
		return err_ptr(ptr_err(path.dentry));
	inode = path.dentry->inode;
	if (flags & MFD_NOEXEC_SEAL)
		inode->seals = F_SEAL_EXEC;
	else if (flags & MFD_ALLOW_SEALING)
		inode->seals = 0;
	f = file_new(inode->fops, inode, FILE_READ | FILE_WRITE | FILE_SEEK | FILE_POS,
		     O_RDWR | O_LARGEFILE);
	if (!is_err(f)) {
		path_get(&path);
		f->path = path;
	}
	dentry_put(path.dentry);
	return f;
}

static bool is_sealable(const struct inode *inode)
{
	return inode->object && inode->object->ops->in_ram;
}

int memfd_seals(const struct file *f)
{
	return is_sealable(f->inode) ? (int)READ_ONCE(f->inode->seals) : -EINVAL;
}

static int seal_locked(struct inode *inode, uint32_t seals)
{
	uint32_t fresh;

	mutex_assert_held(&inode->lock);
	if (inode->seals & F_SEAL_SEAL)
		return -EPERM;
	/* What may be executed does not change either. */
	if (seals & F_SEAL_EXEC && inode->mode & 0111)
		seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	fresh = seals & ~inode->seals;
	if (fresh & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) &&
	    !object_seal(inode->object, !(fresh & F_SEAL_WRITE)))
		return -EBUSY;
	/*
	 * After object_seal: it has refused while a mapping may write, and lets none come from then
	 * on.
	 */
	WRITE_ONCE(inode->seals, inode->seals | seals);
	return 0;
}

int memfd_seal(struct file *f, uint32_t seals)
{
	int err;

	if (!(f->mode & FILE_WRITE))
		return -EPERM;
	if (seals & ~(uint32_t)ALL_SEALS || !is_sealable(f->inode))
		return -EINVAL;
	if (mutex_lock_killable(&f->inode->lock))
		return -EINTR;
	err = seal_locked(f->inode, seals);
	mutex_unlock(&f->inode->lock);
	return err;
}
