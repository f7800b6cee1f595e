/*
 * root.c - the root file system on a disk, as Linux mounts it when no initrd does that.
 *
 * Comes from the first task, after the disks that are there have been looked through, goes to
 * mount_ops.c by the same calls that a program would make: a node /dev/root, a mount on /root,
 * which is moved onto / and becomes the task's root.
 */
#include "fs/root.h"

#include "abi/mount.h"
#include "abi/stat.h"
#include "block/device.h"
#include "block/io.h"
#include "fs/context.h"
#include "fs/mount_ops.h"
#include "fs/name.h"
#include "fs/walk.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "drivers/timer/timer.h"

#define WORD_MAX 256
#define NODE	 "/dev/root"
#define PLACE	 "/root"

/* What is asked for. */
static struct {
	char name[WORD_MAX], types[WORD_MAX], options[WORD_MAX];
	uint32_t flags;
	bool wait;
	uint64_t delay_s;
} asked;

static void root_sleep_ms(uint64_t ms)
{
	uint64_t until = timer_now_ns() + ms * (NS_PER_S / 1000);

	if (ms && sched_sleep_until(TIMER_MONOTONIC, until))
		pr_warn("root: a signal before there is a program\n");
}

static void take_root_word(const struct cmdline_word *w, char to[WORD_MAX])
{
	snprintf(to, WORD_MAX, "%.*s", (int)w->val_len, w->val ? w->val : "");
}

static uint64_t number_of(const struct cmdline_word *w)
{
	uint64_t n;

	return parse_u64(w->val, w->val_len, 10, &n) > 0 ? n : 0;
}

static void read_root_words(const char *line)
{
	struct cmdline_word w;

	asked.flags = MS_RDONLY | MS_SILENT;
	while (cmdline_next(&line, &w)) {
		if (cmdline_is(&w, "root"))
			take_root_word(&w, asked.name);
		else if (cmdline_is(&w, "rootfstype"))
			take_root_word(&w, asked.types);
		else if (cmdline_is(&w, "rootflags"))
			take_root_word(&w, asked.options);
		else if (cmdline_is(&w, "rootwait"))
			asked.wait = true;
		else if (cmdline_is(&w, "rootdelay") && w.val)
			asked.delay_s = number_of(&w);
		else if (cmdline_is(&w, "ro"))
			asked.flags |= MS_RDONLY;
		else if (cmdline_is(&w, "rw"))
			asked.flags &= ~MS_RDONLY;
	}
}

bool root_is_wanted(const char *cmdline)
{
	struct cmdline_word w;

	return cmdline_find(cmdline, "root", &w) && w.val && w.val_len;
}

/* ---- which device ---- */

/* Where an ext2 superblock has what it is called: ext4(5)'s layout, byte 1024 of the device. */
#define EXT_AT	  1024
#define EXT_MAGIC 0xef53
struct ext_names {
	uint8_t before[56];
	uint16_t magic;
	uint8_t between[46];
	uint8_t uuid[16];
	char label[16];
};
_Static_assert(offsetof(struct ext_names, uuid) == 104, "ext4(5)");

/* @own is in lower case, what somebody has typed may be in either. */
static bool is_same_uuid(const char *own, const char *typed)
{
	for (; *own && *typed; own++, typed++)
		if (*own != (*typed >= 'A' && *typed <= 'F' ? *typed | 0x20 : *typed))
			return false;
	return *own == *typed;
}

