/*
 * root.c - the root file system, on a disk or a share, as Linux mounts it when no initrd does.
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
	uint64_t wait_s; /* 0: for ever */
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

/* rootwait, which is for ever; rootwait=SECONDS. */
static void take_rootwait(const struct cmdline_word *w)
{
	asked.wait = true;
	asked.wait_s = 0;
	if (w->val && (parse_whole_u64(w->val, w->val_len, 0, &asked.wait_s) ||
		       asked.wait_s > INT32_MAX / 1000)) {
		pr_warn("ignoring invalid rootwait value\n");
		asked.wait_s = 0;
	}
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
			take_rootwait(&w);
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

/*
 * Does @own, in lower case, begin with the @len characters of @typed, in either?  A beginning is
 * enough for Linux.
 */
static bool is_same_uuid(const char *own, const char *typed, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (own[i] != (typed[i] >= 'A' && typed[i] <= 'F' ? typed[i] | 0x20 : typed[i]))
			return false;
	return len > 0;
}

static bool is_uuid(const uint8_t uuid[16], const char *text)
{
	char own[37];
	size_t n = 0;

	for (int i = 0; i < 16; i++)
		n += (size_t)snprintf(own + n, sizeof(own) - n, "%s%02x",
				      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	return strlen(text) == n && is_same_uuid(own, text, n);
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

/* Of UUID[/PARTNROFF=N]. */
static size_t uuid_length(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash ? (size_t)(slash - text) : strlen(text);
}

static bool device_is_meant(struct block_device *dev, const char *name)
{
	if (!strncmp(name, "PARTUUID=", 9))
		return is_same_uuid(dev->uuid, name + 9, uuid_length(name + 9));
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

/* UUID[/PARTNROFF=N], N from the partition that is meant to another.  0, -EINVAL. */
static int parse_offset(const char *text, int64_t *offset)
{
	static const char word[] = "/PARTNROFF=";
	size_t len = uuid_length(text);
	uint64_t n = 0;
	bool minus;

	*offset = 0;
	if (!len)
		return -EINVAL;
	text += len;
	if (!*text)
		return 0;
	if (strncmp(text, word, strlen(word)))
		return -EINVAL;
	text += strlen(word);
	minus = *text == '-';
	text += minus;
	if (parse_whole_u64(text, strlen(text), 10, &n) || n > INT32_MAX)
		return -EINVAL;
	*offset = minus ? -(int64_t)n : (int64_t)n;
	return 0;
}

/* What is @offset numbers behind @dev on its disk, or NULL; @dev's reference is used up. */
static struct block_device *find_beside(struct block_device *dev, int64_t offset)
{
	struct block_device *at;

	blocks_hold();
	at = blocks_first();
	while (at && (at->disk != dev->disk || at->part != dev->part + offset))
		at = blocks_next(at);
	if (at)
		block_get(at);
	blocks_release();
	block_put(dev);
	return at;
}

/* 0; -ENODEV: there is none yet; -EINVAL: there is none ever. */
static int find_by_uuid(const char *name, struct block_device **dev)
{
	int64_t offset;
	int err = parse_offset(name + strlen("PARTUUID="), &offset);

	if (err) {
		pr_err("VFS: PARTUUID= is invalid.\n");
		return err;
	}
	*dev = find_by_content(name);
	if (!*dev)
		return -ENODEV;
	if (offset)
		*dev = find_beside(*dev, offset);
	return *dev ? 0 : -ENXIO;
}

/* Is @name (vda3, loop0p1) that of a partition of a disk that is there? */
static bool is_of_disk(const char *name)
{
	size_t n = strlen(name), digits = 0;
	struct block_device *disk;
	char whole[WORD_MAX];

	while (digits < n && name[n - digits - 1] >= '0' && name[n - digits - 1] <= '9')
		digits++;
	if (!digits)
		return false;
	n -= digits;
	if (n > 1 && name[n - 1] == 'p' && name[n - 2] >= '0' && name[n - 2] <= '9')
		n--;
	strlcpy(whole, name, min(n + 1, sizeof(whole)));
	disk = block_find_name(whole);
	if (disk)
		block_put(disk);
	return disk;
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

/*
 * 0 and *@dev with a reference; -ENODEV: it may come yet; -ENXIO: as Linux has it, it will not, its
 * disk is there; -EINVAL: nothing is called so.
 */
static int find_root_device(const char *name, struct block_device **dev)
{
	static const char *const by_content[] = { "PARTLABEL=", "UUID=", "LABEL=" };
	uint32_t number;

	if (!strncmp(name, "/dev/", 5)) {
		*dev = block_find_name(name + 5);
		return *dev ? 0 : is_of_disk(name + 5) ? -ENXIO : -ENODEV;
	}
	if (!strncmp(name, "PARTUUID=", 9))
		return find_by_uuid(name, dev);
	for (size_t i = 0; i < ARRAY_SIZE(by_content); i++)
		if (!strncmp(name, by_content[i], strlen(by_content[i]))) {
			*dev = find_by_content(name);
			return *dev ? 0 : -ENODEV;
		}
	if (!parse_number(name, &number))
		return -EINVAL;
	*dev = block_find(number);
	return *dev ? 0 : -ENXIO;
}

#define POLL_MS 5 /* as Linux */

static struct block_device *wait_for_device(void)
{
	struct block_device *dev = NULL;
	uint64_t end;
	int err;

	if (asked.delay_s)
		pr_info("Waiting %lu sec before mounting root device...\n",
			(unsigned long)asked.delay_s);
	root_sleep_ms(min(asked.delay_s, (uint64_t)UINT32_MAX) * 1000);
	err = find_root_device(asked.name, &dev);
	if (err == -EINVAL && asked.wait)
		pr_err("Disabling rootwait; root= is invalid.\n");
	if (err != -ENODEV || !asked.wait)
		return dev;
	pr_info("Waiting for root device %s...\n", asked.name);
	end = timer_now_ns() + asked.wait_s * NS_PER_S;
	while (find_root_device(asked.name, &dev) == -ENODEV &&
	       (!asked.wait_s || timer_now_ns() < end))
		root_sleep_ms(POLL_MS);
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

/* Without rootfstype= it is as if all kinds that a disk can have were named. */
static void name_all_types(void)
{
	for (const struct fs_type *t = fs_types(); t; t = t->next) {
		size_t n = strlen(asked.types);

		if (t->disk)
			snprintf(asked.types + n, WORD_MAX - n, "%s%s", n ? "," : "", t->name);
	}
}

/* The next of rootfstype='s names, which begin at *@list, to @type; false: there is none. */
static bool next_type(const char **list, char type[WORD_MAX])
{
	const char *end;
	size_t n;

	while (**list == ',')
		(*list)++;
	end = strchr(*list, ',');
	n = end ? (size_t)(end - *list) : strlen(*list);
	snprintf(type, WORD_MAX, "%.*s", (int)n, *list);
	*list += n;
	return n > 0;
}

static bool needs_device(const char *type)
{
	const struct fs_type *t = fs_types();

	while (t && strcmp(t->name, type))
		t = t->next;
	return !t || t->disk;
}

/*
 * Each kind in turn, of which @type becomes the one; what is none of it, or cannot be written, is
 * not an error yet.
 */
static int mount_any(char type[WORD_MAX])
{
	const char *s = asked.types;
	int err = -EINVAL;

	while ((err == -EINVAL || err == -EACCES) && next_type(&s, type))
		err = mount_on(NODE, PLACE, type, asked.flags, asked.options);
	return err;
}

/* What root= says is no disk's name, but may be a source: rootfstype=9p. */
static int mount_without_device(char type[WORD_MAX])
{
	const char *s = asked.types;
	int err = -ENXIO;

	while (err && next_type(&s, type))
		if (!needs_device(type) &&
		    !mount_on(asked.name, PLACE, type, asked.flags, asked.options))
			err = 0;
	return err;
}

static int mount_device(uint32_t number, char type[WORD_MAX])
{
	int err = make(NODE, S_IFBLK | 0600, number) ?: mount_any(type);

	if ((err == -EACCES || err == -EINVAL) && !(asked.flags & MS_RDONLY)) {
		asked.flags |= MS_RDONLY; /* a disk that cannot be written */
		err = mount_any(type);
	}
	return err;
}

static void tell_partitions(void)
{
	blocks_hold();
	for (struct block_device *dev = blocks_first(); dev; dev = blocks_next(dev))
		if (READ_ONCE(dev->sectors))
			pr_emerg("%s%02x%02x      %10lu %s %s\n", dev->part ? "  " : "",
				 dev_major(dev->number), dev_minor(dev->number),
				 (unsigned long)READ_ONCE(dev->sectors) / 2, dev->name, dev->uuid);
	blocks_release();
}

/* What Linux prints, too, when there is no root: what there would be. */
static void __attribute__((noreturn)) no_root(uint32_t number, int err)
{
	unsigned int major = dev_major(number), minor = dev_minor(number);

	if (err == -EINVAL || err == -EACCES) {
		pr_emerg("List of all partitions:\n");
		tell_partitions();
		pr_emerg("No filesystem could mount root, tried: %s\n", asked.types);
		panic("VFS: Unable to mount root fs on \"%s\" or unknown-block(%u,%u)", asked.name,
		      major, minor);
	}
	pr_emerg("VFS: Cannot open root device \"%s\" or unknown-block(%u,%u): error %d\n",
		 asked.name, major, minor, err);
	pr_emerg("Please append a correct \"root=\" boot option; here are the available "
		 "partitions:\n");
	tell_partitions();
	pr_emerg("List of all bdev filesystems: %s\n", asked.types);
	panic("VFS: Unable to mount root fs on unknown-block(%u,%u)", major, minor);
}

/* What is mounted at PLACE is moved onto /, and is current's root from here on. */
static int move_to_root(uint64_t *number)
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
	*number = root.dentry->inode->sb->dev;
	cwd = root;
	path_get(&cwd);
	fs_set_root(&root);
	fs_set_cwd(&cwd);
	return 0;
}

void root_mount_disk(const char *cmdline)
{
	struct block_device *dev;
	uint32_t number = 0;
	char type[WORD_MAX];
	uint64_t id;
	int err;

	read_root_words(cmdline);
	dev = wait_for_device();
	if (dev) {
		number = dev->number;
		block_put(dev);
	}
	err = make(PLACE, S_IFDIR | 0700, 0);
	if (!err && !dev)
		err = mount_without_device(type);
	if (!asked.types[0])
		name_all_types();
	if (!err && dev)
		err = mount_device(number, type);
	err = err ?: move_to_root(&id);
	if (err)
		no_root(number, err);
	pr_info("VFS: Mounted root (%s filesystem)%s on device %u:%u.\n", type,
		asked.flags & MS_RDONLY ? " readonly" : "", dev_major(id), dev_minor(id));
	err = mount_on("devtmpfs", "/dev", "devtmpfs", MS_SILENT, "");
	if (err)
		pr_warn("devtmpfs: error mounting %d\n", err);
}
