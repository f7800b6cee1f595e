/*
 * test_fat.c - FAT on a disk in memory: names as Linux makes them, each day that a date can say,
 * options, long chains found from anywhere, and all clusters back in the end.
 */
#include "unit.h"
#include "disk_shim.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "fs/cache.h"
#include "fs/fat/names.h"
#include "fs/fat/options.h"
#include "fs/fat/super.h"
#include "fs/fat/time.h"
#include "fs/icache.h"
#include "lib/string.h"

static const struct fat_options mixed = { .shortname = SHORT_MIXED, .utf8 = true, .numtail = true };

/* What Linux 6.12 has made of these names on a disk, with ~1 where it is the first. */
static const struct {
	const char *name, *shortened;
	bool lone;
} names[] = {
	{ "A.TXT", "A       TXT", true },
	{ "lower.txt", "LOWER   TXT", false },
	{ "a b", "AB~1       ", false },
	{ "a.b.c", "AB~1    C  ", false },
	{ "longer than eight.text", "LONGER~1TEX", false },
	{ ".hidden", "HIDDEN~1   ", false },
	{ "...three", "THREE~1    ", false },
	{ "trail.", "TRAIL      ", false },
	{ " lead", "LEAD~1     ", false },
	{ "pl+us", "PL_US~1    ", false },
	{ "com,ma.x;y", "COM_MA~1X_Y", false },
	{ "eq=al[1]", "EQ_AL_~1   ", false },
	{ "\xc3\xa9", "\x90          ", false },
	{ "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.txt", "___~1   TXT", false },
	{ "emoji\xf0\x9f\x98\x80.x", "EMOJI_~1X  ", false },
	{ "name.toolongext", "NAME~1  TOO", false },
	{ "NINE99999", "NINE99~1   ", false },
	{ "~1", "~1         ", true },
};

static void test_short_names(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct name n = shim_name(names[i].name, strlen(names[i].name));
		uint8_t made[FAT_NAME];
		struct fat_units u;
		struct fat_short s;

		assert_int_equal(fat_units_from(&mixed, &n, &u), 0);
		assert_int_equal(fat_shorten(&mixed, &u, &s), 0);
		memcpy(made, s.name, FAT_NAME);
		if (!s.whole)
			fat_short_tail(&s, 1, made);
		assert_memory_equal(made, names[i].shortened, FAT_NAME);
		assert_int_equal(s.lone, names[i].lone);
		assert_true(fat_same(&mixed, &u, &n));
	}
}

static void test_refused_names(void **state)
{
	static const char *const bad[] = { "a?",    "a*b",  "a:b",  "sp ",
					   "a\x01", "\xff", "\xc3", "\xed\xa0\x80" };
	struct fat_units u;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct name n = shim_name(bad[i], strlen(bad[i]));

		assert_int_equal(fat_units_from(&mixed, &n, &u), -EINVAL);
	}
}

static void test_every_day(void **state)
{
	static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const struct fat_options utc = { .zone_set = true };
	int64_t sec = 315532800;

	for (uint32_t year = 0; year < 128; year++) {
		for (uint32_t month = 1; month <= 12; month++) {
			uint32_t leap = month == 2 && year % 4 == 0 && year != 120;

			for (uint32_t day = 1; day <= lengths[month - 1] + leap; day++) {
				uint16_t date = (uint16_t)(year << 9 | month << 5 | day), d, t;
				struct vfs_time at = fat_time_from(&utc, date, 0, 0);
				uint8_t cs;

				assert_int_equal(at.sec, sec);
				at.sec += 86399;
				fat_time_to(&utc, at, &d, &t, &cs);
				assert_int_equal(d, date);
				assert_int_equal(t, 23 << 11 | 59 << 5 | 29);
				assert_int_equal(cs, 100);
				sec += 86400;
			}
		}
	}
}

static const struct disk_fs *fat;

void fs_register(struct fs_type *type)
{
	fat = type->disk;
}

