/*
 * paging.c - more memory than there is RAM: test_disk_swap.py.
 *
 *	paging fill MIB N		N processes fill MIB in all, change and compare each page
 *	paging fork MIB			a child and its parent change what they share, and compare
 *	paging moved MIB		mremap, mprotect, madvise and munmap of pages that are out
 *	paging shared MIB		the same for shared memory, which two processes have
 *	paging file FILE MIB		... and for a file, read and written and mapped
 *	paging hold MIB FILE		fills, makes FILE, waits until that has gone, and compares
 *	paging locked MIB MIB		locks the first, fills the second: what is locked stays in
 *	paging lost MIB FILE		as hold, but says how many pages are SIGBUS
 *	paging pageout FILE		MADV_PAGEOUT and MADV_COLD: what goes, and what stays
 *	paging mapped FILE		stores to a file that is mapped, and made a swap area
 *	paging on FILE FLAGS, off FILE	swapon(2), swapoff(2): what each says
 *	paging headers FILE		swapon of FILE with damaged headers
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096UL
#define WORDS (PAGE / 8)

static size_t bad;

static uint64_t word(uint64_t seed, size_t page, size_t i)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15 + page * 0xbf58476d1ce4e5b9 + i;

	x ^= x >> 31;
	return x * 0x94d049bb133111eb;
}

static void fill_page(uint64_t *p, uint64_t seed, size_t page)
{
	for (size_t i = 0; i < WORDS; i += 16)
		p[i] = word(seed, page, i);
	p[WORDS - 1] = word(seed, page, WORDS - 1);
}

static int page_is(const uint64_t *p, uint64_t seed, size_t page)
{
	for (size_t i = 0; i < WORDS; i += 16)
		if (p[i] != word(seed, page, i))
			return 0;
	return p[WORDS - 1] == word(seed, page, WORDS - 1) && !p[1];
}

static void check(const char *mem, size_t from, size_t to, uint64_t seed)
{
	for (size_t i = from; i < to; i++)
		if (!page_is((const uint64_t *)(mem + i * PAGE), seed, i) && bad++ < 5)
			printf("page %zu is wrong\n", i);
}

static void fill(char *mem, size_t from, size_t to, uint64_t seed)
{
	for (size_t i = from; i < to; i++)
		fill_page((uint64_t *)(mem + i * PAGE), seed, i);
}

static char *map(size_t pages, int how)
{
	char *mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return mem;
}

static size_t pages_of(const char *mib)
{
	return strtoul(mib, NULL, 10) << 8;
}

static void say(const char *what, long r)
{
	printf("%s: %s\n", what, r < 0 ? strerrorname_np(errno) : "ok");
	fflush(stdout);
}

static int end(const char *what)
{
	printf("%s: %s\n", what, bad ? "wrong" : "ok");
	return bad != 0;
}

/* All children must end well. */
static void reap(int n)
{
	int status;

	while (n--)
		if (wait(&status) < 0 || status) {
			printf("a child ended with %#x\n", status);
			bad++;
		}
}

static int fill_one(size_t pages, uint64_t seed)
{
	char *mem = map(pages, MAP_PRIVATE);

	fill(mem, 0, pages, seed);
	check(mem, 0, pages, seed);
	for (size_t i = 0; i < pages; i += 3)
		fill_page((uint64_t *)(mem + i * PAGE), seed + 100, i);
	for (size_t i = 0; i < pages; i++)
		check(mem, i, i + 1, i % 3 ? seed : seed + 100);
	return bad != 0;
}

static int fill_all(size_t pages, int n)
{
	for (int i = 0; i < n; i++)
		if (!fork())
			_exit(fill_one(pages / (size_t)n, (uint64_t)i + 1));
	reap(n);
	return end("fill");
}

static int fork_all(size_t pages)
{
	char *mem = map(pages, MAP_PRIVATE);

	fill(mem, 0, pages, 1);
	if (!fork()) {
		check(mem, 0, pages, 1);
		fill(mem, 0, pages / 2, 2);
		if (!fork()) { /* what is out is copied once more */
			fill(mem, pages / 4, pages / 2, 3);
			check(mem, 0, pages / 4, 2);
			check(mem, pages / 4, pages / 2, 3);
			_exit(bad != 0);
		}
		reap(1);
		check(mem, 0, pages / 2, 2);
		check(mem, pages / 2, pages, 1);
		_exit(bad != 0);
	}
	check(mem, pages / 2, pages, 1);
	fill(mem, pages / 2, pages, 4);
	reap(1);
	check(mem, 0, pages / 2, 1);
	check(mem, pages / 2, pages, 4);
	return end("fork");
}

