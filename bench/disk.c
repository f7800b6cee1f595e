/*
 * disk.c - the disk rows of `make bench`: one program, process 1, on Newel and on Linux alike.
 *
 * /dev/vda is an ext2 image that bench/disk.py has made: data (64 MiB) and tree/ (2,000 small files
 * in 200 directories).  Each row runs five times between the two hints that bench/elcount.c counts
 * between, with the file system mounted anew before those that are to find nothing in memory; its
 * name, the number of operations, and the disk's own count of requests and interrupts are printed.
 * Plain Linux ABI: static, glibc.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS	  5
#define CHUNK	  (64u << 10)
#define FILE_SIZE (64u << 20)
#define RANDOM	  2000u
#define FILES	  10000u

static char *chunk;

static void die(const char *what)
{
	printf("disk: %s: error %d\n", what, errno);
	fflush(stdout);
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void start_count(void)
{
	__asm__ volatile("hint #0x50" ::: "memory");
}

static void stop_count(void)
{
	__asm__ volatile("hint #0x51" ::: "memory");
}

static void mount_disk(void)
{
	if (mount("/dev/vda", "/mnt", "ext2", 0, NULL))
		die("mount");
}

static void mount_anew(void)
{
	if (umount("/mnt"))
		die("umount");
	mount_disk();
}

/* Requests that the disk has ended so far: reads and writes of /proc/diskstats. */
static unsigned long requests(void)
{
	char line[256];
	unsigned long reads = 0, writes = 0;
	FILE *f = fopen("/proc/diskstats", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " %*u %*u vda %lu %*u %*u %*u %lu", &reads, &writes) == 2)
			break;
	if (f)
		fclose(f);
	return reads + writes;
}

/* Interrupts of the disk so far, on core 0. */
static unsigned long interrupts(void)
{
	char line[512];
	unsigned long n, sum = 0;
	FILE *f = fopen("/proc/interrupts", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "virtio") && sscanf(line, " %*[^:]: %lu", &n) == 1)
			sum += n;
	if (f)
		fclose(f);
	return sum;
}

/* ---- what is measured ---- */

static int open_data(int flags)
{
	int fd = open("/mnt/data", flags);

	if (fd < 0)
		die("data");
	return fd;
}

static void read_all(void)
{
	int fd = open_data(O_RDONLY);
	ssize_t n;

	while ((n = read(fd, chunk, CHUNK)) > 0)
		;
	if (n < 0)
		die("read");
	close(fd);
}

static void write_all(void)
{
	int fd = open("/mnt/out", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		die("out");
	for (unsigned int at = 0; at < FILE_SIZE; at += CHUNK)
		if (write(fd, chunk, CHUNK) != CHUNK)
			die("write");
	if (fsync(fd))
		die("fsync");
	close(fd);
}

/* The same places each time: a linear congruence over the file's pages. */
static void read_random(void)
{
	int fd = open_data(O_RDONLY);
	unsigned int page = 1;

	for (unsigned int i = 0; i < RANDOM; i++) {
		page = (page * 5 + 4099) % (FILE_SIZE >> 12);
		if (pread(fd, chunk, 4096, (off_t)page << 12) != 4096)
			die("pread");
	}
	close(fd);
}

static void map_all(void)
{
	int fd = open_data(O_RDONLY);
	const volatile char *p = mmap(NULL, FILE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	for (unsigned int at = 0; at < FILE_SIZE; at += 4096)
		(void)p[at];
	munmap((void *)p, FILE_SIZE);
	close(fd);
}

static void name_file(char *name, unsigned int i)
{
	sprintf(name, "/mnt/many/file%05u", i);
}

static void create_all(void)
{
	char name[64];

	for (unsigned int i = 0; i < FILES; i++) {
		int fd;

		name_file(name, i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
		if (fd < 0)
			die("create");
		close(fd);
	}
}

static void unlink_all(void)
{
	char name[64];

	for (unsigned int i = 0; i < FILES; i++) {
		name_file(name, i);
		if (unlink(name))
			die("unlink");
	}
}

/* find: every name below @path, with lstat; tar: and its contents to @out. */
static unsigned int walk_tree(const char *path, int out)
{
	DIR *d = opendir(path);
	unsigned int n = 0;
	struct dirent *e;
	struct stat st;
	char name[512];

	if (!d)
		die(path);
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (lstat(name, &st))
			die(name);
		n++;
		if (S_ISDIR(st.st_mode)) {
			n += walk_tree(name, out);
		} else if (out >= 0) {
			int fd = open(name, O_RDONLY);
			ssize_t got;

			while ((got = read(fd, chunk, CHUNK)) > 0)
				if (write(out, chunk, (size_t)got) != got)
					die("tar");
			close(fd);
		}
	}
	closedir(d);
	return n;
}

static void find_all(void)
{
	if (walk_tree("/mnt/tree", -1) < 2000)
		die("find");
}

static void tar_all(void)
{
	int out = open("/mnt/tar", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (out < 0 || walk_tree("/mnt/tree", out) < 2000 || fsync(out))
		die("tar");
	close(out);
}

/* ---- rows ---- */

static const struct row {
	const char *name;
	void (*run)(void);
	void (*before)(void), (*after)(void);
	unsigned int ops;
} rows[] = {
	{ "disk_read_64m", read_all, mount_anew, NULL, FILE_SIZE >> 12 },
	{ "disk_read_64m_cached", read_all, NULL, NULL, FILE_SIZE >> 12 },
	{ "disk_pread_4k", read_random, mount_anew, NULL, RANDOM },
	{ "disk_pread_4k_cached", read_random, NULL, NULL, RANDOM },
	{ "disk_mmap_64m", map_all, mount_anew, NULL, FILE_SIZE >> 12 },
	{ "disk_write_64m_fsync", write_all, mount_anew, NULL, FILE_SIZE >> 12 },
	{ "disk_create_10000", create_all, mount_anew, unlink_all, FILES },
	{ "disk_unlink_10000", unlink_all, create_all, NULL, FILES },
	{ "disk_find_2200", find_all, mount_anew, NULL, 2200 },
	{ "disk_tar_2000", tar_all, mount_anew, NULL, 2000 },
};

static void load(const char *module)
{
	int fd = open(module, O_RDONLY);

	/* ENOEXEC: Newel's, for what is not one of its own; it has the driver. */
	if (fd >= 0 && syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST && errno != ENOEXEC)
		die(module);
	close(fd);
}

int main(int argc, char **argv)
{
	mkdir("/dev", 0755);
	mkdir("/mnt", 0755);
	mkdir("/proc", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	load("/modules/virtio_blk.ko");
	chunk = malloc(CHUNK);
	memset(chunk, 'x', CHUNK);
	mount_disk();
	if (mkdir("/mnt/many", 0755) && errno != EEXIST)
		die("many");
	for (const struct row *r = rows; r < rows + sizeof(rows) / sizeof(*rows); r++) {
		if (argc > 1 && !strstr(r->name, argv[1]))
			continue;
		for (int i = 0; i < ROUNDS; i++) {
			unsigned long rq, irq;

			if (r->before)
				r->before();
			sync();
			rq = requests();
			irq = interrupts();
			start_count();
			r->run();
			stop_count();
			printf("%s: ops %u requests %lu interrupts %lu\n", r->name, r->ops,
			       requests() - rq, interrupts() - irq);
			if (r->after)
				r->after();
		}
	}
	printf("disk: end\n");
	fflush(stdout);
	umount("/mnt");
	reboot(RB_POWER_OFF);
	return 0;
}
