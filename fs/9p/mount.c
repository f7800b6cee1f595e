/*
 * mount.c - what a 9P server exports: mount -t 9p -o trans=virtio,version=9p2000.L TAG DIR.
 *
 * Options are Linux's; those that it ignores are ignored, and those that ask for less coherence
 * than cache=mmap gives get that.
 */
#include "fs/9p/mount.h"

#include "fs/9p/inode.h"
#include "fs/mount_ops.h"
#include "fs/writeback.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"

#define P9_MAGIC 0x01021997

static bool text_option(const char *value, char *to, size_t size)
{
	if (!value || strlen(value) >= size)
		return false;
	memcpy(to, value, strlen(value) + 1);
	return true;
}

static bool access_option(struct p9_fs *fs, const char *value)
{
	static const char *const kinds[] = { "user", "client", "any" };

	int i = option_word(value, kinds, ARRAY_SIZE(kinds));

	fs->access = i < 0 ? NULL : kinds[i];
	return fs->access || option_number(value, 0, &fs->only_uid);
}

static bool cache_option(struct p9_fs *fs, const char *value)
{
	static const char *const kinds[] = { "mmap", "loose", "fscache", "readahead" };

	fs->cached = option_word(value, kinds, ARRAY_SIZE(kinds)) >= 0;
	return fs->cached || (value && !strcmp(value, "none"));
}

static bool p9_option(struct p9_fs *fs, uint32_t *msize, const char *key, const char *value)
{
	if (!strcmp(key, "trans"))
		return value && !strcmp(value, "virtio");
	if (!strcmp(key, "version"))
		return value && !strcmp(value, "9p2000.L");
	if (!strcmp(key, "msize"))
		return option_number(value, 0, msize) && *msize >= P9_MSIZE_MIN;
	if (!strcmp(key, "cache"))
		return cache_option(fs, value);
	if (!strcmp(key, "access"))
		return access_option(fs, value);
	if (!strcmp(key, "uname"))
		return text_option(value, fs->uname, sizeof(fs->uname));
	if (!strcmp(key, "aname"))
		return text_option(value, fs->aname, sizeof(fs->aname));
	return true;
}

static int p9_options(struct p9_fs *fs, uint32_t *msize, char *text)
{
	char *key, *value;

	while (option_next(&text, &key, &value))
		if (!p9_option(fs, msize, key, value))
			return -EINVAL;
	*msize = min(*msize, (uint32_t)P9_MSIZE_MAX);
	return 0;
}

static int p9_show(struct superblock *sb, char *buf, size_t size)
{
	struct p9_fs *fs = container_of(sb, struct p9_fs, sb);
	char access[16], msize[24] = "";

	snprintf(access, sizeof(access), "%u", fs->only_uid);
	if (fs->session->msize != P9_MSIZE)
		snprintf(msize, sizeof(msize), ",msize=%u", fs->session->msize);
	return snprintf(buf, size, "%s%s%s%s%s,access=%s%s,trans=virtio",
			strcmp(fs->uname, "nobody") ? ",uname=" : "",
			strcmp(fs->uname, "nobody") ? fs->uname : "", *fs->aname ? ",aname=" : "",
			fs->aname, fs->cached ? ",cache=mmap" : "",
			fs->access ? fs->access : access, msize);
}

static int p9_stat_fs(struct superblock *sb, struct vfs_statfs *st)
{
	uint32_t type, bsize;
	int err = p9_rpc(container_of(sb, struct p9_fs, sb)->root, P9_TSTATFS, ">ddqqqqq", &type,
			 &bsize, &st->blocks, &st->bfree, &st->bavail, &st->files, &st->ffree);

	st->type = type;
	st->bsize = bsize;
	return err;
}

/* Also of one that is not mounted yet. */
static void p9_kill(struct superblock *sb)
{
	struct p9_fs *fs = container_of(sb, struct p9_fs, sb);

	if (sb->writeback)
		writeback_end(sb->writeback, NULL);
	p9_fid_put(fs->root);
	if (fs->session)
		p9_session_end(fs->session);
	kfree(fs);
}

/* The root's dentry, or err_ptr, and then p9_kill is to be called. */
static struct dentry *p9_root(struct p9_fs *fs, const char *source, uint32_t msize)
{
	struct p9_session *s = p9_session_begin(source, msize);
	struct inode *inode;
	int err;

	if (is_err(s))
		return (struct dentry *)s;
	fs->session = s;
	/* One of its own: a server that does not answer holds up no other's files. */
	fs->sb.writeback = writeback_new();
	fs->root = p9_fid_new(s);
	if (!fs->root || !fs->sb.writeback)
		return err_ptr(-ENOMEM);
	writeback_add(fs->sb.writeback, NULL);
	err = p9_rpc(fs->root, P9_TATTACH, "dssd", P9_NOFID, fs->uname, fs->aname, fs->uid);
	if (err)
		return err_ptr(err);
	p9_fid_get(fs->root);
	inode = p9_inode_new(&fs->sb, fs->root);
	if (is_err(inode))
		return (struct dentry *)inode;
	s->only_uid = fs->only_uid;
	return dentry_new(NULL, inode) ?: err_ptr(-ENOMEM);
}

static struct dentry *p9_mount(const char *source, uint32_t flags, char *options)
{
	struct p9_fs *fs = kzalloc(sizeof(*fs));
	uint32_t msize = P9_MSIZE;
	struct dentry *root;
	int err;

	if (!fs)
		return err_ptr(-ENOMEM);
	*fs = (struct p9_fs){ .only_uid = P9_NOUID, .access = "client", .uname = "nobody" };
	fs->sb = (struct superblock){ .type = "9p",
				      .flags = SB_REMOTE | flags,
				      .magic = P9_MAGIC,
				      .block_size = 512, /* in which pages get dirty */
				      .statfs = p9_stat_fs,
				      .options = p9_show,
				      .kill = p9_kill };
	err = source ? p9_options(fs, &msize, options) : -EINVAL;
	fs->uid = fs->only_uid != P9_NOUID ? fs->only_uid : current_cred()->fsuid;
	root = err ? err_ptr(err) : p9_root(fs, source, msize);
	if (is_err(root))
		p9_kill(&fs->sb);
	return root;
}

void p9_init(void)
{
	static struct fs_type type = { .name = "9p", .mount_from = p9_mount };

	fs_register(&type);
}
