/*
 * shortage.c - what one user does to the page cache must not be at the others' expense.
 *
 *	shortage DIR
 *
 * In DIR, on a disk, in a machine with 64 MiB: a sparse file is said to be needed
 * as a whole; a file that many mappings show is written; a mapping larger than memory is stored to;
 * more names are looked up than memory holds, while files are read.  Nothing fails, nothing takes
 * long, and nothing takes all memory.  Ends with "shortage: well".
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define MIB  (1 << 20)

static int file_of(const char *name, off_t size)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	if (fd < 0 || ftruncate(fd, size))
		err(1, "%s", name);
	return fd;
}

static char *map(int fd, size_t len)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

static long free_kib(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = -1;

	while (f && kib < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "MemFree: %ld", &kib);
	if (f)
		fclose(f);
	return kib;
}

static void need_all(void)
{
	int fd = file_of("sparse", INT64_C(8) << 30);
	long before = free_kib(), after;

	if (posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED) || readahead(fd, 0, SIZE_MAX >> 1))
		err(1, "advice");
	after = free_kib();
	if (before - after > 8 << 10)
		errx(1, "advice took %ld KiB", before - after);
	close(fd);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void map_often(void)
{
	int fd = file_of("often", 16 * MIB);
	char *p = map(fd, 16 * MIB);
	double start;

	/* Every other page of it is another mapping. */
	for (int i = 0; i < 10000; i++)
		if (mprotect(map(fd, 2 * PAGE), PAGE, PROT_READ))
			err(1, "mprotect");
	for (size_t at = 0; at < 16 * MIB; at += PAGE)
		p[at] = 1;
	start = now();
	if (msync(p, 16 * MIB, MS_SYNC))
		err(1, "msync");
	if (now() - start > 5)
		errx(1, "msync took %.1f s", now() - start);
	close(fd);
}

static void store_much(void)
{
	int fd = file_of("much", 64 * MIB);
	char *p = map(fd, 64 * MIB);

	for (size_t at = 0; at < 64 * MIB; at += PAGE)
		p[at] = (char)(at >> 12);
	for (size_t at = 0; at < 64 * MIB; at += 64 * PAGE)
		if (p[at] != (char)(at >> 12))
			errx(1, "byte %zu is %d", at, p[at]);
	munmap(p, 64 * MIB);
	close(fd);
}

static void look_up(unsigned int names)
{
	static char buffer[MIB];
	int fd = open("much", O_RDONLY);
	struct stat st;
	char name[200];

	for (unsigned int i = 0; i < names; i++) {
		memset(name, 'x', sizeof(name));
		snprintf(name + 180, 20, "%u", i);
		if (!stat(name, &st))
			errx(1, "%s is there", name);
		if (!(i % 1024) && pread(fd, buffer, MIB, (off_t)(i / 1024 % 64) * MIB) != MIB)
			err(1, "read after %u names", i);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]))
		err(2, "shortage DIR");
	need_all();
	puts("needed");
	map_often();
	puts("mapped");
	store_much();
	puts("stored");
	look_up(80000);
	puts("shortage: well");
	return 0;
}
