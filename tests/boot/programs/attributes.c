/*
 * attributes.c - what busybox has no programs for: attributes, lists, flags and rare calls.
 *
 *	attributes write DIR	make files in DIR, say what each call answered
 *	attributes read DIR	say what is there, whichever kernel wrote it
 *
 * Says nothing that depends on where blocks lie: two kernels can be compared by their words.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ACCESS	"system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

/* One entry of a list as setxattr(2) takes it. */
struct entry {
	uint16_t tag, perm;
	uint32_t id;
};

struct list {
	uint32_t version;
	struct entry entries[8];
};

static char big[70000];

/* A call and its answer: the error's name, which is the same in each kernel. */
static long say(const char *what, long answer)
{
	int error = errno;
	if (answer < 0)
		printf("%s: %s\n", what, strerrorname_np(error));
	else
		printf("%s: %ld\n", what, answer);
	errno = error;
	return answer;
}

#define SAY(call) say(#call, (long)(call))

static void say_mode(const char *path)
{
	struct stat st;
	if (lstat(path, &st))
		printf("%s: %s\n", path, strerrorname_np(errno));
	else
		printf("%s: mode %o links %u owner %u:%u size %lld blocks %lld device %u,%u\n",
		       path, st.st_mode, (unsigned)st.st_nlink, st.st_uid, st.st_gid,
		       (long long)st.st_size, S_ISDIR(st.st_mode) ? 0 : (long long)st.st_blocks,
		       major(st.st_rdev), minor(st.st_rdev));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All attributes of a file, by name: the order is a kernel's own. */
static void say_attributes(const char *path)
{
	static char names[70000], value[70000];
	char *sorted[300];
	size_t n = 0;
	long length = llistxattr(path, names, sizeof names);
	printf("%s: names %ld\n", path, length < 0 ? -errno : length);
	for (char *p = names; length > 0 && p < names + length && n < 300; p += strlen(p) + 1)
		sorted[n++] = p;
	qsort(sorted, n, sizeof *sorted, by_name);
	for (size_t i = 0; i < n; i++) {
		long got = lgetxattr(path, sorted[i], value, sizeof value);
		uint32_t sum = 0;
		for (long k = 0; k < got; k++)
			sum = sum * 31 + (unsigned char)value[k];
		printf("  %s %ld %08x\n", sorted[i], got < 0 ? -errno : got, sum);
	}
}

static void say_flags(const char *path)
{
	int flags = 0, fd = open(path, O_RDONLY | O_NONBLOCK);
	int got = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	printf("%s: flags %d %x\n", path, got ? -errno : 0, flags);
	close(fd);
}

static long set_flags(const char *path, int flags)
{
	int fd = open(path, O_RDONLY);
	long got = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	int error = errno;
	close(fd);
	errno = error;
	return got;
}

static void fill(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("%s: %s\n", path, strerrorname_np(errno));
	close(fd);
}

static void plain_attributes(void)
{
	char value[16];
	fill("x", "text");
	SAY(setxattr("x", "user.a", "1", 1, 0));
	SAY(setxattr("x", "user.a", "2", 1, XATTR_CREATE));
	SAY(setxattr("x", "user.b", "2", 1, XATTR_REPLACE));
	SAY(setxattr("x", "user.a", "longer than before", 18, XATTR_REPLACE));
	SAY(setxattr("x", "user.empty", "", 0, 0));
	SAY(setxattr("x", "trusted.t", "t", 1, 0));
	SAY(setxattr("x", "security.s", "s", 1, 0));
	SAY(setxattr("x", "user.", "s", 1, 0));
	SAY(setxattr("x", "nobody.s", "s", 1, 0));
	SAY(setxattr("x", "system.s", "s", 1, 0));
	SAY(getxattr("x", "user.a", value, 4));
	SAY(getxattr("x", "user.a", NULL, 0));
	SAY(getxattr("x", "user.none", value, 4));
	SAY(listxattr("x", value, 4));
	SAY(removexattr("x", "user.none"));
	SAY(symlink("x", "l"));
	SAY(lsetxattr("l", "user.l", "1", 1, 0));
	SAY(lsetxattr("l", "trusted.l", "1", 1, 0));
}

/* Sizes about a block's: in the inode, in the block of attributes, in none. */
static void large_attributes(void)
{
	static const int sizes[] = { 40,   100,	 500,  900,  960,  980,	  1000,
				     1100, 3000, 4000, 4050, 5000, 65536, 65537 };
	char name[32];
	fill("large", "");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		printf("%d ", sizes[i]);
		SAY(setxattr("large", "user.large", big, sizes[i], 0));
	}
	fill("many", "");
	int i = 0, got = 0;
	for (; i < 200 && !got; i++) {
		snprintf(name, sizeof name, "user.n%d", i);
		got = setxattr("many", name, big, 10, 0);
	}
	printf("many: %d ", i);
	say("", got);
	SAY(removexattr("many", "user.n3"));
	SAY(setxattr("many", "user.again", "again", 5, 0));
	/* The same attributes in two files share a block; one that changes gets its own. */
	for (const char *const *p = (const char *const[]){ "s1", "s2", "s3", NULL }; *p; p++) {
		fill(*p, "");
		SAY(setxattr(*p, "user.shared", big, 600, 0));
	}
	SAY(setxattr("s2", "user.shared", "own", 3, 0));
	SAY(removexattr("s3", "user.shared"));
}