static int move_all(size_t pages)
{
	char *mem = map(pages, MAP_PRIVATE), *to = map(pages, MAP_PRIVATE), *at;
	uint64_t buf[WORDS];
	int ends[2];

	munmap(to, pages * PAGE);
	fill(mem, 0, pages, 1);
	at = mremap(mem, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (at != to)
		bad++;
	say("mprotect", mprotect(to, pages * PAGE, PROT_READ));
	check(to, 0, pages / 8, 1);
	/* The kernel's copy of what is out brings it in and goes on. */
	if (pipe(ends))
		bad++;
	for (size_t i = 0; i < pages; i += 64)
		if (write(ends[1], to + i * PAGE, PAGE) != (ssize_t)PAGE ||
		    read(ends[0], buf, PAGE) != (ssize_t)PAGE || !page_is(buf, 1, i))
			bad++;
	say("mprotect", mprotect(to, pages * PAGE, PROT_NONE));
	say("mprotect", mprotect(to, pages * PAGE, PROT_READ | PROT_WRITE));
	for (size_t i = 0; i < pages; i += 4) {
		if (madvise(to + i * PAGE, PAGE, MADV_DONTNEED) || to[i * PAGE])
			bad++;
		if (munmap(to + (i + 1) * PAGE, PAGE))
			bad++;
	}
	for (size_t i = 0; i < pages; i++)
		if (i % 4 > 1)
			check(to, i, i + 1, 1);
	return end("moved");
}

static int share_all(size_t pages)
{
	char *mem = map(pages, MAP_SHARED);

	fill(mem, 0, pages, 1);
	if (!fork()) {
		check(mem, 0, pages, 1);
		fill(mem, 0, pages / 2, 2);
		_exit(bad != 0);
	}
	check(mem, pages / 2, pages, 1);
	reap(1);
	check(mem, 0, pages / 2, 2);
	check(mem, pages / 2, pages, 1);
	return end("shared");
}

static int file_all(const char *path, size_t pages)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	static uint64_t buf[WORDS];
	char *mem;

	for (size_t i = 0; i < pages; i++) {
		fill_page(buf, 1, i);
		if (write(fd, buf, PAGE) != (ssize_t)PAGE)
			bad++;
	}
	for (size_t i = 0; i < pages; i++)
		if (pread(fd, buf, PAGE, (off_t)(i * PAGE)) != (ssize_t)PAGE || !page_is(buf, 1, i))
			bad++;
	mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(mem, 0, pages, 1);
	fill(mem, 0, pages / 2, 2);
	check(mem, 0, pages / 2, 2);
	check(mem, pages / 2, pages, 1);
	if (ftruncate(fd, (off_t)(pages / 2 * PAGE)) || ftruncate(fd, (off_t)(pages * PAGE)))
		bad++;
	check(mem, 0, pages / 2, 2);
	for (size_t i = pages / 2; i < pages; i += 16)
		bad += mem[i * PAGE] != 0;
	return end("file");
}

/* Until the test takes the file away. */
static void wait_for(const char *path)
{
	close(open(path, O_CREAT | O_WRONLY, 0600));
	while (!access(path, F_OK))
		usleep(20000);
}

static int hold(size_t pages, const char *path)
{
	char *mem = map(pages, MAP_PRIVATE);

	fill(mem, 0, pages, 1);
	wait_for(path);
	check(mem, 0, pages, 1);
	return end("hold");
}

/* How many of @pages pages are in memory. */
static size_t in_memory(char *mem, size_t pages)
{
	unsigned char *in = malloc(pages);
	size_t there = 0;

	mincore(mem, pages * PAGE, in);
	for (size_t i = 0; i < pages; i++)
		there += in[i] & 1;
	free(in);
	return there;
}

static int lock(size_t locked, size_t pages)
{
	char *mem = map(locked, MAP_PRIVATE), *rest;

	fill(mem, 0, locked, 1);
	say("mlock", mlock(mem, locked * PAGE));
	rest = map(pages, MAP_PRIVATE);
	fill(rest, 0, pages, 2);
	printf("in memory: %s\n", in_memory(mem, locked) == locked ? "all" : "not all");
	check(rest, 0, pages, 2);
	return end("locked");
}

