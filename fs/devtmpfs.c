/*
 * devtmpfs.c - the nodes of devices, in the two places that have them: devtmpfs, one for all its
 * mounts, and the directory /dev of boot, for programs that find nothing mounted there.
 *
 * Comes from dev.c when a device comes or goes, and from mount(2).  Invariant: a node is removed
 * only while it is the one that was made here: what a program has put in its place stays.
 */
#include "fs/devtmpfs.h"

#include "abi/stat.h"
#include "fs/dev.h"
#include "fs/mount_ops.h"
#include "fs/name.h"
#include "fs/tmpfs.h"
#include "fs/walk.h"

/* Where nodes are made: NULL as long as there is no such place.  devs_hold()'s lock. */
enum { DEVTMPFS, BOOT_DEV, NR_PLACES };
static struct dentry *places[NR_PLACES];

_Static_assert(NR_PLACES == ARRAY_SIZE(((struct device *)0)->nodes), "struct device");

/*
 * A node for @d in @dir, whose lock is held; *@made, if it is asked for, gets the inode, with a
 * reference.  0, -EEXIST, -ENOENT: @dir was removed; -ENOMEM, -ENOSPC.
 */
static int make_node(struct dentry *dir, const struct device *d, struct inode **made)
{
	struct inode_new what = { .mode = (d->block ? S_IFBLK : S_IFCHR) | d->mode,
				  .rdev = d->number };
	struct inode *inode;
	struct dentry *node;
	struct name name;

	mutex_assert_held(&dir->inode->lock);
	(void)name_take(&name, d->name);
	node = dentry_lookup(dir, &name);
	if (node) {
		if (is_err(node))
			return (int)ptr_err(node);
		dentry_put(node);
		return -EEXIST;
	}
	node = dentry_new(&name, NULL);
	if (!node)
		return -ENOMEM;
	inode = dir->inode->ops->make(dir->inode, &name, &what);
	if (is_err(inode)) {
		dentry_put(node);
		return (int)ptr_err(inode);
	}
	/* Root's, whoever has loaded the driver. */
	inode->uid = inode->gid = 0;
	if (made) {
		inode_get(inode);
		*made = inode;
	}
	node->inode = inode;
	dentry_attach(dir, node);
	dentry_put(node);
	return 0;
}

static int make_node_in(struct dentry *dir, const struct device *d, struct inode **made)
{
	int err;

	/* A task that makes or removes a name there takes this lock too: one of us is first. */
	mutex_lock(&dir->inode->lock);
	err = make_node(dir, d, made);
	mutex_unlock(&dir->inode->lock);
	return err;
}

/* @made goes from @dir if it is what has @d's name there. */
static void remove_node(struct dentry *dir, const struct device *d, struct inode *made)
{
	struct dentry *node;
	struct name name;

	(void)name_take(&name, d->name);
	mutex_lock(&dir->inode->lock);
	node = dentry_lookup(dir, &name);
	if (node && !is_err(node) && node->inode == made) {
		/* Its own lock, too: nobody gives it another name, or mounts on it, meanwhile. */
		mutex_lock(&made->lock);
		/* As on Linux: a hard link that somebody has made opens for nobody. */
		made->mode &= ~0777u;
		if (!READ_ONCE(node->mounts) && !dir->inode->ops->remove(dir->inode, &name, made))
			dentry_detach(node);
		mutex_unlock(&made->lock);
	}
	mutex_unlock(&dir->inode->lock);
	if (node && !is_err(node))
		dentry_put(node);
}

/* dev_nodes.remove. */
static void remove_nodes(struct device *dev)
{
	for (int i = 0; i < NR_PLACES; i++) {
		struct inode *made = dev->nodes[i];

		dev->nodes[i] = NULL;
		if (!made)
			continue;
		remove_node(places[i], dev, made);
		inode_put(made);
	}
}

/*
 * dev_nodes.add.  A name that is there already is left alone, and so is a directory that somebody
 * has removed.
 */
static int add_nodes(struct device *dev)
{
	int err = 0;

	for (int i = 0; i < NR_PLACES && !err; i++) {
		dev->nodes[i] = NULL;
		if (places[i])
			err = make_node_in(places[i], dev, &dev->nodes[i]);
		if (err == -EEXIST || err == -ENOENT)
			err = 0;
	}
	if (err)
		remove_nodes(dev);
	return err;
}

/*
 * What is registered already: those of boot, which stay, and those that came later, whose nodes are
 * theirs to remove.  0, or -ENOMEM, -ENOSPC.
 */
static int fill_place(int place, struct dentry *dir)
{
	int err = 0;

	for (struct device *d = (struct device *)dev_first(); d && !err; d = d->next) {
		err = make_node_in(dir, d, d->late ? &d->nodes[place] : NULL);
		if (err == -EEXIST)
			err = 0;
	}
	return err;
}

/* @place is not to be after all: what fill_place has taken. */
static void forget_place(int place)
{
	for (struct device *d = (struct device *)dev_first(); d; d = d->next) {
		if (d->nodes[place])
			inode_put(d->nodes[place]);
		d->nodes[place] = NULL;
	}
}

/* devtmpfs: one for all its mounts, made at the first; mount_lock is held. */
static struct dentry *devtmpfs_mount(char *options)
{
	struct dentry *root;
	int err;

	devs_hold();
	root = places[DEVTMPFS];
	if (root) {
		dentry_get(root);
		devs_release();
		return root;
	}
	root = tmpfs_create("devtmpfs", 0755, options);
	err = is_err(root) ? (int)ptr_err(root) : fill_place(DEVTMPFS, root);
	if (err) {
		forget_place(DEVTMPFS);
	} else {
		root->inode->sb->kill = NULL;
		/* Only when it is complete: the next mount must not find half of it. */
		places[DEVTMPFS] = root;
		dentry_get(root);
	}
	devs_release();
	if (err && !is_err(root)) {
		root->inode->sb->kill(root->inode->sb);
		dentry_put(root);
	}
	return err ? err_ptr(err) : root;
}

void devtmpfs_init(void)
{
	static struct fs_type devtmpfs = { .name = "devtmpfs", .mount = devtmpfs_mount };

	fs_register(&devtmpfs);
}

void dev_populate(void)
{
	static const struct dev_nodes nodes = { .add = add_nodes, .remove = remove_nodes };
	struct inode_new dir = { .mode = S_IFDIR | 0755 };
	int err = vfs_make(AT_FDCWD, "/dev", &dir);
	struct path path = { NULL, NULL };

	if (!err || err == -EEXIST)
		err = path_lookup(AT_FDCWD, "/dev", WALK_FOLLOW | WALK_DIRECTORY, NULL, &path);
	devs_hold();
	if (!err) {
		/* Held for good, as the root file system is. */
		places[BOOT_DEV] = path.dentry;
		err = fill_place(BOOT_DEV, path.dentry);
	}
	devs_booted(&nodes);
	devs_release();
	if (err)
		pr_warn("newel: /dev is not complete: error %d\n", -err);
}