static long set_list(const char *path, const char *name, const struct entry *e, size_t n)
{
	struct list l = { .version = 2 };
	memcpy(l.entries, e, n * sizeof *e);
	return setxattr(path, name, &l, 4 + n * sizeof *e, 0);
}

/* What user 1000, 1001 of group 50, and 1002 may do to a file. */
static void tries(const char *path)
{
	for (int user = 1000; user < 1003; user++) {
		fflush(stdout);
		if (!fork()) {
			if (setgid(user == 1001 ? 50 : 100) || setuid(user))
				_exit(1);
			printf("%s by %d: %d%d%d\n", path, user,
			       !faccessat(AT_FDCWD, path, R_OK, 0),
			       !faccessat(AT_FDCWD, path, W_OK, 0),
			       !faccessat(AT_FDCWD, path, X_OK, 0));
			fflush(stdout);
			_exit(0);
		}
		wait(NULL);
	}
}

static void lists(void)
{
	static const struct entry full[] = { { 1, 6, -1 }, { 2, 6, 1000 }, { 4, 4, -1 },
					     { 8, 7, 50 }, { 16, 6, -1 },  { 32, 0, -1 } };
	static const struct entry same[] = { { 1, 7, -1 }, { 4, 5, -1 }, { 32, 1, -1 } };
	static const struct entry wrong[] = {
		{ 1, 7, -1 }, { 2, 5, 1000 }, { 4, 5, -1 }, { 32, 1, -1 }
	};
	fill("acl", "text");
	SAY(set_list("acl", ACCESS, full, 6));
	say_mode("acl");
	tries("acl");
	SAY(chmod("acl", 0640));
	tries("acl");
	SAY(set_list("acl", ACCESS, wrong, 4));
	SAY(set_list("acl", DEFAULT, full, 6));
	fill("acl3", "text");
	SAY(set_list("acl3", ACCESS, same, 3));
	say_mode("acl3");
	SAY(mkdir("dd", 0755));
	SAY(set_list("dd", DEFAULT, full, 6));
	fill("dd/f", "text");
	SAY(mkdir("dd/d", 0777));
	SAY(mkdir("dd/d/e", 0700));
	SAY(mknod("dd/p", S_IFIFO | 0666, 0));
	SAY(symlink("f", "dd/l"));
	tries("dd/f");
	SAY(removexattr("dd/d", DEFAULT));
	SAY(open("dd", O_TMPFILE | O_RDWR, 0666) >= 0);
}

