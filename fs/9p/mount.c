/*
 * mount.c - what a 9P server exports: mount -t 9p -o trans=virtio,version=9p2000.L TAG DIR.
 *
 * Options are Linux's; those that it ignores are ignored, and those that ask for less coherence
 * than cache=mmap gives get that.
 */
#include "fs/9p/mount.h"

#include "fs/9p/inode.h"
#include "fs/mount_ops.h"
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
	struct p9_statfs s;
	int err = p9_statfs(container_of(sb, struct p9_fs, sb)->root, &s);

	if (err)
		return err;
	*st = (struct vfs_statfs){ .type = s.type,
				   .bsize = s.bsize,
				   .blocks = s.blocks,
				   .bfree = s.bfree,
				   .bavail = s.bavail,
				   .files = s.files,
				   .ffree = s.ffree };
	return 0;
}

static void p9_kill(struct superblock *sb)
{
	struct p9_fs *fs = container_of(sb, struct p9_fs, sb);

	p9_fid_put(fs->root);
	p9_session_end(fs->session);
	kfree(fs);
}

/* The session is there: the root's dentry, or err_ptr, and then it is as it was. */
static struct dentry *p9_root(struct p9_fs *fs)
{
	struct p9_fid *fid = p9_attach(fs->session, fs->uname, fs->aname, fs->uid);
	struct inode *inode;
	struct dentry *root;

	if (is_err(fid))
		return (struct dentry *)fid;
	fs->root = fid;
	fid = p9_walk(fid, NULL, 0);
	inode = is_err(fid) ? (struct inode *)fid : p9_inode_new(&fs->sb, fid);
	if (is_err(inode))
		root = (struct dentry *)inode;
	else
		root = dentry_new(NULL, inode) ?: err_ptr(-ENOMEM);
	if (is_err(root)) {
		p9_fid_put(fs->root);
		fs->root = NULL;
	}
	return root;
}

static struct dentry *p9_mount(const char *source, uint32_t flags, char *options)
{
	struct p9_fs *fs = kzalloc(sizeof(*fs));
	uint32_t msize = P9_MSIZE;
	struct dentry *root;
	int err;

	if (!fs)
		return err_ptr(-ENOMEM);
	*fs = (struct p9_fs){ .only_uid = UINT32_MAX, .access = "client", .uname = "nobody" };
	fs->uid = current_cred()->fsuid;
	fs->sb = (struct superblock){ .type = "9p",
				      .flags = SB_REMOTE | flags,
				      .magic = P9_MAGIC,
				      .block_size = 512, /* in which pages get dirty */
				      .statfs = p9_stat_fs,
				      .options = p9_show,
				      .kill = p9_kill };
	err = source ? p9_options(fs, &msize, options) : -EINVAL;
	if (!err && fs->only_uid != UINT32_MAX)
		fs->uid = fs->only_uid;
	if (!err) {
		fs->session = p9_session_begin(source, msize);
		err = is_err(fs->session) ? (int)ptr_err(fs->session) : 0;
	}
	if (err) {
		kfree(fs);
		return err_ptr(err);
	}
	root = p9_root(fs);
	if (is_err(root)) {
		p9_session_end(fs->session);
		kfree(fs);
	}
	return root;
}

void p9_init(void)
{
	static struct fs_type type = { .name = "9p", .mount_from = p9_mount };

	fs_register(&type);
}
