/*
 * attack_memory.c - attacks on mm/: much memory, many areas, wide tables, and calls that take all
 * of it at once.
 */
#include "tests/stretch/adversary.h"

#include <sys/prctl.h>

#define BLOCK MIB(32)

static void protect(int size)
{
	char *p = memory(BLOCK * size, true);

	mprotect(p, BLOCK * size, PROT_READ);
	mprotect(p, BLOCK * size, PROT_READ | PROT_EXEC);
	mprotect(p, BLOCK * size, PROT_READ | PROT_WRITE);
	mprotect(p, BLOCK * size, PROT_NONE);
}

/* 2 MiB at once, and never touched; then made a program's text. */
static void protect_blocks(int size)
{
	size_t n = BLOCK * 8 * (size_t)size;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	for (size_t i = 0; i < n / 4; i += MIB(2))
		p[i] = 1;
	mprotect(p, n, PROT_READ | PROT_EXEC);
	munmap(p, n);
}

static void unmap(int size)
{
	munmap(memory(BLOCK * size, true), BLOCK * size);
}

/* One page in each 2 MiB: as many tables as pages. */
static void unmap_sparse(int size)
{
	size_t n = GIB(2) * (size_t)size;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	madvise(p, n, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < n; i += MIB(2))
		p[i] = 1;
	mprotect(p, n, PROT_READ);
	munmap(p, n);
}

/* All that a process can have, of which nothing is there. */
static void wide(int size)
{
	size_t n = GIB(1) << 15; /* 32 TiB */
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	for (int i = 0; i < size * 64; i++)
		p[n / 64 / (size_t)size * (size_t)i] = 1;
	mprotect(p, n, PROT_READ);
	madvise(p, n, MADV_DONTNEED);
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	mremap(p, n, n / 2, 0);
	munmap(p, n);
}