/* A FAT32 of 32 MiB with clusters of a sector. */
static struct superblock *mount_empty(void)
{
	static uint8_t boot[512 * 2 + 512];
	struct superblock *sb;

	memset(boot, 0, sizeof(boot));
	memcpy(boot + 11, "\0\2\1\2\0\1\0\0\0\0\xf8\0\0", 13);
	memcpy(boot + 32, "\0\0\1\0\0\2\0\0\0\0\0\0\2\0\0\0", 16); /* 65536 sectors, FAT of 512 */
	memcpy(boot + 1024 + 8, "\xff\xff\xff\x0f", 4);		   /* the root's cluster */
	shim_disk_start(boot, sizeof(boot), 32 << 20);
	shim_type = "vfat";
	assert_int_equal(shim_mount(fat, "errors=continue", 0, &sb), 0);
	return sb;
}

static struct inode *make_file(struct inode *dir, const char *s)
{
	struct name name = shim_name(s, strlen(s));
	struct inode_new what = { .mode = S_IFREG | 0644 };
	struct inode *inode = dir->ops->make(dir, &name, &what);

	assert_false(is_err(inode));
	return inode;
}

static void test_chains(void **state)
{
	struct superblock *sb = mount_empty();
	struct inode *root = inode_obtain(sb, sb->root_ino), *file[2];
	struct name name = shim_name("one", 3);
	struct vfs_statfs before, after;
	struct cache_extent e;

	assert_int_equal(sb->statfs(sb, &before), 0);
	file[0] = make_file(root, "one");
	file[1] = make_file(root, "The other one");
	/* Both grow in turn: the clusters of neither lie side by side. */
	for (uint64_t n = 1; n <= 3000; n++)
		for (int i = 0; i < 2; i++)
			assert_int_equal(file[i]->ops->truncate(file[i], n * 512), 0);
	for (int i = 0; i < 3000; i++) {
		uint64_t n = random_below(3000);
		struct file_cache *c = file[n % 2]->cache;

		assert_int_equal(c->ops->map(c, n * 512 + 7, 1, MAP_READ, &e), 0);
		assert_int_equal(e.at, n * 512);
		assert_int_equal(e.len, 512);
	}
	for (uint64_t n = 3000; n; n -= 60)
		assert_int_equal(file[1]->ops->truncate(file[1], n * 512), 0);
	assert_int_equal(file[0]->ops->truncate(file[0], 100 << 20), -ENOSPC);
	assert_int_equal(inode_size(file[0]), 3000 * 512);
	/* In several stretches, from and to the middle of a cluster. */
	assert_int_equal(file[0]->ops->truncate(file[0], 3000 * 512 - 300), 0);
	assert_int_equal(file[0]->ops->truncate(file[0], (9 << 20) + 77), 0);
	assert_int_equal(file[0]->ops->allocate(file[0], FALLOC_FL_KEEP_SIZE, 0, 20 << 20), 0);
	assert_int_equal(inode_size(file[0]), (9 << 20) + 77);
	assert_int_equal(file[0]->cache->ops->map(file[0]->cache, 9 << 20, 1, MAP_READ, &e), 0);
	assert_int_equal(e.flags, 0);
	assert_int_equal(file[0]->ops->allocate(file[0], FALLOC_FL_KEEP_SIZE, 0, 40 << 20),
			 -ENOSPC);
	assert_int_equal(root->ops->remove(root, &name, file[0]), 0);
	inode_put(file[0]);
	name = shim_name("the OTHER one", 13);
	assert_ptr_equal(root->ops->lookup(root, &name), file[1]);
	inode_put(file[1]);
	assert_int_equal(root->ops->remove(root, &name, file[1]), 0);
	inode_put(file[1]);
	assert_int_equal(sb->statfs(sb, &after), 0);
	assert_int_equal(after.bfree, before.bfree);
	inode_put(root);
	shim_unmount(sb);
	shim_disk_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_names),
		cmocka_unit_test(test_refused_names),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_chains),
	};

	fat_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