/* The number behind @what in the file @path, kB in pages. */
static size_t number_in(const char *path, const char *what)
{
	FILE *f = fopen(path, "r");
	unsigned long kb = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, what, strlen(what)))
			kb = strtoul(line + strlen(what), NULL, 10);
	if (f)
		fclose(f);
	return kb / 4;
}

static size_t own_swapped(char *mem, size_t pages)
{
	(void)mem, (void)pages;
	return number_in("/proc/self/status", "VmSwap:");
}

static size_t all_swapped(char *mem, size_t pages)
{
	(void)mem, (void)pages;
	return number_in("/proc/meminfo", "SwapTotal:") - number_in("/proc/meminfo", "SwapFree:");
}

static size_t not_in_memory(char *mem, size_t pages)
{
	return pages - in_memory(mem, pages);
}

static void push_out(const char *what, char *mem, size_t pages, int advice,
		     size_t (*count)(char *mem, size_t pages))
{
	size_t before = count(mem, pages), went;
	long r = madvise(mem, pages * PAGE, advice);

	went = count(mem, pages) - before;
	printf("%s: %s, ", what, r < 0 ? strerrorname_np(errno) : "ok");
	/* Linux may leave some that it finds busy. */
	printf("%s\n", went > pages - pages / 8 ? "goes" : !went ? "stays" : "some go");
	fflush(stdout);
}

static int page_out(const char *path)
{
	size_t pages = 1024;
	char *mem = map(pages, MAP_PRIVATE), *file;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];

	if (pipe(ends) || ftruncate(fd, (off_t)(pages * PAGE)))
		return 1;
	fill(mem, 0, pages, 1);
	push_out("cold", mem, pages, MADV_COLD, own_swapped);
	push_out("private", mem, pages, MADV_PAGEOUT, own_swapped);
	check(mem, 0, pages, 1);
	push_out("half", mem + pages / 2 * PAGE, pages / 2, MADV_PAGEOUT, own_swapped);
	push_out("the other", mem, pages / 2, MADV_COLD, own_swapped);
	check(mem, 0, pages, 1);
	if (!fork()) {
		close(ends[1]);
		(void)!read(ends[0], &fd, 1);
		check(mem, 0, pages, 1);
		_exit(bad != 0);
	}
	push_out("a child has it", mem, pages, MADV_PAGEOUT, own_swapped);
	close(ends[1]);
	reap(1);
	check(mem, 0, pages, 1);
	mem = map(pages, MAP_SHARED);
	fill(mem, 0, pages, 2);
	push_out("shared", mem, pages, MADV_PAGEOUT, all_swapped);
	check(mem, 0, pages, 2);
	file = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fill(file, 0, pages, 3);
	msync(file, pages * PAGE, MS_SYNC);
	push_out("a file", file, pages, MADV_PAGEOUT, not_in_memory);
	check(file, 0, pages, 3);
	return end("pageout");
}

static sigjmp_buf out;

static void on_bus(int sig)
{
	siglongjmp(out, sig);
}

static int lose(size_t pages, const char *path)
{
	char *mem = map(pages, MAP_PRIVATE);
	volatile size_t lost = 0;
	int fds[2];

	signal(SIGBUS, on_bus);
	fill(mem, 0, pages, 1);
	wait_for(path);
	if (pipe(fds))
		return 1;
	for (volatile size_t i = 0; i < pages; i++) {
		char *p = mem + i * PAGE;

		if (!sigsetjmp(out, 1)) {
			check(mem, i, i + 1, 1);
			continue;
		}
		lost++;
		/* ... and to a call it is an address that is none. */
		if (write(fds[1], p, 8) >= 0 || errno != EFAULT)
			bad++;
	}
	printf("lost: %s\n", lost ? "some" : "none");
	return end("lost");
}

static int store_mapped(const char *path)
{
	int fd = open(path, O_RDWR);
	volatile char *mem = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	signal(SIGBUS, on_bus);
	mem[PAGE] = mem[2 * PAGE]; /* one may be stored to, one read, one has not come */
	say("swapon", swapon(path, 0));
	for (volatile size_t i = 1; i < 4; i++)
		if (!sigsetjmp(out, 1)) {
			mem[i * PAGE] = 1;
			printf("page %zu is stored to\n", i);
			bad++;
		}
	say("swapoff", swapoff(path));
	mem[PAGE] = 1;
	return end("mapped");
}