static void flags(void)
{
	static const int all[] = { FS_SYNC_FL,
				   FS_NODUMP_FL,
				   FS_NOATIME_FL,
				   FS_APPEND_FL,
				   FS_IMMUTABLE_FL,
				   FS_SECRM_FL,
				   FS_COMPR_FL,
				   FS_TOPDIR_FL,
				   FS_DIRSYNC_FL,
				   FS_JOURNAL_DATA_FL,
				   FS_NOTAIL_FL,
				   FS_EXTENT_FL,
				   FS_INDEX_FL,
				   FS_PROJINHERIT_FL,
				   FS_CASEFOLD_FL,
				   0x1000,
				   0 };
	SAY(mkdir("fl", 0755));
	fill("fl/f", "text");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		printf("%x ", all[i]);
		SAY(set_flags("fl/f", all[i]));
		say_flags("fl/f");
		printf("%x ", all[i]);
		SAY(set_flags("fl", all[i]));
		say_flags("fl");
		SAY(open("fl/f", O_WRONLY) >= 0);
		SAY(open("fl/f", O_WRONLY | O_APPEND) >= 0);
		SAY(chmod("fl/f", 0600));
		SAY(setxattr("fl/f", "user.x", "x", 1, 0));
		SAY(link("fl/f", "fl/g"));
		fill("fl/n", "");
		say_flags("fl/n");
		SAY(unlink("fl/g"));
		SAY(set_flags("fl/f", 0));
		SAY(set_flags("fl/n", 0));
		SAY(unlink("fl/n"));
		SAY(set_flags("fl", 0));
		SAY(unlink("fl/n"));
		SAY(unlink("fl/g"));
	}
	SAY(set_flags("fl", FS_NODUMP_FL | FS_SYNC_FL | FS_NOATIME_FL | FS_DIRSYNC_FL));
	fill("fl/inherits", "text");
	SAY(mkdir("fl/d", 0755));
	say_flags("fl/inherits");
	say_flags("fl/d");
	SAY(set_flags("fl/inherits", FS_APPEND_FL | FS_NODUMP_FL));
}