static bool is_uuid(const uint8_t uuid[16], const char *text)
{
	char own[37];
	size_t n = 0;

	for (int i = 0; i < 16; i++)
		n += (size_t)snprintf(own + n, sizeof(own) - n, "%s%02x",
				      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	return is_same_uuid(own, text);
}

/* Is the ext2 on @dev the one that @text (UUID=, LABEL=) calls? */
static bool fs_is_called(struct block_device *dev, const char *text)
{
	struct ext_names *sb = kmalloc(EXT_AT);
	bool yes = false;

	if (!sb)
		return false;
	if (!block_io(dev, BLOCK_READ, EXT_AT, sb, EXT_AT, 0) && sb->magic == EXT_MAGIC) {
		if (!strncmp(text, "UUID=", 5))
			yes = is_uuid(sb->uuid, text + 5);
		else
			yes = strnlen(sb->label, sizeof(sb->label)) == strlen(text + 6) &&
			      !memcmp(sb->label, text + 6, strlen(text + 6));
	}
	kfree(sb);
	return yes;
}

static bool device_is_meant(struct block_device *dev, const char *name)
{
	if (!strncmp(name, "PARTUUID=", 9))
		return dev->uuid[0] && is_same_uuid(dev->uuid, name + 9);
	if (!strncmp(name, "PARTLABEL=", 10))
		return dev->part && !strcmp(dev->label, name + 10);
	return fs_is_called(dev, name);
}

/* One that is named by what is on it.  The list is not held while a disk is read. */
static struct block_device *find_by_content(const char *name)
{
	struct block_device *dev;
	uint32_t *numbers, n = 0;
	bool found = false;

	numbers = kmalloc(PAGE_SIZE);
	if (!numbers)
		return NULL;
	blocks_hold();
	for (dev = blocks_first(); dev && n < PAGE_SIZE / sizeof(*numbers); dev = blocks_next(dev))
		if (READ_ONCE(dev->sectors))
			numbers[n++] = dev->number;
	blocks_release();
	dev = NULL;
	for (uint32_t i = 0; i < n && !found; i++) {
		dev = block_find(numbers[i]);
		found = dev && device_is_meant(dev, name);
		if (dev && !found)
			block_put(dev);
	}
	kfree(numbers);
	return found ? dev : NULL;
}

/* MAJOR:MINOR, or as old loaders say it, one hexadecimal number with 8 bits of each. */
static bool parse_number(const char *s, uint32_t *number)
{
	const char *colon = strchr(s, ':');
	uint64_t major, minor;

	if (!colon) {
		if (parse_whole_u64(s, strlen(s), 16, &minor) || minor > UINT16_MAX)
			return false;
		*number = (uint32_t)dev_make((uint32_t)minor >> 8, (uint32_t)minor & 0xff);
		return true;
	}
	if (parse_whole_u64(s, (size_t)(colon - s), 10, &major) ||
	    parse_whole_u64(colon + 1, strlen(colon + 1), 10, &minor))
		return false;
	*number = (uint32_t)dev_make((uint32_t)major, (uint32_t)minor);
	return major < 4096 && minor < 1u << 20;
}

/* With a reference; NULL: there is none (yet). */
static struct block_device *find_root_device(const char *name)
{
	static const char *const by_content[] = { "PARTUUID=", "PARTLABEL=", "UUID=", "LABEL=" };
	uint32_t number;

	if (!strncmp(name, "/dev/", 5))
		return block_find_name(name + 5);
	for (size_t i = 0; i < ARRAY_SIZE(by_content); i++)
		if (!strncmp(name, by_content[i], strlen(by_content[i])))
			return find_by_content(name);
	return parse_number(name, &number) ? block_find(number) : NULL;
}

#define POLL_MS 5 /* as Linux */

static struct block_device *wait_for_device(void)
{
	struct block_device *dev;
	bool told = false;

	if (asked.delay_s)
		pr_info("Waiting %lu sec before mounting root device...\n",
			(unsigned long)asked.delay_s);
	root_sleep_ms(min(asked.delay_s, (uint64_t)UINT32_MAX) * 1000);
	while (!(dev = find_root_device(asked.name)) && asked.wait) {
		if (!told)
			pr_info("Waiting for root device %s...\n", asked.name);
		told = true;
		root_sleep_ms(POLL_MS);
	}
	return dev;
}

/* ---- the mount ---- */

static int make(const char *name, uint32_t mode, uint32_t rdev)
{
	struct inode_new what = { .mode = mode, .rdev = rdev };
	int err = vfs_make(AT_FDCWD, name, &what);

	return err == -EEXIST ? 0 : err;
}

static int find_root_place(const char *name, struct path *p)
{
	return path_lookup(AT_FDCWD, name, WALK_FOLLOW | WALK_DIRECTORY, NULL, p);
}

static int mount_on(const char *source, const char *place, const char *type, uint32_t flags,
		    const char *text)
{
	char options[WORD_MAX]; /* which mount cuts up */
	struct path on;
	int err = find_root_place(place, &on);

	if (err)
		return err;
	strlcpy(options, text, sizeof(options));
	err = vfs_mount(source, &on, type, flags, options);
	path_put(&on);
	return err;
}

/* Is @type among the comma-separated rootfstype=?  All are, if there is none. */
static bool is_asked_for(const char *type)
{
	const char *s = asked.types;
	size_t n = strlen(type);

	while (*s) {
		if (!strncmp(s, type, n) && (s[n] == ',' || !s[n]))
			return true;
		s = strchr(s, ',');
		if (!s)
			return false;
		s++;
	}
	return !asked.types[0];
}

/* Each kind in turn; what is none of it is not an error yet.  0 or the last error. */
static int mount_any(const struct fs_type **which)
{
	int err = -ENODEV;

	for (const struct fs_type *t = fs_types(); t; t = t->next) {
		if (!t->disk || !is_asked_for(t->name))
			continue;
		*which = t;
		err = mount_on(NODE, PLACE, t->name, asked.flags, asked.options);
		if (err != -EINVAL && err != -EACCES)
			break;
	}
	return err;
}

/* What Linux prints, too, when there is no root: what there would be. */
static void __attribute__((noreturn)) no_root(int err)
{
	pr_emerg("VFS: Cannot open root device \"%s\": error %d\n", asked.name, err);
	pr_emerg("Please append a correct \"root=\" boot option; here are the available "
		 "partitions:\n");
	blocks_hold();
	for (struct block_device *dev = blocks_first(); dev; dev = blocks_next(dev))
		pr_emerg("%02x%02x %10lu %s %s\n", dev_major(dev->number), dev_minor(dev->number),
			 (unsigned long)READ_ONCE(dev->sectors) / 2, dev->name, dev->uuid);
	blocks_release();
	panic("VFS: Unable to mount root fs on %s: error %d", asked.name, err);
}

/* What is mounted at PLACE is moved onto /, and is current's root from here on. */
static int move_to_root(void)
{
	struct path root, cwd;
	int err = find_root_place(PLACE, &root);

	if (err)
		return err;
	err = mount_on(PLACE, "/", NULL, MS_MOVE, "");
	if (err) {
		path_put(&root);
		return err;
	}
	cwd = root;
	path_get(&cwd);
	fs_set_root(&root);
	fs_set_cwd(&cwd);
	return 0;
}

void root_mount_disk(const char *cmdline)
{
	const struct fs_type *type = NULL;
	struct block_device *dev;
	uint32_t number;
	int err;

	read_root_words(cmdline);
	dev = wait_for_device();
	if (!dev)
		no_root(-ENXIO);
	number = dev->number;
	block_put(dev);
	err = make(PLACE, S_IFDIR | 0700, 0) ?: make(NODE, S_IFBLK | 0600, number);
	if (!err)
		err = mount_any(&type);
	if ((err == -EACCES || err == -EINVAL) && !(asked.flags & MS_RDONLY)) {
		asked.flags |= MS_RDONLY; /* a disk that cannot be written */
		err = mount_any(&type);
	}
	if (!err)
		err = move_to_root();
	if (err)
		no_root(err);
	pr_info("VFS: Mounted root (%s filesystem)%s on device %u:%u.\n", type->name,
		asked.flags & MS_RDONLY ? " readonly" : "", dev_major(number), dev_minor(number));
	err = mount_on("devtmpfs", "/dev", "devtmpfs", MS_SILENT, "");
	if (err)
		pr_warn("devtmpfs: error mounting %d\n", err);
}