/* ---- headers ---- */

struct header {
	char boot[1024];
	uint32_t version, last_page, nr_bad;
	char uuid[16], volume[16];
	uint32_t padding[117], bad[637];
	char unused[2], magic[10];
};

static void try_header(const char *path, const char *what, const struct header *h)
{
	int fd = open(path, O_WRONLY);
	long r;

	if (pwrite(fd, h, sizeof(*h), 0) != (ssize_t)sizeof(*h))
		perror("write");
	fsync(fd);
	close(fd);
	r = swapon(path, 0);
	say(what, r);
	if (!r && swapoff(path))
		perror("swapoff");
}

static void try_number(const char *path, const char *what, const struct header *good,
		       uint32_t version, uint32_t last, uint32_t nr_bad, uint32_t first_bad)
{
	struct header h = *good;

	h.version = version;
	h.last_page = last;
	h.nr_bad = nr_bad;
	h.bad[0] = first_bad;
	try_header(path, what, &h);
}

static int headers(const char *path)
{
	static struct header good;
	struct header h;
	uint32_t last;
	off_t size;
	int fd = open(path, O_RDONLY);

	size = lseek(fd, 0, SEEK_END);
	close(fd);
	last = (uint32_t)(size / (off_t)PAGE) - 1;
	memcpy(good.magic, "SWAPSPACE2", 10);
	try_number(path, "good", &good, 1, last, 0, 0);
	try_number(path, "shorter", &good, 1, 9, 0, 0);
	try_number(path, "one page", &good, 1, 1, 0, 0);
	try_number(path, "no page", &good, 1, 0, 0, 0);
	try_number(path, "longer", &good, 1, last + 1, 0, 0);
	try_number(path, "the longest", &good, 1, UINT32_MAX, 0, 0);
	try_number(path, "version 0", &good, 0, last, 0, 0);
	try_number(path, "version 2", &good, 2, last, 0, 0);
	try_number(path, "the other order", &good, __builtin_bswap32(1), __builtin_bswap32(last), 0,
		   0);
	try_number(path, "a bad page", &good, 1, last, 1, 3);
	try_number(path, "bad page 0", &good, 1, last, 1, 0);
	try_number(path, "a bad page behind the end", &good, 1, last, 1, last + 1);
	try_number(path, "a bad page far away", &good, 1, last, 1, UINT32_MAX);
	try_number(path, "all pages bad", &good, 1, 1, 1, 1);
	try_number(path, "637 bad pages", &good, 1, last, 637, 1);
	try_number(path, "638 bad pages", &good, 1, last, 638, 1);
	try_number(path, "very many bad pages", &good, 1, last, UINT32_MAX, 1);
	h = good;
	memcpy(h.magic, "SWAP-SPACE", 10);
	try_header(path, "the old magic", &h);
	memset(&h, 0xff, sizeof(h));
	try_header(path, "ones", &h);
	memset(&h, 0, sizeof(h));
	try_header(path, "zeros", &h);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "fill") && argc == 4)
		return fill_all(pages_of(argv[2]), atoi(argv[3]));
	if (!strcmp(what, "fork"))
		return fork_all(pages_of(argv[2]));
	if (!strcmp(what, "moved"))
		return move_all(pages_of(argv[2]));
	if (!strcmp(what, "shared"))
		return share_all(pages_of(argv[2]));
	if (!strcmp(what, "file") && argc == 4)
		return file_all(argv[2], pages_of(argv[3]));
	if (!strcmp(what, "hold") && argc == 4)
		return hold(pages_of(argv[2]), argv[3]);
	if (!strcmp(what, "locked") && argc == 4)
		return lock(pages_of(argv[2]), pages_of(argv[3]));
	if (!strcmp(what, "pageout"))
		return page_out(argv[2]);
	if (!strcmp(what, "lost") && argc == 4)
		return lose(pages_of(argv[2]), argv[3]);
	if (!strcmp(what, "mapped"))
		return store_mapped(argv[2]);
	if (!strcmp(what, "on") && argc == 4)
		say("swapon", swapon(argv[2], (int)strtol(argv[3], NULL, 0)));
	else if (!strcmp(what, "off"))
		say("swapoff", swapoff(argv[2]));
	else if (!strcmp(what, "headers"))
		return headers(argv[2]);
	return 0;
}