static void move(int size)
{
	size_t n = BLOCK * (size_t)size;
	char *p = memory(n, true),
	     *to = mmap(NULL, 2 * n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	p = mremap(p, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	p = mremap(p, n, n + 4096, MREMAP_MAYMOVE);
	mremap(p, n + 4096, 4096, 0);
}

static void discard(int size)
{
	char *p = memory(BLOCK * size, true);

	madvise(p, BLOCK * size, MADV_DONTNEED);
	madvise(p, BLOCK * size, 23 /* MADV_POPULATE_WRITE */);
	madvise(p, BLOCK * size, MADV_FREE);
	madvise(p, BLOCK * size, MADV_WILLNEED);
}

static void fork_much(int size)
{
	char *p = memory(BLOCK * size, true);

	for (int i = 0; i < 2; i++)
		if (fork() == 0) {
			p[0] = 2;
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
}

static void exit_much(int size)
{
	memory(BLOCK * size, true);
}

/* Areas of one page each, so that none can be merged with the next. */
static char *areas(int n)
{
	char *p = mmap(NULL, (size_t)n * 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < n; i++)
		mprotect(p + (size_t)i * 8192, 4096, PROT_READ | PROT_WRITE);
	return p;
}

static void many_areas(int size)
{
	int n = 2000 * size;
	char *p = areas(n);

	for (int i = 0; i < n; i += 16)
		p[(size_t)i * 8192] = 1;
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	madvise(p, (size_t)n * 8192, MADV_DONTNEED);
	mprotect(p, (size_t)n * 8192, PROT_READ);
	areas(n);
	munmap(p, (size_t)n * 8192);
}

static void read_all(const char *name)
{
	static char buf[1 << 20];
	int fd = open(name, O_RDONLY);

	while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

static void maps(int size)
{
	char *p = areas(1000 * size);

	memset(p, 0, 4096);
	memory(BLOCK * size, true);
	read_all("/proc/self/maps");
	read_all("/proc/self/smaps");
	read_all("/proc/self/smaps_rollup");
	read_all("/proc/self/statm");
	read_all("/proc/self/status");
	read_all("/proc/self/pagemap");
}

static void resident(int size)
{
	size_t n = BLOCK * 4 * (size_t)size;
	unsigned char *vec = malloc(n >> 12);

	mincore(memory(n, false), n, vec);
	msync(memory(n, false), n, MS_SYNC);
}

static void lock_memory(int size)
{
	char *p = memory(BLOCK * size, false);

	mlock(p, BLOCK * size);
	munlock(p, BLOCK * size);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	memory(BLOCK * size, false);
	munlockall();
}

static void heap(int size)
{
	char *start = sbrk(0);

	if (sbrk((intptr_t)BLOCK * size) == (void *)-1)
		return;
	for (size_t i = 0; i < BLOCK * (size_t)size; i += 4096)
		start[i] = 1;
	sbrk(-(intptr_t)BLOCK * size);
}

/* A file's pages in this space and in others, cut off under them. */
static void cut_file(int size)
{
	size_t n = BLOCK * (size_t)size;
	int fd = open("cut", O_RDWR | O_CREAT | O_TRUNC, 0600);
	pid_t pid[16];
	char *p;

	if (ftruncate(fd, (off_t)n))
		return;
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (size_t i = 0; i < n; i += 4096)
		p[i] = 1;
	children(16, NULL, NULL, pid);
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, (off_t)n / 2);
	if (ftruncate(fd, 0))
		return;
	fallocate(fd, 0, 0, (off_t)n);
	lseek(fd, 0, SEEK_HOLE);
	unlink("cut");
	close(fd);
	munmap(p, n);
	end_children(16, pid);
}

/* A file of which every second page is a hole. */
static void holes(int size)
{
	int fd = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct stat st;

	for (int i = 0; i < 2000 * size; i++)
		if (pwrite(fd, "x", 1, (off_t)i * 8192) != 1)
			break;
	if (ftruncate(fd, (off_t)1 << 40))
		return;
	for (off_t at = 0; (at = lseek(fd, at, SEEK_HOLE)) >= 0 && at < 80000;)
		at = lseek(fd, at, SEEK_DATA);
	lseek(fd, 16000ll * 2000 * size, SEEK_DATA);
	fstat(fd, &st);
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)1 << 39);
	unlink("holes");
}

static void other_memory(int size)
{
	size_t n = BLOCK * (size_t)size / 2;
	char *from = memory(n, true), *to = memory(n, false);
	struct iovec a[1024], b[1024];

	for (int i = 0; i < 1024; i++) {
		a[i] = (struct iovec){ to + n / 1024 * (size_t)i, n / 1024 };
		b[i] = (struct iovec){ from + n / 1024 * (size_t)i, n / 1024 };
	}
	process_vm_readv(getpid(), a, 1024, b, 1024, 0);
	process_vm_writev(getpid(), b, 1024, a, 1024, 0);
}

static void *touch_own(void *arg)
{
	memory(MIB(1), true);
	pause();
	return arg;
}

static void threads_memory(int size)
{
	char *p = memory(BLOCK * size / 2, true);

	threads(8, touch_own, NULL);
	mprotect(p, BLOCK * size / 2, PROT_READ);
	prctl(PR_SET_NAME, "many");
	munmap(p, BLOCK * size / 2);
}

/*
 * All memory there is, until it is taken apart for that: blocks, in areas that end where a walk
 * over empty tables lets others in.
 */
static void starve(int size)
{
	if (fork() == 0) {
		for (int i = 0; i < 16 * size; i++) {
			char *p = mmap(NULL, GIB(1), PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

			p += MIB(512) - ((uintptr_t)p & (MIB(512) - 1));
			mprotect(p, MIB(510), PROT_READ | PROT_WRITE);
			for (size_t at = 0; at < MIB(510); at += MIB(2))
				p[at] = 1;
		}
		_exit(0);
	}
	wait(NULL);
}

const struct attack attacks_memory[] = {
	{ "protect", protect },
	{ "protect_blocks", protect_blocks },
	{ "unmap", unmap },
	{ "unmap_sparse", unmap_sparse },
	{ "wide", wide },
	{ "move", move },
	{ "discard", discard },
	{ "fork_much", fork_much },
	{ "exit_much", exit_much },
	{ "many_areas", many_areas },
	{ "maps", maps },
	{ "resident", resident },
	{ "lock_memory", lock_memory },
	{ "heap", heap },
	{ "cut_file", cut_file },
	{ "holes", holes },
	{ "other_memory", other_memory },
	{ "threads_memory", threads_memory },
	{ "starve", starve },
	{ NULL, NULL },
};