static void names(void)
{
	char from[64];
	fill("r1", "one");
	SAY(mkdir("r2", 0755));
	SAY(mkdir("r2/in", 0755));
	SAY(renameat2(AT_FDCWD, "r1", AT_FDCWD, "r2", RENAME_EXCHANGE));
	say_mode("r1");
	say_mode("r2");
	SAY(mkdir("r3", 0755));
	SAY(renameat2(AT_FDCWD, "r2", AT_FDCWD, "r1/in", RENAME_EXCHANGE));
	say_mode(".");
	say_mode("r1");
	say_mode("r1/in");
	SAY(renameat2(AT_FDCWD, "r3", AT_FDCWD, "r1/in", RENAME_NOREPLACE));
	SAY(renameat2(AT_FDCWD, "r1", AT_FDCWD, "r1/in", RENAME_EXCHANGE));
	SAY(renameat2(AT_FDCWD, "r1", AT_FDCWD, "none", RENAME_EXCHANGE));
	SAY(renameat2(AT_FDCWD, "r2", AT_FDCWD, "r5", RENAME_NOREPLACE));
	int fd = open(".", O_TMPFILE | O_RDWR, 0640);
	SAY(write(fd, "unnamed", 7));
	SAY(fsetxattr(fd, "user.tmp", "t", 1, 0));
	snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
	SAY(linkat(AT_FDCWD, from, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	SAY(linkat(fd, "", AT_FDCWD, "named2", AT_EMPTY_PATH));
	close(fd);
	fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0640);
	snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
	SAY(linkat(AT_FDCWD, from, AT_FDCWD, "never", AT_SYMLINK_FOLLOW));
	close(fd);
	SAY(mknod("c", S_IFCHR | 0600, makedev(5, 1)));
	SAY(mknod("b", S_IFBLK | 0600, makedev(4095, 1048575)));
	SAY(mknod("s", S_IFSOCK | 0600, 0));
	SAY(mknod("reg", S_IFREG | 04755, 0));
	SAY(mknod("dir", S_IFDIR | 0755, 0));
}

/* Where a file has blocks, neighbours as one, and what is said of the last. */
static void say_map(const char *path)
{
	static union {
		struct fiemap map;
		char room[sizeof(struct fiemap) + 64 * sizeof(struct fiemap_extent)];
	} u;
	int fd = open(path, O_RDONLY);
	memset(&u, 0, sizeof u);
	u.map.fm_length = FIEMAP_MAX_OFFSET;
	u.map.fm_flags = FIEMAP_FLAG_SYNC;
	u.map.fm_extent_count = 64;
	SAY(ioctl(fd, FS_IOC_FIEMAP, &u.map));
	uint64_t from = 0, end = 0;
	uint32_t flags = 0;
	for (unsigned i = 0; i < u.map.fm_mapped_extents; i++) {
		const struct fiemap_extent *e = &u.map.fm_extents[i];
		if (i && e->fe_logical != end) {
			printf("  %llu..%llu\n", (unsigned long long)from, (unsigned long long)end);
			from = e->fe_logical;
		} else if (!i) {
			from = e->fe_logical;
		}
		end = e->fe_logical + e->fe_length;
		flags = e->fe_flags;
	}
	printf("  %llu..%llu flags %x\n", (unsigned long long)from, (unsigned long long)end, flags);
	u.map.fm_flags = 0x40000000;
	SAY(ioctl(fd, FS_IOC_FIEMAP, &u.map));
	close(fd);
}

static void maps(void)
{
	int fd = open("map", O_CREAT | O_RDWR, 0644);
	SAY(pwrite(fd, big, 10000, 0));
	SAY(pwrite(fd, big, 20000, 40960));
	SAY(pwrite(fd, big, 1, 3000000));
	fsync(fd);
	close(fd);
	say_map("map");
	say_map("x");
	say_map("large");
	struct fstrim_range range = { 0, UINT64_MAX, 0 };
	fd = open(".", O_RDONLY);
	syncfs(fd);
	SAY(ioctl(fd, FITRIM, &range));
	printf("trimmed some: %d\n", range.len > 0);
	range = (struct fstrim_range){ 1ull << 40, UINT64_MAX, 0 };
	SAY(ioctl(fd, FITRIM, &range));
	range = (struct fstrim_range){ 0, 100, 0 };
	SAY(ioctl(fd, FITRIM, &range));
	close(fd);
}

/* A file's capabilities: they are taken at exec, and go when it is written. */
static void capabilities(void)
{
	static const uint32_t net_raw[5] = { 0x02000001, 1u << 13, 0, 0, 0 };
	char self[4096], *args[] = { "capabilities", "show", ".", NULL };
	static char copy[4 << 20];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n < 0 ? 0 : n] = 0;
	int in = open(self, O_RDONLY), out = open("capable", O_CREAT | O_WRONLY, 0755);
	n = read(in, copy, sizeof copy);
	if (write(out, copy, n) != n)
		printf("not copied\n");
	close(in);
	close(out);
	SAY(setxattr("capable", "security.capability", net_raw, 20, 0));
	SAY(setxattr("capable", "security.capability", net_raw, 19, 0));
	fflush(stdout);
	if (!fork()) {
		if (setgid(1000) || setuid(1000))
			_exit(1);
		execv("capable", args);
		printf("exec: %s\n", strerrorname_np(errno));
		fflush(stdout);
		_exit(1);
	}
	wait(NULL);
	fill("capable2", "x");
	SAY(setxattr("capable2", "security.capability", net_raw, 20, 0));
	fill("capable2", "written");
	SAY(getxattr("capable2", "security.capability", NULL, 0));
	SAY(setxattr("capable2", "security.capability", net_raw, 20, 0));
	SAY(chown("capable2", 1, 1));
	SAY(getxattr("capable2", "security.capability", NULL, 0));
}

static int show(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, "CapPrm", 6) || !strncmp(line, "CapEff", 6))
			fputs(line, stdout);
	return 0;
}

static void read_all(void)
{
	static const char *const files[] = {
		".",	       "x",	"l",	"large", "many",   "s1",   "s2",   "s3",  "acl",
		"acl3",	       "dd",	"dd/f", "dd/d",	 "dd/d/e", "dd/p", "dd/l", "fl",  "fl/f",
		"fl/inherits", "fl/d",	"r1",	"r1/in", "r2",	   "r3",   "r4",   "r5",  "named",
		"named2",      "never", "c",	"b",	 "s",	   "reg",  "dir",  "map", "capable2"
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct stat st;
		say_mode(files[i]);
		say_attributes(files[i]);
		if (!lstat(files[i], &st) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
			say_flags(files[i]);
	}
	say_map("map");
	tries("acl");
	tries("dd/f");
}

int main(int argc, char **argv)
{
	if (argc != 3 || chdir(argv[2]))
		return 2;
	if (!strcmp(argv[1], "show"))
		return show();
	if (!strcmp(argv[1], "read")) {
		read_all();
		return 0;
	}
	umask(022);
	memset(big, 'b', sizeof big);
	plain_attributes();
	large_attributes();
	lists();
	flags();
	names();
	maps();
	capabilities();
	return 0;
}
